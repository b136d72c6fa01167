/** `npm run test:cluster`: finds or builds what a cluster is made of, starts one, runs `test/cluster/**` and the suites of other lanes. */

import { spawn, type ChildProcess } from 'node:child_process';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { OWN_CLUSTERS } from '../../test/cluster/own-clusters.ts';
import { SUITES } from '../../test/cluster/suites.ts';
import { helmProgram } from '../chart/helm.ts';
import { onPath } from '../peers/toolchain.ts';
import { installAdmission } from './admission.ts';
import { clusterTools, type ClusterTools } from './cluster-tools.ts';
import { installDefinitions } from './definitions.ts';
import { startCluster, type Cluster } from './start.ts';

const root = path.resolve(import.meta.dirname, '../..');
const searchPath = process.env['PATH'] ?? '';
/** Only a hang reaches it: everything below is slower on a machine that does something else, too. */
const TIMEOUT_MS = 900_000;
/** Shared clusters that are up. Ended from outside, the tests end with the terminal's signal, the servers only when we end them. */
const running = new Set<Cluster>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    void Promise.all([...running].map((cluster) => cluster.stop())).finally(() => process.exit(1));
  });
process.exitCode = await main();

async function main(): Promise<number> {
  const tools = await clusterTools(root, searchPath);
  for (const line of tools.report) console.log(line);
  const { binaries } = tools;
  const helm = await helmProgram(onPath('go', searchPath, ['/usr/local/go/bin']));
  console.log(`${helm.name}: ${helm.path ?? `missing (${helm.missing})`}`);
  if (binaries === undefined || helm.path === undefined) {
    const missing = [...tools.missing, ...(helm.path === undefined ? [helm.name] : [])];
    console.error(`cluster: cannot run without ${missing.join(', ')}`);
    // 77 is "left out", counted by .ci/run as neither passed nor failed.
    return process.env['CI'] === 'true' ? 1 : 77;
  }
  const named = process.argv.slice(2);
  const files: string[] = [];
  for await (const file of glob('test/cluster/**/*.test.ts', { cwd: root })) files.push(file);
  const bind = onPath('named', searchPath, ['/usr/sbin']);
  console.log(`${bind.name}: ${bind.path ?? `missing (${bind.missing})`}`);
  const needsBind = (file: string): boolean =>
    path.basename(file).startsWith('dns-') && SUITES.includes(file);
  if (bind.path === undefined && process.env['CI'] === 'true') return 1;
  files.push(...SUITES.filter((file) => bind.path !== undefined || !needsBind(file)));
  const chosen = files
    .filter((file) => named.length === 0 || named.some((name) => file.includes(name)))
    .toSorted();
  if (chosen.length === 0) {
    console.error(`cluster: no test file has ${named.join(' or ')} in its path`);
    return 1;
  }
  const isOwn = (file: string): boolean => OWN_CLUSTERS.includes(file);
  const isCompat = (file: string): boolean => file.startsWith('test/compat/');
  const suites = chosen.filter((file) => SUITES.includes(file));
  /** The tests of the lane itself are through after half the time of the others. */
  const first = async (): Promise<number> => {
    const ours = await shared(
      chosen.filter((file) => !isOwn(file) && !SUITES.includes(file)),
      binaries,
    );
    return Math.max(ours, await shared(suites.filter(isCompat), binaries));
  };
  const lanes = [
    first(),
    shared(
      suites.filter((file) => !isCompat(file)),
      binaries,
      'suites',
    ),
    own(chosen.filter(isOwn), binaries),
  ];
  return Math.max(...(await Promise.all(lanes)));
}

type Programs = NonNullable<ClusterTools['binaries']>;

/**
 * One cluster with our definitions and policies for all files, one after the other: they share what is in it.
 *
 * @param prefix of its lines, where others print as well
 */
async function shared(files: readonly string[], binaries: Programs, prefix?: string): Promise<number> {
  if (files.length === 0) return 0;
  const cluster = await startCluster(binaries, {
    controllerManager: true,
    async prepare(access) {
      await installDefinitions(binaries.kubectl, access.kubeconfig);
      await installAdmission(binaries.kubectl, access);
    },
  });
  console.log(`cluster: ready after ${cluster.startedInMs} ms at ${cluster.url}`);
  running.add(cluster);
  try {
    const child = nodeTest(files, 1, prefix, {
      CERTWRIGHT_CLUSTER: cluster.folder,
      CERTWRIGHT_CLUSTER_KUBECONFIG: cluster.kubeconfig,
      CERTWRIGHT_KUBECTL: binaries.kubectl,
      CERTWRIGHT_TEST_SERVER: 'cluster',
    });
    return await ended(child);
  } finally {
    await cluster.stop();
    running.delete(cluster);
  }
}

/** Beside them, two at a time: much of what they do is waiting, for leases to expire or connections to be given up. */
function own(files: readonly string[], binaries: Programs): Promise<number> {
  if (files.length === 0) return Promise.resolve(0);
  const child = nodeTest(files, 2, 'own cluster', {
    CERTWRIGHT_CLUSTER_BINARIES: JSON.stringify(binaries),
    CERTWRIGHT_KUBECTL: binaries.kubectl,
  });
  return ended(child);
}

function nodeTest(
  files: readonly string[],
  atOnce: number,
  prefix: string | undefined,
  env: Record<string, string>,
): ChildProcess {
  const output = prefix === undefined ? 'inherit' : 'pipe';
  const child = spawn(
    process.execPath,
    [
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${atOnce}`,
      `--test-timeout=${TIMEOUT_MS}`,
      ...files,
    ],
    { cwd: root, env: { ...process.env, ...env }, stdio: ['inherit', output, output] },
  );
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface(stream).on('line', (line) => console.log(`${prefix} | ${line}`));
  return child;
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
