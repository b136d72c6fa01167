/** Starts a real kube-apiserver with etcd on loopback, RBAC and audit on, and stops it by process id. */

import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { attachCluster, LAYOUT, send, SERVICE_ACCOUNT_ISSUER, type ClusterAccess } from './access.ts';
import { AUDIT_POLICY } from './audit.ts';
import { CONTROLLERS, controllerManagerArgs } from './controller-manager.ts';
import { clientPair, makePki } from './pki.ts';
import { Processes } from './processes.ts';

const STARTUP_LIMIT_MS = 180_000;

export interface Binaries {
  readonly etcd: string;
  readonly apiserver: string;
  /** Needed with `controllerManager` only. */
  readonly controllerManager?: string;
}

export interface ClusterOptions {
  /** Flags after ours; of a flag that is given twice kube-apiserver takes the last. */
  readonly apiserverArgs?: readonly string[];
  /** Controllers of kube-controller-manager: `true` for those in `CONTROLLERS`, or their names. None when absent. */
  readonly controllerManager?: boolean | readonly string[];
  /**
   * Done once the API server is ready, before the controller manager starts: the garbage collector knows the kinds that
   * are there when it starts, and others half a minute later.
   */
  readonly prepare?: (access: ClusterAccess) => Promise<void>;
  /** False where the log would be in the way of a measurement. Default true. */
  readonly audit?: boolean;
}

export interface Cluster extends ClusterAccess {
  readonly startedInMs: number;
  /** SIGKILL to kube-apiserver alone: connections break, etcd keeps what was acknowledged. */
  killApiServer(): Promise<void>;
  /** After `killApiServer`: the same port, data, certificates and flags. Resolves when it is ready. */
  startApiServer(): Promise<void>;
  /** One after the other. */
  restartApiServer(): Promise<void>;
  /** Process ids for /proc: memory and processor time of each server. */
  pid(program: 'etcd' | 'kube-apiserver' | 'kube-controller-manager'): number;
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
}

/** @throws Error with the end of the server's log when it is not ready within three minutes */
export async function startCluster(binaries: Binaries, options: ClusterOptions = {}): Promise<Cluster> {
  const begin = performance.now();
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-cluster-'));
  const [pki, logs] = [path.join(folder, LAYOUT.pki), path.join(folder, LAYOUT.logs)];
  await Promise.all([mkdir(pki), mkdir(logs)]);
  const processes = new Processes(logs);
  const stop = async (): Promise<void> => {
    await processes.killAll();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [client, peer, secure] = await freePorts(3);
    const etcdUrl = `http://127.0.0.1:${client}`;
    const url = `https://127.0.0.1:${secure}`;
    processes.start('etcd', binaries.etcd, etcdArgs(folder, etcdUrl, `http://127.0.0.1:${peer}`));
    await makePki(pki);
    await clientPair(pki, 'admin', ['system:masters']);
    await writeFile(path.join(folder, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
    await writeFile(path.join(folder, LAYOUT.addresses), JSON.stringify({ url, etcdUrl }));
    const access = await attachCluster(folder);
    const startApiServer = async (): Promise<void> => {
      const args = apiserverArgs(folder, etcdUrl, secure ?? 0, options);
      processes.start('kube-apiserver', binaries.apiserver, args);
      await until(processes, ['etcd', 'kube-apiserver'], 'the API server', () =>
        answers(`${url}/readyz`, access.ca),
      );
    };
    await startApiServer();
    await options.prepare?.(access);
    if (options.controllerManager !== undefined && options.controllerManager !== false)
      await startControllerManager(processes, access, binaries, options.controllerManager);
    return {
      ...access,
      startedInMs: Math.round(performance.now() - begin),
      killApiServer: () => processes.kill('kube-apiserver'),
      startApiServer,
      async restartApiServer() {
        await processes.kill('kube-apiserver');
        await startApiServer();
      },
      pid: (program) => processes.pid(program),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startControllerManager(
  processes: Processes,
  access: ClusterAccess,
  binaries: Binaries,
  wanted: true | readonly string[],
): Promise<void> {
  const name = 'kube-controller-manager';
  if (binaries.controllerManager === undefined) throw new Error(`no ${name} was given to start`);
  const kubeconfig = await access.kubeconfigFor('system:kube-controller-manager');
  const controllers = wanted === true ? CONTROLLERS : wanted;
  processes.start(
    name,
    binaries.controllerManager,
    controllerManagerArgs(access.folder, kubeconfig, controllers),
  );
  if (!controllers.includes('serviceaccount-controller')) return;
  // The first thing that it is seen to do.
  await until(processes, [name], name, async () => {
    const { status } = await access.ask('GET', '/api/v1/namespaces/default/serviceaccounts/default');
    return status === 200;
  });
}

function etcdArgs(folder: string, clientUrl: string, peerUrl: string): string[] {
  return [
    `--data-dir=${path.join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
  ];
}

function apiserverArgs(folder: string, etcdUrl: string, port: number, options: ClusterOptions): string[] {
  const pki = path.join(folder, LAYOUT.pki);
  const audit = [
    `--audit-policy-file=${path.join(folder, 'audit-policy.json')}`,
    `--audit-log-path=${path.join(folder, LAYOUT.audit)}`,
    // Written before the request is over, so that a test can count on what it reads.
    '--audit-log-mode=blocking',
    '--audit-log-format=json',
    '--audit-log-maxsize=4096',
  ];
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${pki}/server.crt`,
    `--tls-private-key-file=${pki}/server.key`,
    `--client-ca-file=${pki}/ca.crt`,
    `--service-account-key-file=${pki}/sa.pub`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    `--service-account-issuer=${SERVICE_ACCOUNT_ISSUER}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--endpoint-reconciler-type=none',
    '--authorization-mode=RBAC',
    // Without a controller manager nobody makes the service accounts that this plugin waits for.
    ...(hasServiceAccounts(options) ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...(options.audit === false ? [] : audit),
    ...(options.apiserverArgs ?? []),
  ];
}

function hasServiceAccounts({ controllerManager }: ClusterOptions): boolean {
  if (controllerManager === undefined || typeof controllerManager === 'boolean')
    return controllerManager === true;
  return controllerManager.includes('serviceaccount-controller');
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

async function until(
  processes: Processes,
  needed: readonly string[],
  what: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  const limit = performance.now() + STARTUP_LIMIT_MS;
  while (!(await holds())) {
    for (const name of needed) await processes.assertAlive(name);
    if (performance.now() > limit)
      throw new Error(`${what} is not ready in time\n${await processes.logEnd(needed.at(-1) ?? '')}`);
    await wait(50);
  }
}

async function answers(url: string, ca: string): Promise<boolean> {
  try {
    return (await send(url, 'GET', undefined, { ca })).status === 200;
  } catch {
    // Refused connections are what a server that starts looks like; one that ended is found by its process.
    return false;
  }
}
