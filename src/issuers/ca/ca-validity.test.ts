import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identity, newKey, request, World } from '../testing/issuer-world.ts';
import { CaIssuer } from './ca-issuer.ts';
import { caValidityNote, coverWarning } from './ca-validity.ts';

const hour = 3_600_000;
const day = 24 * hour;
const ca = { notBefore: new Date(100 * day), notAfter: new Date(200 * day) };
const at = (from: number, life: number): { notBefore: number; notAfter: number } => ({
  notBefore: from,
  notAfter: from + life,
});
const inSecret = 'secret shop/ca';

test('a leaf that its CA covers earns no warning, nor do equal lives that differ by moments', () => {
  for (const leaf of [at(100 * day, 90 * day), at(110 * day, 90 * day), at(110 * day + hour / 2, 90 * day)])
    assert.equal(coverWarning(leaf, ca, inSecret), undefined);
  assert.match(coverWarning(at(110 * day + 2 * hour, 90 * day), ca, inSecret) ?? '', /valid until/);
  assert.match(coverWarning(at(200 * day - hour, 2 * hour), ca, inSecret) ?? '', /valid until/);
});

test('a warning names both dates and what to do', () => {
  const outlives = coverWarning(at(150 * day, 90 * day), ca, inSecret) ?? '';
  for (const part of ['1970-08-29T00:00:00Z', '1970-07-20T00:00:00Z', 'renew', inSecret, 'spec.duration'])
    assert.ok(outlives.includes(part), `${part} in ${outlives}`);
  assert.match(coverWarning(at(201 * day, hour), ca, inSecret) ?? '', /expired at 1970-07-20T00:00:00Z/);
  assert.match(coverWarning(at(99 * day, hour), ca, inSecret) ?? '', /not valid before 1970-04-11T00:00:00Z/);
});

test('the issuer says nothing before the last tenth of its CA, and is looked at when that changes', () => {
  const note = (when: number): ReturnType<typeof caValidityNote> => caValidityNote(ca, inSecret, when);
  assert.deepEqual(note(150 * day), { recheckAt: 190 * day });
  assert.match(note(190 * day).note ?? '', /expires at 1970-07-20T00:00:00Z/);
  assert.equal(note(190 * day).recheckAt, 200 * day + 1000);
  assert.match(note(200 * day + 1000).note ?? '', /expired at/);
  assert.equal(note(200 * day + 1000).recheckAt, undefined);
  assert.equal(note(99 * day).recheckAt, 100 * day);
});

test('a certificate that outlives its CA is issued as asked for, with one warning', async () => {
  const there = new World({ ca: { secretName: 'ca' } });
  there.putPair('ca', await identity('Root', { durationMs: 30 * day }));
  const issuer = new CaIssuer();
  const outcome = await issuer.sign(there, request(newKey(), 'web', { duration: '2160h' }));
  assert.ok(outcome.kind === 'issued');
  assert.deepEqual(
    outcome.warnings?.map(({ type, reason }) => [type, reason]),
    [['Warning', 'LintWarning']],
  );
  assert.match(outcome.warnings?.[0]?.message ?? '', /but its CA only until/);
  const short = await issuer.sign(there, request(newKey(), 'web', { duration: '240h' }));
  assert.deepEqual(short.kind === 'issued' && short.warnings, []);
});
