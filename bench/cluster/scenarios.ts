/** Storm, renewal storm, idle, restart and memory of `certwright controller` against a real API server, and the bare client. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../tools/apiserver/start.ts';
import type { Api, ApiTarget } from '../harness/api.ts';
import {
  allReady,
  certificatesPath,
  createFleet,
  fleetNames,
  namespace,
  renewFleet,
  version,
  type Place,
} from '../harness/fleet.ts';
import { processUsage } from '../harness/proc.ts';
import type { Program } from '../harness/standalone.ts';
import type { BareJob } from './bare-client.ts';
import { ControllerProcess } from './controller-process.ts';
import type { Template } from './template.ts';

export type ClusterPhase = 'bare client' | 'storm' | 'renewal storm' | 'idle' | 'restart' | 'growth';

export interface ClusterResult {
  phase: ClusterPhase;
  certificates: number;
  seconds: number;
  perSecond?: number;
  /** Processor time of the controller (or the bare client) and of the API server, milliseconds per Certificate. */
  cpuMsEach?: number;
  apiServerCpuMsEach?: number;
  /** Requests of the controller per Certificate, from the audit log, watches and all. */
  requestsEach?: number;
  /** The same by verb and resource, for the whole phase. */
  requests?: Record<string, number>;
  cpuShare?: number;
  rssMiB?: number;
  peakRssMiB?: number;
  /** The part of `rssMiB` that no file is behind: what a limit of the pod has to hold. */
  anonMiB?: number;
  /** CertificateRequests that a restart made; must be 0. */
  newRequests?: number;
}

export interface World {
  cluster: Cluster;
  api: Api;
  target: ApiTarget;
  /** The controller's own user, so that the audit log can tell its requests from ours. */
  user: string;
  kubeconfig: string;
  program: Program;
  workers: number;
  /** Roles of the process, as the flag has them. */
  roles: string;
  progress: (text: string) => void;
}

/** How many events the controller sends at a time (`src/kube/events.ts`); the bare client does the same. */
const eventSenders = 2;

interface Measured {
  seconds: number;
  perSecond: number;
  cpuMsEach: number;
  apiServerCpuMsEach: number;
}

/** Processor time of a process and of the API server over `work`; `settle` belongs to the cost and not to the time. */
async function measure(
  world: World,
  pid: () => number,
  count: number,
  work: () => Promise<void>,
  settle: () => Promise<void>,
): Promise<Measured> {
  const server = world.cluster.pid('kube-apiserver');
  const [own, apiServer] = await Promise.all([processUsage(pid()), processUsage(server)]);
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  await settle();
  const [ownAfter, apiServerAfter] = await Promise.all([processUsage(pid()), processUsage(server)]);
  return {
    seconds,
    perSecond: count / seconds,
    cpuMsEach: ((ownAfter.cpuSeconds - own.cpuSeconds) * 1000) / count,
    apiServerCpuMsEach: ((apiServerAfter.cpuSeconds - apiServer.cpuSeconds) * 1000) / count,
  };
}

/**
 * Certificates are created beside it in a namespace of its own, exactly as in a storm. No controller runs meanwhile: it
 * would look after them.
 */
export async function runBareClient(
  world: World,
  count: number,
  template: Template,
  round: number,
): Promise<ClusterResult> {
  const { api, cluster, target } = world;
  world.progress(`bare client: ${count}`);
  const place: Place = {
    namespace: `bare-${round}`,
    issuerRef: { name: 'ca', kind: 'Issuer' },
  };
  await api.must('POST', '/api/v1/namespaces', { metadata: { name: place.namespace } });
  const resourceVersion = await version(api, place);
  const file = path.join(cluster.folder, `${place.namespace}.json`);
  const job: BareJob = {
    target,
    namespace: place.namespace,
    resourceVersion,
    certificates: count,
    workers: world.workers,
    eventSenders,
    template,
  };
  await writeFile(file, JSON.stringify(job));
  const script = path.join(import.meta.dirname, 'bare-client.ts');
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const failed = ended.then(([code]) => {
    if (code !== 0) throw new Error(`the bare client ended with code ${code}`);
  });
  // Until its watch is open: nothing of its start belongs to the measurement.
  await delay(1500);
  const names = fleetNames(count);
  const server = cluster.pid('kube-apiserver');
  const [own, apiServer] = await Promise.all([processUsage(child.pid!), processUsage(server)]);
  const started = performance.now();
  let last = own;
  const sampling = setInterval(() => {
    void processUsage(child.pid!).then(
      (usage) => {
        // One that has ended has no memory any more.
        if (!Number.isNaN(usage.rssMiB)) last = usage;
      },
      () => undefined,
    );
  }, 20);
  await Promise.all([
    Promise.race([allReady(api, resourceVersion, new Set(names), 1, place), failed.then(() => ended)]),
    createFleet(api, names, 'ECDSA', place),
  ]);
  const seconds = (performance.now() - started) / 1000;
  await failed;
  clearInterval(sampling);
  const apiServerAfter = await processUsage(server);
  // The controllers would take care of these when they come back.
  const core = `/api/v1/namespaces/${place.namespace}`;
  await api.must('DELETE', certificatesPath(place));
  await api.must('DELETE', certificatesPath(place).replace(/certificates$/, 'certificaterequests'));
  await api.must('DELETE', `${core}/secrets`);
  await api.must('DELETE', `${core}/events`);
  return {
    phase: 'bare client',
    certificates: count,
    seconds,
    perSecond: count / seconds,
    cpuMsEach: ((last.cpuSeconds - own.cpuSeconds) * 1000) / count,
    apiServerCpuMsEach: ((apiServerAfter.cpuSeconds - apiServer.cpuSeconds) * 1000) / count,
    peakRssMiB: last.peakRssMiB,
  };
}

/** Waits until the controller asks for nothing any more: events come behind the work, and belong to it. */
async function quiet(world: World): Promise<void> {
  for (let last = -1; ;) {
    const now = await world.api.count('/api/v1/events');
    if (now === last) return;
    last = now;
    await delay(500);
  }
}

export async function runStorm(
  world: World,
  controller: ControllerProcess,
  names: string[],
  kind: 'storm' | 'renewal storm' | 'growth',
): Promise<ClusterResult> {
  const { api, cluster, user } = world;
  world.progress(`${kind}: ${names.length}`);
  const [since, mark] = [await version(api), await cluster.audit.mark()];
  const setOff = (): Promise<void> =>
    kind === 'renewal storm' ? renewFleet(api, names) : createFleet(api, names, 'ECDSA');
  const revision = kind === 'renewal storm' ? 2 : 1;
  const measured = await measure(
    world,
    () => controller.pid,
    names.length,
    async () => {
      await Promise.all([allReady(api, since, new Set(names), revision), setOff()]);
    },
    () => quiet(world),
  );
  const requests = await cluster.audit.counts({ since: mark, user });
  const { rssMiB, peakRssMiB, anonMiB } = await controller.usage();
  return {
    phase: kind,
    certificates: names.length,
    ...measured,
    requestsEach: Object.values(requests).reduce((sum, count) => sum + count, 0) / names.length,
    requests,
    rssMiB,
    peakRssMiB,
    anonMiB,
  };
}

export async function runIdle(
  world: World,
  controller: ControllerProcess,
  certificates: number,
  seconds: number,
): Promise<ClusterResult> {
  world.progress(`idle: ${seconds} s`);
  // V8 tidies up for some seconds after a storm; that is its last cost, not idleness.
  await delay(seconds * 1500);
  const mark = await world.cluster.audit.mark();
  const before = await controller.usage();
  await delay(seconds * 1000);
  const { cpuSeconds, rssMiB, peakRssMiB, anonMiB } = await controller.usage();
  return {
    phase: 'idle',
    certificates,
    seconds,
    cpuShare: (cpuSeconds - before.cpuSeconds) / seconds,
    requests: await world.cluster.audit.counts({ since: mark, user: world.user }),
    rssMiB,
    peakRssMiB,
    anonMiB,
  };
}

/** Ends the controller, starts it again, and gives it one new Certificate: when that is Ready, it has looked at them all. */
export async function runRestart(
  world: World,
  controller: ControllerProcess,
  certificates: number,
): Promise<{ result: ClusterResult; controller: ControllerProcess }> {
  const { api, cluster, user } = world;
  world.progress('restart');
  await controller.stop();
  const requestsPath = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificaterequests`;
  const before = await api.count(requestsPath);
  const [since, mark] = [await version(api), await cluster.audit.mark()];
  // A name of its own each time: the Secret of a deleted Certificate stays, and would be adopted instead of issued.
  const fresh = [`after-restart-of-${certificates}`];
  await createFleet(api, fresh, 'ECDSA');
  const started = performance.now();
  const next = await ControllerProcess.start(world.program, world.kubeconfig, world);
  await allReady(api, since, new Set(fresh), 1);
  const seconds = (performance.now() - started) / 1000;
  await quiet(world);
  const { rssMiB, peakRssMiB, anonMiB, cpuSeconds } = await next.usage();
  const result: ClusterResult = {
    phase: 'restart',
    certificates,
    seconds,
    cpuMsEach: (cpuSeconds * 1000) / certificates,
    requests: await cluster.audit.counts({ since: mark, user }),
    rssMiB,
    peakRssMiB,
    anonMiB,
    newRequests: (await api.count(requestsPath)) - before - 1,
  };
  await api.must('DELETE', `${certificatesPath()}/${fresh[0]}`);
  return { result, controller: next };
}
