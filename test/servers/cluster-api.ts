/** The real kube-apiserver of the cluster lane: one for all worlds, emptied for each. */
import { systemClock } from '../../src/kube/clock.ts';
import { connect, endpointOf } from '../../src/kube/connect.ts';
import { nodeHost } from '../../src/kube/host.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { loadKubeContext } from '../../src/kube/kubeconfig.ts';
import { crds } from '../../src/api/crds.ts';
import { clusterKubeconfig } from '../cluster/kubectl.ts';
import { until } from '../cluster/until.ts';
import type { ApiOptions, ApiUnderTest } from './api-under-test.ts';
import { whatIsMissing } from './caught-up.ts';
import { emptyCluster, ensureDefinitions, ensureNamespaces } from './empty-cluster.ts';
import { loadObjects } from './load-objects.ts';

export async function openClusterApi(options: ApiOptions): Promise<ApiUnderTest> {
  const host = nodeHost({}, '/');
  const endpoint = endpointOf(await loadKubeContext(host, { file: clusterKubeconfig() }), host, systemClock);
  const connection = await connect(endpoint, { clock: systemClock, random: () => 0.5 });
  const admin = createKubeClient(connection);
  if (options.fresh) await emptyCluster(admin);
  await ensureDefinitions(admin, [...crds, ...(options.crds ?? [])]);
  await ensureNamespaces(admin, options.namespaces ?? []);
  return {
    client: () => createKubeClient(connection),
    connection,
    async settled(caches) {
      let missing = await whatIsMissing(admin, caches);
      if (missing === undefined) return false;
      await until(
        () => `the caches are up to date: ${missing}`,
        async () => (missing = await whatIsMissing(admin, caches)) === undefined,
      );
      return true;
    },
    define: (definitions) => ensureDefinitions(admin, definitions),
    load: (objects) => loadObjects(admin, objects),
    close: () => connection.close(),
  };
}
