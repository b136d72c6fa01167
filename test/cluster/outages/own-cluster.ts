/** A cluster of one test's own with the definitions installed, and identities for the controller under test. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { Cluster } from '../../../tools/apiserver/start.ts';
import { ownCluster } from '../lane.ts';

const run = promisify(execFile);
const crds = join(import.meta.dirname, '../../../deploy/crds');

export async function clusterWithDefinitions(t: TestContext): Promise<Cluster> {
  const cluster = await ownCluster(t);
  const kubectl = process.env['CERTWRIGHT_KUBECTL'] ?? 'kubectl';
  const ask = (...args: string[]): Promise<unknown> =>
    run(kubectl, ['--kubeconfig', cluster.kubeconfig, ...args]);
  await ask('apply', '--server-side', '-f', crds);
  await ask('wait', '--for=condition=Established', '--timeout=180s', '-f', crds);
  return cluster;
}

/** A ServiceAccount of the namespace that may do everything: rights are not what these tests are about. */
export async function createServiceAccount(cluster: Cluster, namespace: string): Promise<void> {
  const name = 'certwright';
  const made = [
    await cluster.ask('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } }),
    await cluster.ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: `${namespace}-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    }),
  ];
  for (const { status, body } of made) assert.equal(status, 201, body);
}

/** A kubeconfig whose token is read from a file, as in a Pod; `server` may be that of a proxy. */
export async function kubeconfigWithTokenFile(
  cluster: Cluster,
  name: string,
  options: { server: string; tokenFile: string },
): Promise<string> {
  const file = await cluster.kubeconfigForToken(name, 'replaced');
  const config = JSON.parse(await readFile(file, 'utf8')) as {
    clusters: { cluster: { server: string } }[];
    users: { user: object }[];
  };
  for (const { cluster: target } of config.clusters) target.server = options.server;
  for (const one of config.users) one.user = { tokenFile: options.tokenFile };
  await writeFile(file, JSON.stringify(config));
  return file;
}
