/** The embedded server in this process, with our admission, on the world's clock. */
import { createAdmission } from '../../src/admission/create-admission.ts';
import { crds } from '../../src/api/crds.ts';
import { customResourceDefinitions } from '../../src/api/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import type { KubeConnection } from '../../src/kube/transport.ts';
import { createServer } from '../../src/standalone/server.ts';
import type { ApiOptions, ApiUnderTest } from './api-under-test.ts';

export async function openEmbeddedApi(options: ApiOptions): Promise<ApiUnderTest> {
  const { dataDir, namespaces, now, historyLimit } = options;
  const server = await createServer({
    dataDir,
    crds: [...crds, ...(options.crds ?? [])],
    namespaces,
    // A real server has them.
    workloads: true,
    admission: createAdmission(),
    now,
    historyLimit,
  });
  const connect = (): KubeConnection => ({
    baseUrl: 'http://embedded.invalid',
    dispatcher: server.dispatcher(),
    // The connection lives in real time: a jump over a year is no reason to give up on a request.
    clock: systemClock,
    random: () => 0.5,
  });
  const client = (): KubeClient => createKubeClient(connect());
  return {
    embedded: server,
    client,
    connection: connect(),
    async define(definitions) {
      for (const one of definitions)
        await client().create(customResourceDefinitions, one, { fieldManager: 'test' });
    },
    async settled() {
      await server.settled();
      return false;
    },
    async load(objects) {
      await server.restore([...objects]);
      const uids = objects.map(({ metadata }) => metadata?.uid).filter((uid) => uid !== undefined);
      return new Map(uids.map((uid) => [uid, uid]));
    },
    close: () => server.close(),
  };
}
