/** The real API server is killed five times in a storm, and etcd forgets its history under running watches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startController } from './controller-process.ts';
import { clusterWithDefinitions } from './own-cluster.ts';
import { createStorm } from './storm.ts';

const LEAVES = 500;
const KILLS = 5;

test('an API server that is killed, and history that is gone', async (t) => {
  const cluster = await clusterWithDefinitions(t);
  const storm = await createStorm(cluster, 'storm');
  t.after(() => storm.close());
  await storm.ask(LEAVES);
  const controller = startController(t, cluster.kubeconfig);
  const ready = (count: number): Promise<void> => controller.during(storm.ready(count));

  await t.test(`killed ${KILLS} times in a storm of ${LEAVES}: all Ready, nothing twice`, async (t) => {
    const begun = performance.now();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await ready(Math.floor((kill * LEAVES) / (KILLS + 1)));
      await cluster.killApiServer();
      await cluster.startApiServer();
    }
    await ready(LEAVES + 1);
    t.diagnostic(`all Ready ${((performance.now() - begun) / 1000).toFixed(1)} s after the start`);
    await storm.check();
  });

  await t.test('etcd compacted under running watches: the next Certificates are issued', async () => {
    await storm.ask(20);
    await ready(LEAVES + 21);
    await cluster.compactEtcd();
    // The new process knows nothing older than the compaction: watches that resume are told 410.
    await cluster.restartApiServer();
    await storm.ask(20);
    await ready(LEAVES + 41);
    await storm.check();
  });

  assert.equal(await controller.end(), 0);
});
