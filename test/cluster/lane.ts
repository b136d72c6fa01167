/** What `tools/apiserver/run.ts` hands to the tests: the cluster that they share, and the programs for one of their own. */
import type { TestContext } from 'node:test';
import { attachCluster, type ClusterAccess } from '../../tools/apiserver/access.ts';
import {
  startCluster,
  type Binaries,
  type Cluster,
  type ClusterOptions,
} from '../../tools/apiserver/start.ts';

/** The lane's cluster, with its audit log. Others write to it before and after: use names of your own. */
export function sharedCluster(): Promise<ClusterAccess> {
  return attachCluster(handedOver('CERTWRIGHT_CLUSTER'));
}

/** A cluster for one test that breaks it or sets its flags; about three seconds. It ends with the test. */
export async function ownCluster(t: TestContext, options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await startOwnCluster(options);
  t.after(() => cluster.stop());
  return cluster;
}

/** For whoever has no context of a test and stops it himself. */
export function startOwnCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return startCluster(JSON.parse(handedOver('CERTWRIGHT_CLUSTER_BINARIES')) as Binaries, options);
}

function handedOver(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(
      `${name} is not set: run \`npm run test:cluster\`; own-clusters.ts names the files that get programs for a ` +
        'cluster of their own, and no part in the shared one',
    );
  return value;
}
