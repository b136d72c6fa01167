/** Starts a real kube-apiserver with etcd on loopback, RBAC on, for one run of tests, and stops it by process id. */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const STARTUP_LIMIT_MS = 90_000;

export interface Binaries {
  readonly etcd: string;
  readonly apiserver: string;
}

export interface Cluster {
  readonly url: string;
  /** PEM of the CA behind the serving certificate. */
  readonly ca: string;
  /** Path of the administrator's kubeconfig (system:masters, a client certificate). */
  readonly kubeconfig: string;
  readonly startedInMs: number;
  /** Writes a kubeconfig for somebody else; with RBAC on, they may do nothing until they are granted it. */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
  /** Ends both processes and removes the folder. */
  stop(): Promise<void>;
}

/** @throws Error with the end of the server's log when it is not ready within 90 s */
export async function startCluster(binaries: Binaries): Promise<Cluster> {
  const begin = performance.now();
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-cluster-'));
  const [pki, logs] = [path.join(folder, 'pki'), path.join(folder, 'log')];
  await Promise.all([mkdir(pki), mkdir(logs)]);
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const start = (name: string, binary: string, args: readonly string[]): void => {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(path.join(logs, `${name}.log`));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    children.push(child);
  };
  try {
    const [client, peer, secure] = await freePorts(3);
    const etcdUrl = `http://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    start('etcd', binaries.etcd, [
      '--data-dir',
      path.join(folder, 'etcd'),
      '--unsafe-no-fsync',
      '--log-level',
      'warn',
      '--listen-client-urls',
      etcdUrl,
      '--advertise-client-urls',
      etcdUrl,
      '--listen-peer-urls',
      peerUrl,
      '--initial-advertise-peer-urls',
      peerUrl,
      '--initial-cluster',
      `default=${peerUrl}`,
    ]);
    await makePki(pki);
    start('kube-apiserver', binaries.apiserver, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${secure}`,
      `--tls-cert-file=${pki}/server.crt`,
      `--tls-private-key-file=${pki}/server.key`,
      `--client-ca-file=${pki}/ca.crt`,
      `--service-account-key-file=${pki}/sa.pub`,
      `--service-account-signing-key-file=${pki}/sa.key`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--endpoint-reconciler-type=none',
      // No controller manager runs, so nobody would make the service accounts that this plugin waits for.
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
    ]);
    const url = `https://127.0.0.1:${secure}`;
    const ca = await readFile(path.join(pki, 'ca.crt'), 'utf8');
    const kubeconfigFor = async (user: string, groups: readonly string[] = []): Promise<string> => {
      const file = path.join(folder, `${user.replaceAll(/[^\w.-]/gu, '-')}.kubeconfig`);
      const organizations = groups.map((group) => `/O=${group}`).join('');
      const pair = await sign(pki, 'client', `${organizations}/CN=${user}`, 'extendedKeyUsage=clientAuth');
      await writeFile(file, kubeconfigText(url, ca, pair), { mode: 0o600 });
      return file;
    };
    const kubeconfig = await kubeconfigFor('admin', ['system:masters']);
    await ready(url, ca, children, path.join(logs, 'kube-apiserver.log'));
    return { url, ca, kubeconfig, kubeconfigFor, stop, startedInMs: Math.round(performance.now() - begin) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makePki(pki: string): Promise<void> {
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=cluster-ca',
    '-keyout',
    path.join(pki, 'ca.key'),
    '-out',
    path.join(pki, 'ca.crt'),
    '-addext',
    'keyUsage=critical,keyCertSign',
  ]);
  await sign(
    pki,
    'server',
    '/CN=kube-apiserver',
    'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc',
  );
  const key = path.join(pki, 'sa.key');
  await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key]);
  await run('openssl', ['ec', '-in', key, '-pubout', '-out', path.join(pki, 'sa.pub')]);
}

async function sign(
  pki: string,
  name: string,
  subject: string,
  extensions: string,
): Promise<{ key: string; certificate: string }> {
  const file = (suffix: string): string => path.join(pki, `${name}.${suffix}`);
  await writeFile(file('ext'), `keyUsage=critical,digitalSignature\n${extensions}\n`);
  await run('openssl', [
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    subject,
    '-keyout',
    file('key'),
    '-out',
    file('csr'),
  ]);
  await run('openssl', [
    'x509',
    '-req',
    '-in',
    file('csr'),
    '-days',
    '2',
    '-extfile',
    file('ext'),
    '-out',
    file('crt'),
    '-CA',
    path.join(pki, 'ca.crt'),
    '-CAkey',
    path.join(pki, 'ca.key'),
    '-CAcreateserial',
  ]);
  return { key: await readFile(file('key'), 'utf8'), certificate: await readFile(file('crt'), 'utf8') };
}

function kubeconfigText(url: string, ca: string, pair: { key: string; certificate: string }): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'u',
        user: {
          'client-certificate-data': base64(pair.certificate),
          'client-key-data': base64(pair.key),
        },
      },
    ],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });
}

/** Ports nobody listens on now. Another process could take one before we do; the start then fails and says so. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  return servers.map((server) => {
    const address = server.address();
    server.close();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    return address.port;
  });
}

async function ready(url: string, ca: string, children: readonly ChildProcess[], log: string): Promise<void> {
  const limit = performance.now() + STARTUP_LIMIT_MS;
  for (;;) {
    const over = children.find((child) => child.exitCode !== null || child.signalCode !== null);
    if (over !== undefined || performance.now() > limit) {
      const text = await readFile(log, 'utf8').catch(() => '(no log)');
      const what = over === undefined ? 'not ready in time' : `${over.spawnfile} ended`;
      throw new Error(`the API server did not start: ${what}\n${text.slice(-3000)}`);
    }
    if (await answers(`${url}/readyz`, ca)) return;
    await wait(100);
  }
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { ca }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    // Refused connections are what a server that starts looks like.
    asked.once('error', () => resolve(false));
    asked.end();
  });
}
