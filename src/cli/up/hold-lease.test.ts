import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Lease } from '../../api/core.ts';
import { leases } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { acquireLease } from '../../kube/lease.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { createServer } from '../../standalone/server.ts';
import { holdLease } from './hold-lease.ts';

const key = { namespace: 'kube-system', name: 'cert-manager-controller' };
const start = Date.UTC(2026, 0, 1);

async function world(t: TestContext) {
  const server = await createServer({ dataDir: ':memory:' });
  t.after(() => server.close());
  const clock = createFakeClock(start);
  const client = createKubeClient({
    baseUrl: 'http://embedded.invalid',
    dispatcher: server.dispatcher(),
    clock,
    random: () => 0,
  });
  const warnings: string[] = [];
  const quiet = () => undefined;
  const log = {
    debug: quiet,
    info: quiet,
    warn: (_: object, text: string) => void warnings.push(text),
    error: quiet,
  };
  const spec = async () => (await client.get<Lease>(leases, key)).spec ?? {};
  return { clock, client, log, warnings, spec };
}

test('the Lease is ours at once, is renewed, and is not waited for after kill -9', async (t) => {
  const { clock, client, log, warnings, spec } = await world(t);
  const killed = await holdLease({ client, clock, log });
  const first = await spec();
  assert.equal(first.holderIdentity, 'certwright-up');
  assert.equal(first.renewTime, '2026-01-01T00:00:00.000000Z');
  const seconds = first.leaseDurationSeconds ?? assert.fail('no duration');
  await clock.advance(60_000);
  await killed.stop();
  const renewed = await spec();
  assert.equal(renewed.renewTime, '2026-01-01T00:01:00.000000Z');
  assert.ok(seconds >= 3 * 60, 'a renewal may fail twice before the Lease runs out');

  const next = await holdLease({ client, clock, log });
  await next.stop();
  assert.deepEqual(
    { ...(await spec()), renewTime: undefined },
    { ...first, renewTime: undefined },
    'the same holder since the beginning',
  );
  assert.deepEqual(warnings, []);
});

test('somebody else who worked through this API is taken over from, by name, and others stand by', async (t) => {
  const { clock, client, log, warnings, spec } = await world(t);
  const contender = { client, clock, random: () => 0, ...key, fieldManager: 'f' };
  const other = await acquireLease({ ...contender, identity: 'a-controller' });
  const held = await holdLease({ client, clock, log });
  assert.equal((await spec()).holderIdentity, 'certwright-up');
  assert.equal((await spec()).leaseTransitions, 1);
  assert.match(warnings[0] ?? '', /^a-controller held the Lease kube-system\/cert-manager-controller/);
  await held.stop();

  const standby = new AbortController();
  const holders = new Promise<string>((resolve) => {
    const waiting = { ...contender, identity: 'b', onStandby: resolve };
    acquireLease(waiting, standby.signal).then(() => resolve('nobody'), resolve);
  });
  assert.equal(await holders, 'certwright-up');
  standby.abort(new Error('enough'));
  const lost = new Promise((resolve) => other.lost.addEventListener('abort', resolve, { once: true }));
  await clock.advance(15_000);
  await clock.advance(15_000);
  await lost;
});

test('a write that fails is said and tried again soon; the start goes on', async (t) => {
  const { clock, client, log, warnings, spec } = await world(t);
  let failures = 1;
  const failing: KubeClient = Object.create(client, {
    apply: {
      value: async (...args: Parameters<KubeClient['apply']>) => {
        failures -= 1;
        if (failures >= 0) throw new Error('the disk is full');
        return client.apply(...args);
      },
    },
  });
  const held = await holdLease({ client: failing, clock, log });
  assert.match(warnings[0] ?? '', /could not be written; it is tried again/);
  await clock.advance(5_000);
  await held.stop();
  assert.equal((await spec()).holderIdentity, 'certwright-up');
});
