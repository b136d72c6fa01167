/** Storm, renewal storm, restart and idle of `certwright up` with N certificates through a CA issuer. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  allReady,
  createFleet,
  createIssuer,
  firstManifest,
  fleetNames,
  renewFleet,
  version,
  type KeyAlgorithm,
} from '../harness/fleet.ts';
import { Standalone, type Program } from '../harness/standalone.ts';

export interface PhaseResult {
  phase: 'first certificate' | 'storm' | 'renewal storm' | 'restart' | 'idle';
  algorithm: KeyAlgorithm;
  certificates: number;
  seconds: number;
  perSecond?: number;
  /** Processor time of the whole process (server, controllers, crypto) per certificate, the last events included. */
  cpuMsPerCertificate?: number;
  /** Milliseconds within which 99 of 100 requests to /readyz were answered meanwhile: how long the event loop is held. */
  latencyP99Ms?: number;
  /** Restart: from process start until the API answered; `seconds` counts until a new Certificate was Ready. */
  apiSeconds?: number;
  /** Share of one core, for idle. */
  cpuShare?: number;
  rssMiB: number;
  peakRssMiB: number;
  /** Stored writes per certificate, taken from the growth of the resourceVersion, the fleet's own creation excluded. */
  writesPerCertificate?: number;
  /** Events per certificate, a part of the writes. */
  eventsPerCertificate?: number;
  /** CertificateRequests that a restart made; must be 0. */
  newRequests?: number;
}

export interface ScenarioOptions {
  algorithm: KeyAlgorithm;
  certificates: number;
  idleSeconds: number;
  program: Program;
  progress: (text: string) => void;
}

export async function runStandalone(options: ScenarioOptions): Promise<PhaseResult[]> {
  const { algorithm, certificates, progress } = options;
  const folder = await mkdtemp(join(tmpdir(), 'certwright-bench-'));
  const names = fleetNames(certificates);
  const results: PhaseResult[] = [];
  let standalone = await Standalone.start(options.program, folder);
  const common = { algorithm, certificates };
  try {
    await createIssuer(standalone);

    progress(`storm: ${certificates} ${algorithm}`);
    results.push({
      phase: 'storm',
      ...common,
      ...(await burst(standalone, names, 1, 1, () => createFleet(standalone, names, algorithm))),
    });

    progress(`renewal storm: ${certificates} ${algorithm}`);
    results.push({
      phase: 'renewal storm',
      ...common,
      ...(await burst(standalone, names, 2, 1, () => renewFleet(standalone, names))),
    });

    progress(`idle: ${options.idleSeconds} s`);
    // V8 tidies up for some seconds after a storm; that is its last cost, not idleness.
    await delay(options.idleSeconds * 1500);
    results.push({ phase: 'idle', ...common, ...(await idle(standalone, options.idleSeconds)) });

    progress('restart');
    await standalone.stop();
    standalone = await Standalone.start(options.program, folder);
    const apiSeconds = standalone.readyAfterMs / 1000;
    // It only becomes Ready once every cache is complete and the first decisions are taken.
    const fresh = ['after-restart'];
    const since = await version(standalone);
    await Promise.all([
      allReady(standalone, since, new Set(fresh), 1),
      createFleet(standalone, fresh, algorithm),
    ]);
    const seconds = standalone.age / 1000;
    const before = (await standalone.usage()).cpuSeconds;
    const after = await idle(standalone, 3);
    results.push({
      phase: 'restart',
      ...common,
      seconds,
      apiSeconds,
      rssMiB: after.rssMiB,
      peakRssMiB: after.peakRssMiB,
      cpuMsPerCertificate: ((before + after.cpuShare * 3) * 1000) / certificates,
      newRequests: await requestsBeyond(standalone, certificates + 2),
    });
  } finally {
    await standalone.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return results;
}

/** An empty data folder and a manifests folder: from process start until the certificate in it is Ready. */
export async function runFirstCertificate(program: Program): Promise<PhaseResult> {
  const folder = await mkdtemp(join(tmpdir(), 'certwright-bench-'));
  const manifests = join(folder, 'manifests');
  await mkdir(manifests);
  await writeFile(join(manifests, 'first.yaml'), firstManifest);
  const standalone = await Standalone.start(program, join(folder, 'data'), ['--manifests', manifests]);
  try {
    await allReady(standalone, '0', new Set(['first']), 1);
    const seconds = standalone.age / 1000;
    const { rssMiB, peakRssMiB } = await standalone.usage();
    const apiSeconds = standalone.readyAfterMs / 1000;
    return {
      phase: 'first certificate',
      algorithm: 'ECDSA',
      certificates: 1,
      seconds,
      apiSeconds,
      rssMiB,
      peakRssMiB,
    };
  } finally {
    await standalone.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Burst = Omit<PhaseResult, 'phase' | 'algorithm' | 'certificates'>;

/** `ownWrites` is what the bench itself writes per certificate to set the burst off. */
async function burst(
  standalone: Standalone,
  names: string[],
  revision: number,
  ownWrites: number,
  setOff: () => Promise<void>,
): Promise<Burst> {
  const [versionBefore, eventsBefore, usageBefore] = [
    await version(standalone),
    await countEvents(standalone),
    await standalone.usage(),
  ];
  const started = performance.now();
  const work = Promise.all([allReady(standalone, versionBefore, new Set(names), revision), setOff()]);
  const latencyP99Ms = await standalone.latencyDuring(work);
  await work;
  const seconds = (performance.now() - started) / 1000;
  // Events come behind the work: what they cost belongs to it.
  const eventsAfter = await settledEvents(standalone);
  const usage = await standalone.usage();
  const writes = Number(await version(standalone)) - Number(versionBefore);
  return {
    seconds,
    perSecond: names.length / seconds,
    latencyP99Ms,
    cpuMsPerCertificate: ((usage.cpuSeconds - usageBefore.cpuSeconds) * 1000) / names.length,
    rssMiB: usage.rssMiB,
    peakRssMiB: usage.peakRssMiB,
    writesPerCertificate: writes / names.length - ownWrites,
    eventsPerCertificate: (eventsAfter - eventsBefore) / names.length,
  };
}

async function idle(standalone: Standalone, seconds: number): Promise<Burst & { cpuShare: number }> {
  const before = await standalone.usage();
  await delay(seconds * 1000);
  const after = await standalone.usage();
  return {
    seconds,
    cpuShare: (after.cpuSeconds - before.cpuSeconds) / seconds,
    rssMiB: after.rssMiB,
    peakRssMiB: after.peakRssMiB,
  };
}

/** Events are written beside the work and may come a moment later: waits until their number stands still. */
async function settledEvents(standalone: Standalone): Promise<number> {
  let last = -1;
  for (;;) {
    const now = await countEvents(standalone);
    if (now === last) return now;
    last = now;
    await delay(500);
  }
}

function countEvents(standalone: Standalone): Promise<number> {
  return standalone.count('/api/v1/events');
}

async function requestsBeyond(standalone: Standalone, expected: number): Promise<number> {
  return (await standalone.count('/apis/cert-manager.io/v1/certificaterequests')) - expected;
}
