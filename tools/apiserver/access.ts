/** A way into a running cluster from any process that knows its folder: users, tokens, plain requests, the audit log. */

import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import path from 'node:path';

import { openAuditLog, type AuditLog } from './audit.ts';
import { clientPair, type KeyPair } from './pki.ts';

/** The names in the folder of a cluster. */
export const LAYOUT = { pki: 'pki', logs: 'log', audit: 'audit.log', addresses: 'cluster.json' } as const;

export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** The API server takes a token for this long after its time (go-jose's leeway); `tokenFor` counts it in. */
const LEEWAY_SECONDS = 60;
/** The TokenRequest API refuses to make tokens that live shorter. */
const SHORTEST_TOKEN_SECONDS = 600;

export interface ClusterAddresses {
  readonly url: string;
  readonly etcdUrl: string;
}

export interface TokenOptions {
  /**
   * From 600 up the TokenRequest API makes the token. Below it the harness signs it with the cluster's own key, such
   * that the API server refuses it after that many seconds (it caches its answer for up to ten more).
   */
  readonly expirationSeconds?: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

export interface ClusterAccess extends ClusterAddresses {
  readonly folder: string;
  /** PEM of the CA behind the serving certificate. */
  readonly ca: string;
  /** Path of the administrator's kubeconfig (system:masters, a client certificate). */
  readonly kubeconfig: string;
  readonly audit: AuditLog;
  /** Writes a kubeconfig for somebody else; with RBAC on, they may do nothing until they are granted it. */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
  /** A bound token of a ServiceAccount that exists. @throws Error with the server's refusal */
  tokenFor(namespace: string, serviceAccount: string, options?: TokenOptions): Promise<string>;
  /** Writes a kubeconfig with this bearer token, for a ServiceAccount or anything else that has one. */
  kubeconfigForToken(name: string, token: string): Promise<string>;
  /** A request of the administrator; JSON in, text out, any status. For set-up: it is in the audit log as user `admin`. */
  ask(method: string, path: string, body?: unknown): Promise<RawAnswer>;
  /** Forgets etcd's history up to now: a watch from an older version gets 410 once the API server has restarted. */
  compactEtcd(): Promise<void>;
}

/** @throws Error when `folder` is not that of a cluster */
export async function attachCluster(folder: string): Promise<ClusterAccess> {
  const pki = path.join(folder, LAYOUT.pki);
  const [addresses, ca] = await Promise.all([
    readFile(path.join(folder, LAYOUT.addresses), 'utf8').then(
      (text) => JSON.parse(text) as ClusterAddresses,
    ),
    readFile(path.join(pki, 'ca.crt'), 'utf8'),
  ]);
  const admin: KeyPair = {
    key: await readFile(path.join(pki, 'client-admin.key'), 'utf8'),
    certificate: await readFile(path.join(pki, 'client-admin.crt'), 'utf8'),
  };
  const { url, etcdUrl } = addresses;
  const ask = (method: string, where: string, body?: unknown): Promise<RawAnswer> =>
    send(url + where, method, body, { ca, cert: admin.certificate, key: admin.key });
  const write = async (name: string, user: object): Promise<string> => {
    const file = path.join(folder, `${name.replaceAll(/[^\w.-]/gu, '-')}.kubeconfig`);
    await writeFile(file, kubeconfigText(url, ca, user), { mode: 0o600 });
    return file;
  };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const certificateUser = (pair: KeyPair): object => ({
    'client-certificate-data': base64(pair.certificate),
    'client-key-data': base64(pair.key),
  });
  return {
    ...addresses,
    folder,
    ca,
    kubeconfig: await write('admin', certificateUser(admin)),
    audit: openAuditLog(path.join(folder, LAYOUT.audit), async (where) => {
      const { status } = await ask('GET', where);
      if (status !== 200) throw new Error(`GET ${where}: ${status}`);
    }),
    ask,
    async kubeconfigFor(user, groups = []) {
      return write(user, certificateUser(await clientPair(pki, user, groups)));
    },
    kubeconfigForToken: (name, token) => write(name, { token }),
    tokenFor: (namespace, serviceAccount, options = {}) =>
      (options.expirationSeconds ?? SHORTEST_TOKEN_SECONDS) < SHORTEST_TOKEN_SECONDS
        ? shortToken(pki, ask, namespace, serviceAccount, options.expirationSeconds ?? 0)
        : requestedToken(ask, namespace, serviceAccount, options.expirationSeconds),
    async compactEtcd() {
      // The zero byte as the key: any range tells the revision in its header.
      const range = await send(`${etcdUrl}/v3/kv/range`, 'POST', { key: 'AA==' });
      const { revision } = (JSON.parse(range.body) as { header: { revision: string } }).header;
      const answer = await send(`${etcdUrl}/v3/kv/compaction`, 'POST', { revision, physical: true });
      if (answer.status !== 200) throw new Error(`etcd did not compact: ${answer.status} ${answer.body}`);
    },
  };
}

type Ask = ClusterAccess['ask'];

async function requestedToken(
  ask: Ask,
  namespace: string,
  serviceAccount: string,
  expirationSeconds = 3600,
): Promise<string> {
  const where = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds },
  };
  const answer = await ask('POST', where, body);
  if (answer.status !== 201) throw new Error(`${where}: ${answer.status} ${answer.body}`);
  return (JSON.parse(answer.body) as { status: { token: string } }).status.token;
}

async function shortToken(
  pki: string,
  ask: Ask,
  namespace: string,
  serviceAccount: string,
  seconds: number,
): Promise<string> {
  const where = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}`;
  const answer = await ask('GET', where);
  if (answer.status !== 200) throw new Error(`${where}: ${answer.status} ${answer.body}`);
  const { uid } = (JSON.parse(answer.body) as { metadata: { uid: string } }).metadata;
  const exp = Math.floor(Date.now() / 1000) + seconds - LEEWAY_SECONDS;
  const claims = {
    iss: SERVICE_ACCOUNT_ISSUER,
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    aud: [SERVICE_ACCOUNT_ISSUER],
    iat: exp - SHORTEST_TOKEN_SECONDS,
    nbf: exp - SHORTEST_TOKEN_SECONDS,
    exp,
    jti: randomUUID(),
    'kubernetes.io': { namespace, serviceaccount: { name: serviceAccount, uid } },
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}`;
  const key = createPrivateKey(await readFile(path.join(pki, 'sa.key'), 'utf8'));
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function kubeconfigText(url: string, ca: string, user: object): string {
  const data = Buffer.from(ca).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority-data': data } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });
}

interface Tls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Rejects where there is no answer, such as a refused connection. */
export function send(url: string, method: string, body?: unknown, tls?: Tls): Promise<RawAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = (tls === undefined ? httpRequest : httpsRequest)(
      url,
      { method, headers, ...tls },
      (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (answer += chunk));
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
      },
    );
    asked.once('error', reject);
    asked.end(text);
  });
}
