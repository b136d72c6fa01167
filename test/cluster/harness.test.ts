/** The harness itself: what the audit log counts, whose token it is, who collects garbage. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { test } from 'node:test';
import { until } from './until.ts';
import { sharedCluster } from './lane.ts';

const namespace = `harness-${process.pid}`;
const inNamespace = `/api/v1/namespaces/${namespace}`;

test('a ServiceAccount without grants: its token authenticates, its request is forbidden, both are in the audit log', async () => {
  const cluster = await sharedCluster();
  await cluster.ask('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await cluster.ask('POST', `${inNamespace}/serviceaccounts`, { metadata: { name: 'ours' } });
  const user = `system:serviceaccount:${namespace}:ours`;
  for (const expirationSeconds of [3600, 30]) {
    const token = await cluster.tokenFor(namespace, 'ours', { expirationSeconds });
    const since = await cluster.audit.mark();
    const review = await cluster.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token },
    });
    const { status } = JSON.parse(review.body) as { status: { user?: { username: string } } };
    assert.equal(status.user?.username, user);
    assert.deepEqual(await cluster.audit.counts({ since, user: 'admin' }), { 'create tokenreviews': 1 });

    const file = await cluster.kubeconfigForToken('ours', token);
    const { users } = JSON.parse(await readFile(file, 'utf8')) as { users: [{ user: { token: string } }] };
    const answer = await fetchAs(cluster.url, cluster.ca, users[0].user.token, `${inNamespace}/secrets`);
    assert.equal(answer, 403);
    const refused = await cluster.audit.entries({ since, user });
    assert.deepEqual(
      refused.map(({ verb, resource, code, decision }) => [verb, resource, code, decision]),
      [['list', 'secrets', 403, 'forbid']],
    );
  }
});

test('a token past its time is refused', async () => {
  const cluster = await sharedCluster();
  await cluster.ask('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await cluster.ask('POST', `${inNamespace}/serviceaccounts`, { metadata: { name: 'ours' } });
  const token = await cluster.tokenFor(namespace, 'ours', { expirationSeconds: -1 });
  assert.equal(await fetchAs(cluster.url, cluster.ca, token, '/api'), 401);
});

test('the controller manager collects what has lost its owner and empties a namespace that ends', async () => {
  const cluster = await sharedCluster();
  const name = `${namespace}-gc`;
  const here = `/api/v1/namespaces/${name}`;
  await cluster.ask('POST', '/api/v1/namespaces', { metadata: { name } });
  const made = await cluster.ask('POST', `${here}/configmaps`, { metadata: { name: 'owner' } });
  const { uid } = (JSON.parse(made.body) as { metadata: { uid: string } }).metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
  await cluster.ask('POST', `${here}/secrets`, { metadata: { name: 'owned', ownerReferences } });
  await cluster.ask('DELETE', `${here}/configmaps/owner`);
  await until(
    'owned is collected',
    async () => (await cluster.ask('GET', `${here}/secrets/owned`)).status === 404,
  );
  await cluster.ask('DELETE', here);
  await until('the namespace is gone', async () => (await cluster.ask('GET', here)).status === 404);
});

function fetchAs(url: string, ca: string, token: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url + path, { ca, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
}
