/** The harness itself: what an API server that is killed keeps, and what etcd forgets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownCluster } from './lane.ts';

const namespace = 'harness';

test('an API server that is killed comes back at its address with what it had acknowledged', async (t) => {
  const cluster = await ownCluster(t, { apiserverArgs: ['--profiling=false'] });
  const made = await cluster.ask('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  assert.equal(made.status, 201);
  const { resourceVersion } = (JSON.parse(made.body) as { metadata: { resourceVersion: string } }).metadata;
  await cluster.killApiServer();
  await assert.rejects(cluster.ask('GET', '/readyz'), { code: 'ECONNREFUSED' });
  await cluster.compactEtcd();
  await cluster.startApiServer();
  assert.equal((await cluster.ask('GET', `/api/v1/namespaces/${namespace}`)).status, 200);
  // What etcd has forgotten no client can watch from.
  const watch = await cluster.ask(
    'GET',
    `/api/v1/namespaces?watch=1&timeoutSeconds=1&resourceVersion=${Number(resourceVersion) - 1}`,
  );
  assert.match(watch.body, /"code":410/u);
});
