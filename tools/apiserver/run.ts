/** `npm run test:cluster`: finds or builds what a cluster is made of, starts one, runs `test/cluster/**` and the suites of other lanes. */

import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import path from 'node:path';

import { SUITES } from '../../test/cluster/suites.ts';
import { helmProgram } from '../chart/helm.ts';
import { onPath } from '../peers/toolchain.ts';
import { clusterTools } from './cluster-tools.ts';
import { installDefinitions } from './definitions.ts';
import { startCluster } from './start.ts';

const root = path.resolve(import.meta.dirname, '../..');
const searchPath = process.env['PATH'] ?? '';
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
  files.push(...SUITES);
  const chosen = files.filter((file) => named.length === 0 || named.some((name) => file.includes(name)));
  if (chosen.length === 0) {
    console.error(`cluster: no test file has ${named.join(' or ')} in its path`);
    return 1;
  }
  const cluster = await startCluster(binaries, {
    controllerManager: true,
    prepare: (access) => installDefinitions(binaries.kubectl, access.kubeconfig),
  });
  console.log(`cluster: ready after ${cluster.startedInMs} ms at ${cluster.url}`);
  // Ended from outside: the tests end with the terminal's signal, the servers only when we end them.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void cluster.stop().finally(() => process.exit(1)));
  try {
    return await nodeTest(chosen.toSorted(), {
      CERTWRIGHT_CLUSTER: cluster.folder,
      CERTWRIGHT_CLUSTER_BINARIES: JSON.stringify(binaries),
      CERTWRIGHT_CLUSTER_KUBECONFIG: cluster.kubeconfig,
      CERTWRIGHT_KUBECTL: binaries.kubectl,
      CERTWRIGHT_TEST_SERVER: 'cluster',
    });
  } finally {
    await cluster.stop();
  }
}

/** One file at a time: they share the cluster, and the definitions in it. */
function nodeTest(files: string[], env: Record<string, string>): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--test', '--test-concurrency=1', '--test-timeout=180000', ...files],
    {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
