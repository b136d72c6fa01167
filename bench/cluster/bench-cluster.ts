/** A cluster for one bench: said what is missing where there is none, and ended however the bench ends. */
import path from 'node:path';
import { clusterTools } from '../../tools/apiserver/cluster-tools.ts';
import { installDefinitions } from '../../tools/apiserver/definitions.ts';
import { startCluster, type Cluster } from '../../tools/apiserver/start.ts';
import { ControllerProcess } from './controller-process.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Resolves with the exit code of the bench; 77, or 1 where `CI=true`, when a program is missing. */
export async function withBenchCluster(work: (cluster: Cluster) => Promise<number>): Promise<number> {
  const { binaries, report, missing } = await clusterTools(root, process.env['PATH'] ?? '');
  if (binaries === undefined) {
    console.error(report.join('\n'));
    console.error(`bench: cannot run without ${missing.join(', ')}`);
    // 77 is "left out", counted by .ci/run as neither passed nor failed.
    return process.env['CI'] === 'true' ? 1 : 77;
  }
  const cluster = await startCluster(binaries, {
    prepare: async (access) => installDefinitions(binaries.kubectl, access.kubeconfig),
  });
  // Ended from outside: the servers end only when we end them, and the controller when its API is gone for good.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      ControllerProcess.killAll();
      void cluster.stop().finally(() => process.exit(1));
    });
  try {
    return await work(cluster);
  } finally {
    // Nothing is left of a bench that threw; one that did not has stopped it already.
    ControllerProcess.killAll();
    await cluster.stop();
  }
}
