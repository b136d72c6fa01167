import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CaIssuer } from './ca/ca-issuer.ts';
import { SelfSignedIssuer } from './selfsigned/self-signed-issuer.ts';
import { identity, lineOf, newKey, request, World } from './testing/issuer-world.ts';

const keys: [name: string, key: KeyObject][] = [
  ['ECDSA', newKey()],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
];

async function world(annotations: Record<string, string> = {}): Promise<World> {
  const made = new World({ ca: { secretName: 'ca' }, selfSigned: {} }, { annotations });
  made.putPair('ca', await identity('Root'));
  return made;
}

for (const [name, key] of keys) {
  test(`what the API asks for by default earns no warning and no event: ${name}`, async () => {
    const there = await world();
    for (const isCA of [false, true]) {
      const outcomes = [
        await new CaIssuer().sign(there, request(key, 'web', { isCA })),
        await new SelfSignedIssuer().sign(there, request(key, 'web', { isCA }), key),
      ];
      for (const outcome of outcomes) {
        assert.equal(outcome.kind, 'issued', lineOf(outcome));
        assert.deepEqual(outcome.kind === 'issued' && outcome.warnings, []);
      }
    }
  });
}

test('many warnings are one event', async () => {
  const there = await world({ 'certwright.dev/lint': 'nonsense' });
  const ask = request(newKey(), 'web', {
    annotations: { 'certwright.dev/lint': 'more nonsense' },
  });
  const outcome = await new CaIssuer().sign(there, ask);
  assert.equal(outcome.kind, 'issued', lineOf(outcome));
  if (outcome.kind !== 'issued') return;
  assert.equal(outcome.warnings?.length, 1);
  const [warning] = outcome.warnings ?? [];
  assert.equal(warning?.reason, 'LintWarning');
  for (const part of ['"nonsense" is no profile', '"more nonsense" is no profile'])
    assert.ok(warning?.message.includes(part), `${part} in ${warning?.message}`);
});

test('the stricter profile of request and issuer counts', async () => {
  const ask = { duration: '87600h', annotations: { 'certwright.dev/lint': 'rfc5280' } };
  const strict = await world({ 'certwright.dev/lint': 'cabf' });
  assert.match(
    lineOf(await new CaIssuer().sign(strict, request(newKey(), 'web', ask))),
    /^failed SigningError/,
  );
  const lax = await world();
  assert.equal((await new CaIssuer().sign(lax, request(newKey(), 'web', ask))).kind, 'issued');
});

test('an annotation of any length is quoted in part', async () => {
  const there = await world({ 'certwright.dev/lint': 'y'.repeat(100_000) });
  const outcome = await new CaIssuer().sign(there, request(newKey(), 'web'));
  assert.ok(outcome.kind === 'issued' && (outcome.warnings?.[0]?.message.length ?? 0) < 300);
});
