/** The ServiceAccount of the chart with its rights, as `certwright rbac` prints them, and nothing more. */
import assert from 'node:assert/strict';
import {
  defaultApproveSignerNames,
  featuresByDefault,
  type RbacFeature,
} from '../../../src/cli/rbac/rbac-features.ts';
import { rbacObjects, type RbacObject } from '../../../src/cli/rbac/rbac-objects.ts';
import type { Cluster } from '../../../tools/apiserver/start.ts';
import { refusals } from '../least-privilege/evidence.ts';

const namespace = 'cert-manager';
const name = 'certwright';

export interface ChartRights {
  kubeconfig: string;
  /** Requests of it that the API server refused, according to its audit log. */
  refused(): Promise<string[]>;
}

/** @param more features beside those of the chart's defaults */
export async function chartRights(cluster: Cluster, ...more: RbacFeature[]): Promise<ChartRights> {
  const post = async (path: string, body: object): Promise<string> => {
    const answer = await cluster.ask('POST', path, body);
    assert.equal(answer.status, 201, answer.body);
    return answer.body;
  };
  await post('/api/v1/namespaces', { metadata: { name: namespace } });
  const objects = rbacObjects({
    features: new Set([...featuresByDefault(undefined), ...more]),
    fullname: name,
    namespace,
    leaderElectionNamespace: 'kube-system',
    metricsCaSecret: { namespace: '', name: '' },
    approveSignerNames: defaultApproveSignerNames,
    serviceAccounts: { controller: name, cainjector: name, webhook: name },
  });
  for (const object of objects) await post(pathOf(object), object);
  const made = await post(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    spec: { expirationSeconds: 3600 },
  });
  const { status } = JSON.parse(made) as { status: { token: string } };
  const user = `system:serviceaccount:${namespace}:${name}`;
  return {
    kubeconfig: await cluster.kubeconfigForToken(name, status.token),
    refused: async () => refusals(await cluster.audit.entries({ user })),
  };
}

function pathOf({ apiVersion, kind, metadata }: RbacObject): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${root}${scope}/${kind.toLowerCase()}s`;
}
