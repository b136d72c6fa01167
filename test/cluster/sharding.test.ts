/** Three instances share the namespaces of a real API server; one is killed, another joins, and nothing is done twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../src/api/core.ts';
import { leases } from '../../src/api/resources.ts';
import { chartRights } from './outages/chart-rights.ts';
import { startController, type ControllerProcess } from './outages/controller-process.ts';
import { clusterWithDefinitions } from './outages/own-cluster.ts';
import { createStorm } from './outages/storm.ts';
import { until } from './until.ts';

const SHARDS = 6;
const NAMESPACES = 9;
const LEAVES = 25;
const FLAGS = [
  '--cluster-resource-namespace=cert-manager',
  '--leader-elect=true',
  `--shards=${SHARDS}`,
  '--leader-election-lease-duration=6s',
  '--leader-election-renew-deadline=4s',
  '--leader-election-retry-period=1s',
];

/** Shards by holder, as the Leases say. */
async function holders(list: () => Promise<{ items: Lease[] }>): Promise<Map<string, number>> {
  const { items } = await list();
  const held = new Map<string, number>();
  for (const { metadata, spec } of items) {
    const holder = spec?.holderIdentity ?? '';
    if (holder === '' || !/^cert-manager-controller(?:-shard-\d+)?$/.test(metadata?.name ?? '')) continue;
    held.set(holder, (held.get(holder) ?? 0) + 1);
  }
  return held;
}

test('work is shared over three instances, one of them dies', async (t) => {
  const cluster = await clusterWithDefinitions(t);
  const rights = await chartRights(cluster, 'sharding');
  const storms = await Promise.all(
    Array.from({ length: NAMESPACES }, (_, index) => createStorm(cluster, `team-${index}`)),
  );
  t.after(() => Promise.all(storms.map((storm) => storm.close())));
  const [{ client }] = storms as [(typeof storms)[number]];
  const shares = (): Promise<Map<string, number>> =>
    holders(() => client.list<Lease>(leases, { namespace: 'kube-system' }));
  let seen = new Map<string, number>();
  const instances: ControllerProcess[] = [];
  const begin = (): ControllerProcess => {
    const instance = startController(t, rights.kubeconfig, ...FLAGS);
    instances.push(instance);
    return instance;
  };
  const describe = (members: number): string => {
    const logs = instances.map((instance) => instance.log().slice(-3_000));
    return `${SHARDS} shards over ${members}: ${JSON.stringify([...seen])}\n${logs.join('\n')}\n`;
  };
  const shared = (members: number): Promise<void> =>
    until(
      () => describe(members),
      async () => {
        seen = await shares();
        const held = [...seen.values()];
        return held.length === members && held.every((count) => count === SHARDS / members);
      },
    );
  const [first, second, third] = [begin(), begin(), begin()];
  const all = (work: Promise<unknown>, ...instances: ControllerProcess[]): Promise<unknown> =>
    instances.reduce((inner, instance) => instance.during(inner), work);
  await all(shared(3), first, second, third);

  const ready = (count: number): Promise<unknown> => Promise.all(storms.map((storm) => storm.ready(count)));
  const asking = Promise.all(storms.map((storm) => storm.ask(LEAVES)));
  await all(storms[0]?.ready(5) ?? Promise.reject(new Error('no storm')), first, second, third);
  process.kill(second.pid, 'SIGKILL');
  const killed = performance.now();
  await asking;
  await all(ready(LEAVES + 1), first, third);
  t.diagnostic(`all Ready ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
  for (const storm of storms) await storm.check();
  await all(shared(2), first, third);

  // A newcomer gets its share while work goes on, and gives it back when it is asked to end.
  const fourth = begin();
  const more = Promise.all(storms.map((storm) => storm.ask(10)));
  await all(shared(3), first, third, fourth);
  await more;
  await all(ready(LEAVES + 11), first, third, fourth);
  for (const storm of storms) await storm.check();
  assert.equal(await fourth.end(), 0);
  await all(shared(2), first, third);
  for (const instance of [first, third]) assert.equal(await instance.end(), 0);
  assert.deepEqual([...(await shares()).keys()], []);
  const { items } = await client.list<Lease>(leases, {
    namespace: 'kube-system',
    labelSelector: 'certwright.dev/shards',
  });
  // Whoever ends in order takes its Lease along; only that of the one that was killed is left.
  assert.equal(items.length, 1);
  assert.deepEqual(await rights.refused(), [], 'the rights of the chart are enough');
});
