import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import type { RecordSight } from '../../solvers/dns-persist01/look-for-record.ts';
import type { ControllerContext } from '../context.ts';
import { RecordWatch } from './record-watch.ts';

const minute = 60_000;
const hour = 60 * minute;

function start(t: TestContext, count = 1) {
  const clock = createFakeClock(Date.parse('2026-03-01T00:00:00Z'));
  const certificates = new Map(
    Array.from({ length: count }, (_, i): [string, Certificate] => [
      `shop/web-${i}`,
      {
        metadata: { name: `web-${i}`, namespace: 'shop' },
        spec: { secretName: 'web', dnsNames: [`n${i}.example.com`], issuerRef: { name: 'ca' } },
        status: { notAfter: '2027-01-01T00:00:00Z' },
      },
    ]),
  );
  const issuer = {
    spec: { acme: { solvers: [{ dnsPersist01: {} }] } },
    status: { acme: { uri: 'https://ca.example/acct/1' } },
  } as unknown as AnyIssuer;
  const told: string[] = [];
  const asked: string[] = [];
  const counts: number[] = [];
  const problems: string[] = [];
  const state: { sight: RecordSight; fault?: Error } = { sight: { kind: 'there' } };
  const context = {
    clock,
    informers: { certificates },
    log: {
      debug: () => undefined,
      warn: () => undefined,
      error: (_: object, text: string) => problems.push(text),
    },
    events: {
      event: ({ name }: { name: string }, _component: string, type: string, reason: string, text: string) =>
        told.push(`${name} ${type} ${reason}: ${text}`),
    },
  } as unknown as ControllerContext;
  const abort = new AbortController();
  const watch = new RecordWatch(context, abort.signal, {
    look: async ({ dnsName }) => {
      asked.push(dnsName);
      await Promise.resolve();
      if (state.fault !== undefined) throw state.fault;
      return state.sight;
    },
    issuerOf: () => issuer,
    onMissing: (missing) => void counts.push(missing),
  });
  watch.start();
  t.after(async () => {
    abort.abort();
    await watch.stop();
  });
  return { clock, certificates, told, asked, counts, problems, state };
}

test('a record that is there is looked at twice a day, and nobody is told', async (t) => {
  const { clock, asked, told, counts } = start(t);
  await clock.advance(48 * hour);
  assert.ok(asked.length >= 3 && asked.length <= 4, String(asked.length));
  assert.deepEqual(told, []);
  assert.equal(counts.at(-1), 0);
});

test('a record that is gone is told of once two looks agree, with the remedy; and that it is back', async (t) => {
  const { clock, told, counts, state } = start(t);
  state.sight = { kind: 'missing', problem: 'there is none' };
  await clock.advance(hour + 15 * minute);
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    /^web-0 Warning ValidationRecordMissing: there is none; set it again \(certwright acme dns-persist-record n0\.example\.com prints it\), or the next renewal fails$/u,
  );
  assert.equal(counts.at(-1), 1);
  await clock.advance(13 * hour);
  assert.equal(told.length, 2, 'again after half a day');
  state.sight = { kind: 'there' };
  await clock.advance(2 * hour);
  assert.match(told.at(-1) ?? '', /^web-0 Normal ValidationRecordFound: /u);
  assert.equal(counts.at(-1), 0);
});

test('one look that finds nothing, and servers that fail, alarm nobody', async (t) => {
  const { clock, told, asked, state } = start(t);
  state.sight = { kind: 'unknown', problem: 'SERVFAIL' };
  await clock.advance(24 * hour);
  assert.ok(asked.length >= 20, 'every hour');
  state.sight = { kind: 'missing', problem: 'there is none' };
  const before = asked.length;
  while (asked.length === before) await clock.advance(minute);
  state.sight = { kind: 'there' };
  await clock.advance(24 * hour);
  assert.deepEqual(told, []);
});

test('one that will end is told of with each look', async (t) => {
  const { clock, told, state } = start(t);
  state.sight = { kind: 'there', notice: 'it ends on Friday' };
  await clock.advance(24 * hour);
  assert.ok(told.length >= 2);
  assert.equal(told[0], 'web-0 Warning ValidationRecordEnding: it ends on Friday');
});

test('many are spread, and looked at a bounded number at a time; what is gone is forgotten', async (t) => {
  const { clock, asked, certificates } = start(t, 1_000);
  await clock.advance(2 * minute);
  assert.ok(asked.length <= 80, String(asked.length));
  await clock.advance(2 * hour);
  assert.equal(new Set(asked).size, 1_000);
  certificates.clear();
  const before = asked.length;
  await clock.advance(24 * hour);
  assert.equal(asked.length, before);
});

test('a fault of ours is logged, and the watch goes on', async (t) => {
  const { clock, asked, problems, state } = start(t);
  state.fault = new TypeError('ours');
  await clock.advance(hour + minute);
  assert.equal(problems.length, 1);
  delete state.fault;
  await clock.advance(2 * hour);
  assert.ok(asked.length >= 2);
});
