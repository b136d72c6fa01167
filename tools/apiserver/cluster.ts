/** `npm run cluster`: a real API server with our definitions and policies on this machine, until Ctrl-C. */

import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { installAdmission } from './admission.ts';
import { clusterTools } from './cluster-tools.ts';
import { installDefinitions } from './definitions.ts';
import { startCluster } from './start.ts';

const root = path.resolve(import.meta.dirname, '../..');
const HELP = `Starts etcd, kube-apiserver and kube-controller-manager on loopback, installs deploy/crds and
deploy/admission and keeps running until Ctrl-C. Nothing is kept: each start is an empty cluster. There are no nodes, so pods stay Pending.

  npm run cluster -- [options]

  --kubeconfig FILE    where the administrator's kubeconfig goes (.certwright/cluster.kubeconfig)
  --no-definitions     leave the definitions and the admission policies out
  --help               this text

The programs are built on first use, which takes some minutes and needs Go; etcd is Debian's etcd-server.
`;

const { values: given } = parseArgs({
  options: {
    kubeconfig: { type: 'string', default: path.join(root, '.certwright/cluster.kubeconfig') },
    definitions: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
if (given.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { binaries, report, missing } = await clusterTools(root, process.env['PATH'] ?? '');
  if (binaries === undefined) {
    console.error(report.join('\n'));
    console.error(`cluster: cannot run without ${missing.join(', ')}`);
    return 1;
  }
  const cluster = await startCluster(binaries, {
    controllerManager: true,
    prepare: async (access) => {
      if (!given.definitions) return;
      await installDefinitions(binaries.kubectl, access.kubeconfig);
      await installAdmission(binaries.kubectl, access);
    },
  });
  const kubeconfig = path.resolve(given.kubeconfig);
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  try {
    await mkdir(path.dirname(kubeconfig), { recursive: true });
    await copyFile(cluster.kubeconfig, kubeconfig);
    const shown = path.relative(process.cwd(), kubeconfig);
    const file = shown.startsWith('..') ? kubeconfig : shown;
    console.log(`kube-apiserver is ready at ${cluster.url}, as administrator with ${file}

  export KUBECONFIG=${file}
  ${path.relative(process.cwd(), binaries.kubectl)} get --raw /version
  node dist/certwright.js controller --cluster-resource-namespace cert-manager --log-format text

Logs, audit log and certificates: ${cluster.folder}
Ctrl-C ends it and removes everything.`);
    await ended;
    return 0;
  } finally {
    await cluster.stop();
    await rm(kubeconfig, { force: true });
  }
}
