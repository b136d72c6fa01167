/** Where a cluster answers and as whom the bench asks it, from the administrator's kubeconfig. */
import { readFile } from 'node:fs/promises';
import type { ApiTarget } from '../harness/api.ts';

export async function apiTarget(kubeconfig: string): Promise<ApiTarget> {
  const text = await readFile(kubeconfig, 'utf8');
  const { clusters, users } = JSON.parse(text) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
  };
  const decoded = (data: string): string => Buffer.from(data, 'base64').toString();
  const { cluster } = clusters[0]!;
  const identity = users[0]!.user;
  return {
    server: cluster.server,
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(identity['client-certificate-data']),
    key: decoded(identity['client-key-data']),
  };
}
