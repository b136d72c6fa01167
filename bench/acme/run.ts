/**
 * `npm run bench:acme`: ACME certificates through Pebble on a real kube-apiserver, by each way of HTTP-01.
 *
 *     npm run bench:acme                       1,000 certificates of one name, for each way
 *     npm run bench:acme -- --certs 200        fewer
 *     npm run bench:acme -- --names 5          names for each certificate
 *     npm run bench:acme -- --way listener     one way: listener, resident, pod
 *     npm run bench:acme -- --ci               30 certificates of one name: only that all are issued, and the requests
 *     npm run bench:acme -- --json FILE        where the figures go (default .certwright/bench-acme.json)
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { startPebble, type Pebble } from '../../tools/peers/acme/pebble.ts';
import type { Cluster } from '../../tools/apiserver/start.ts';
import { apiTarget } from '../cluster/api-target.ts';
import { withBenchCluster } from '../cluster/bench-cluster.ts';
import { ControllerProcess } from '../cluster/controller-process.ts';
import { Api } from '../harness/api.ts';
import { allReady, fleetNames, namespace, version } from '../harness/fleet.ts';
import { processUsage } from '../harness/proc.ts';
import { rounded } from '../harness/rounded.ts';
import { builtBundle } from '../harness/standalone.ts';
import { peerRequests } from './peer-flow.ts';
import { createAcmeFleet, createAcmeIssuer, ways, type Way } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    certs: { type: 'string' },
    names: { type: 'string', default: '1' },
    way: { type: 'string' },
    workers: { type: 'string', default: '8' },
    ci: { type: 'boolean', default: false },
    bundle: { type: 'string', default: builtBundle },
    json: { type: 'string', default: '.certwright/bench-acme.json' },
  },
});
const certificates = Number(values.certs ?? (values.ci ? 30 : 1000));
const namesEach = Number(values.names);
const chosen = ways.filter(({ name }) => values.way === undefined || values.way === name);
const user = 'certwright-bench';

interface AcmeResult {
  way: Way['name'];
  certificates: number;
  seconds: number;
  perSecond: number;
  cpuMsEach: number;
  pebbleCpuMsEach: number;
  apiServerCpuMsEach: number;
  requestsEach: number;
  /** By the flow that the peer documents, with a Pod for each challenge. */
  peerRequestsEach: number;
  peakRssMiB: number;
  requests: Record<string, number>;
}

process.exitCode = await withBenchCluster(async (cluster) => tell(await measureAll(cluster)));

async function measureAll(cluster: Cluster): Promise<AcmeResult[]> {
  const kubeconfig = await cluster.kubeconfigFor(user, ['system:masters']);
  const api = new Api(await apiTarget(cluster.kubeconfig));
  const [port = 0] = await freePorts(1);
  const dns = await startChallengeServer();
  const results: AcmeResult[] = [];
  const flags = [
    '--acme-http01-listen',
    `127.0.0.1:${port}`,
    '--acme-http01-solver-image',
    'example.test/none',
  ];
  const program = { bundle: values.bundle, nodeArguments: [] };
  const environment = { POD_IP: '192.0.2.10', POD_NAME: 'bench', POD_NAMESPACE: namespace };
  const options = { workers: Number(values.workers), roles: 'controller', flags, environment };
  await api.must('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const controller = await ControllerProcess.start(program, kubeconfig, options);
  try {
    for (const way of chosen) {
      const pebble = await startPebble({
        httpPort: port,
        dnsServer: dns.dns,
        noSleep: true,
        nonceReject: 0,
        alwaysValid: way.alwaysValid,
      });
      try {
        await createAcmeIssuer(api, way, pebble);
        results.push(await measureWay(cluster, api, controller, pebble, way));
      } finally {
        await pebble.stop();
      }
    }
  } finally {
    await controller.stop();
    await dns.stop();
    await api.close();
  }
  return results;
}

async function measureWay(
  cluster: Cluster,
  api: Api,
  controller: ControllerProcess,
  pebble: Pebble,
  way: Way,
): Promise<AcmeResult> {
  const storm = async (names: string[]): Promise<number> => {
    const since = await version(api);
    const wanted = new Set(names.map((name) => `${way.name}-${name}`));
    const started = performance.now();
    await Promise.all([allReady(api, since, wanted, 1), createAcmeFleet(api, way, names, namesEach)]);
    return (performance.now() - started) / 1000;
  };
  const all = fleetNames(certificates + 10);
  // The account, the first connections and the compiler belong to nobody's figures.
  process.stderr.write(`${way.name}: 10 to warm up\n`);
  await storm(all.slice(0, 10));
  await quiet(cluster);
  process.stderr.write(`${way.name}: ${certificates}\n`);
  const mark = await cluster.audit.mark();
  const pids = [controller.pid, pebble.pid, cluster.pid('kube-apiserver')];
  const before = await Promise.all(pids.map((pid) => processUsage(pid)));
  const seconds = await storm(all.slice(10));
  process.stderr.write(`  issued in ${seconds.toFixed(1)} s; what comes behind is waited for\n`);
  await quiet(cluster);
  const after = await Promise.all(pids.map((pid) => processUsage(pid)));
  const cost = after.map(
    ({ cpuSeconds }, index) => ((cpuSeconds - (before[index]?.cpuSeconds ?? 0)) * 1000) / certificates,
  );
  const requests = await cluster.audit.counts({ since: mark, user });
  return {
    way: way.name,
    certificates,
    seconds,
    perSecond: certificates / seconds,
    cpuMsEach: cost[0] ?? 0,
    pebbleCpuMsEach: cost[1] ?? 0,
    apiServerCpuMsEach: cost[2] ?? 0,
    requestsEach: Object.values(requests).reduce((sum, count) => sum + count, 0) / certificates,
    peerRequestsEach: peerRequests(namesEach),
    peakRssMiB: after[0]?.peakRssMiB ?? 0,
    requests,
  };
}

/** Challenges are cleaned and events sent behind the last Ready: they belong to the cost. */
async function quiet(cluster: Cluster): Promise<void> {
  for (let last = -1; ;) {
    const counts = await cluster.audit.counts({ user });
    const now = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (now === last) return;
    last = now;
    await delay(2000);
  }
}

async function tell(results: AcmeResult[]): Promise<number> {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  await mkdir(path.dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify({ machine, namesEach, results }, null, 2)}\n`);
  console.log(`${machine.cores} x ${machine.cpu}, Node ${machine.node}; ${namesEach} name(s) each`);
  console.table(results.map(({ requests: _requests, ...row }) => rounded(row)));
  for (const { way, certificates: count, requests } of results) {
    console.log(`requests per certificate, ${way}`);
    console.table(
      Object.fromEntries(Object.entries(requests).map(([what, n]) => [what, { all: n, each: n / count }])),
    );
  }
  const missed = results.filter((result) => result.requestsEach > budgetOf(result));
  for (const result of missed)
    console.error(
      `${result.way}: ${result.requestsEach.toFixed(1)} requests for each certificate: more than ${budgetOf(result).toFixed(1)}`,
    );
  console.log(`figures: ${values.json}`);
  return missed.length > 0 ? 1 : 0;
}

/** Counts, which noise hardly changes. Every further name needs a Challenge and its objects, which the peer's flow has too. */
function budgetOf({ way, peerRequestsEach }: AcmeResult): number {
  const most = ways.find(({ name }) => name === way)?.mostRequests ?? 0;
  return (most * peerRequestsEach) / peerRequests(1);
}
