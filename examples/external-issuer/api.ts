/** As much of a Kubernetes client as the example needs: address, CA and token out of a kubeconfig; JSON in and out. */
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { parse } from 'yaml';

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { token: string } }[];
}

export interface Api {
  get<T>(path: string): Promise<T>;
  /** A JSON merge patch (RFC 7386). */
  mergePatch(path: string, patch: object): Promise<void>;
  close(): Promise<void>;
}

export function openApi(kubeconfig: string): Api {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  if (cluster === undefined || user === undefined)
    throw new Error(`${kubeconfig} names no cluster or no user`);
  const agent = new Agent({
    connect: { ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString() },
  });
  const call = async (method: 'GET' | 'PATCH', path: string, body?: object): Promise<unknown> => {
    const answer = await agent.request({
      origin: cluster.server,
      path,
      method,
      headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/merge-patch+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };
  return {
    get: async <T>(path: string) => (await call('GET', path)) as T,
    mergePatch: async (path, patch) => void (await call('PATCH', path, patch)),
    close: () => agent.close(),
  };
}
