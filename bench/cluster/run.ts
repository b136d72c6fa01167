/**
 * `npm run bench:cluster`: what the controllers cost on a real kube-apiserver, beside a bare client in the same run.
 *
 *     npm run bench:cluster                        1,000 P-256 certificates, then grown to 10,000
 *     npm run bench:cluster -- --certs 3000        another storm
 *     npm run bench:cluster -- --grow 0            without the 10,000
 *     npm run bench:cluster -- --ci                200 certificates, and only bounds that a busy machine holds
 *     npm run bench:cluster -- --workers 8         objects worked on at a time, here and in the bare client
 *     npm run bench:cluster -- --roles controller,cainjector,webhook   all in one process, as the chart has it
 *     npm run bench:cluster -- --bundle FILE       another build than dist/certwright.js, to compare two
 *     npm run bench:cluster -- --node=--cpu-prof   an argument for the node that runs the controller; may be repeated
 *     npm run bench:cluster -- --json FILE         where the figures go (default .certwright/bench-cluster.json)
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Cluster } from '../../tools/apiserver/start.ts';
import { checkClusterBudgets } from '../budgets.ts';
import { Api } from '../harness/api.ts';
import { createIssuer, fleetNames, namespace } from '../harness/fleet.ts';
import { rounded } from '../harness/rounded.ts';
import { builtBundle } from '../harness/standalone.ts';
import { apiTarget } from './api-target.ts';
import { withBenchCluster } from './bench-cluster.ts';
import { ControllerProcess } from './controller-process.ts';
import { runBareClient, runIdle, runRestart, runStorm, type ClusterResult, type World } from './scenarios.ts';
import { readTemplate } from './template.ts';

const { values } = parseArgs({
  options: {
    certs: { type: 'string' },
    grow: { type: 'string' },
    workers: { type: 'string', default: '8' },
    roles: { type: 'string', default: 'controller' },
    ci: { type: 'boolean', default: false },
    bundle: { type: 'string', default: builtBundle },
    node: { type: 'string', multiple: true, default: [] },
    json: { type: 'string', default: '.certwright/bench-cluster.json' },
  },
});
const certificates = Number(values.certs ?? (values.ci ? 200 : 1000));
const grownTo = Number(values.grow ?? (values.ci ? 0 : 10_000));
const user = 'certwright-bench';

process.exitCode = await withBenchCluster(async (cluster) => tell(await measureAll(cluster)));

async function measureAll(cluster: Cluster): Promise<ClusterResult[]> {
  const kubeconfig = await cluster.kubeconfigFor(user, ['system:masters']);
  const target = await apiTarget(cluster.kubeconfig);
  const api = new Api(target);
  const world: World = {
    cluster,
    api,
    target,
    user,
    kubeconfig,
    program: { bundle: values.bundle, nodeArguments: values.node },
    workers: Number(values.workers),
    roles: values.roles,
    progress: (text) => void process.stderr.write(`${text}\n`),
  };
  const results: ClusterResult[] = [];
  const keep = ({ requests, ...result }: ClusterResult): void => {
    results.push({ ...result, ...(requests === undefined ? {} : { requests }) });
    world.progress(`  ${JSON.stringify(rounded(result))}`);
  };
  const start = (): Promise<ControllerProcess> => ControllerProcess.start(world.program, kubeconfig, world);
  let controller = await start();
  try {
    await createIssuer(api);
    // Both warm: the API server's own start is in nobody's figures.
    const all = fleetNames(Math.max(certificates + 50, grownTo));
    const warm = all.slice(0, 50);
    await runStorm(world, controller, warm, 'growth');
    const template = await readTemplate(api, namespace, warm[0]!);
    const names = all.slice(50, certificates + 50);
    // Before and after, as the data grows and a machine has its moods: their mean is the yardstick.
    const compare = async (round: number): Promise<void> => {
      if (values.ci) return;
      await controller.stop();
      keep(await runBareClient(world, certificates, template, round));
      controller = await start();
    };
    await compare(1);
    keep(await runStorm(world, controller, names, 'storm'));
    await compare(2);
    keep(await runStorm(world, controller, names, 'renewal storm'));
    keep(await runIdle(world, controller, certificates, values.ci ? 2 : 10));
    const restarted = await runRestart(world, controller, certificates);
    controller = restarted.controller;
    keep(restarted.result);
    const more = all.slice(certificates + 50, grownTo);
    if (more.length > 0) {
      keep(await runStorm(world, controller, more, 'growth'));
      keep(await runIdle(world, controller, grownTo, 10));
      const again = await runRestart(world, controller, grownTo);
      controller = again.controller;
      keep(again.result);
    }
  } finally {
    await controller.stop();
    await api.close();
  }
  return results;
}

async function tell(results: ClusterResult[]): Promise<number> {
  const budgets = checkClusterBudgets(results, values.ci ? 'ci' : 'full');
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGiB: totalmem() / 2 ** 30,
    node: process.version,
  };
  await mkdir(path.dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify({ machine, results, budgets }, null, 2)}\n`);
  console.log(`${machine.cores} x ${machine.cpu}, Node ${machine.node}`);
  console.table(results.map(({ requests: _requests, ...row }) => rounded(row)));
  for (const { phase, certificates: count, requests } of results) {
    if (requests === undefined || phase === 'idle') continue;
    console.log(`requests per certificate, ${phase} of ${count}`);
    console.table(
      Object.fromEntries(Object.entries(requests).map(([what, n]) => [what, { all: n, each: n / count }])),
    );
  }
  console.table(budgets.map(rounded));
  const missed = budgets.filter(({ met }) => !met);
  console.log(
    `figures: ${values.json}; ${budgets.length - missed.length} budgets met, ${missed.length} missed`,
  );
  return missed.length > 0 ? 1 : 0;
}
