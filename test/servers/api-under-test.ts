/** What a controller suite needs of an API server, whichever it is. */
import type { KubeObject } from '../../src/api/meta.ts';
import type { SharedInformers } from '../../src/controllers/context.ts';
import type { EmbeddedServer } from '../../src/standalone/server.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeConnection } from '../../src/kube/transport.ts';

export interface ApiUnderTest {
  /** As an administrator. Each call gives a client of its own; they share the connections. */
  client(): KubeClient;
  /** For what a process puts together itself; it ends with `close`. */
  readonly connection: KubeConnection;
  /**
   * Resolves when the server has done what it does by itself (garbage, namespaces that end) and `caches` have seen it.
   * True when there was something to wait for: whoever reads the caches may have work again.
   */
  settled(caches?: SharedInformers): Promise<boolean>;
  /** Has the kinds of these definitions served from now on, as `kubectl apply` of a vendor's manifest does. */
  define(definitions: readonly KubeObject[]): Promise<void>;
  /**
   * Stores objects with status and managed fields, owners before what they own. Answers the uid that each object has
   * now by the uid that it came with.
   */
  load(objects: readonly KubeObject[]): Promise<Map<string, string>>;
  /** Absent on the real server. */
  readonly embedded?: EmbeddedServer;
  /** What was stored stays, for an `open` with `fresh: false`. */
  close(): Promise<void>;
}

export interface ApiOptions {
  /** Where an embedded server keeps its data; `:memory:` for nowhere. */
  dataDir: string;
  /** False: go on with what an earlier one stored. */
  fresh: boolean;
  /** Namespaces that are there, beside `default` and `kube-system`. */
  namespaces?: readonly string[];
  /** Definitions beside our own. */
  crds?: readonly KubeObject[];
  /** The world's clock, where the server can be given one. */
  now: () => number;
  /** Changes that an embedded server remembers for watches. */
  historyLimit?: number;
}

export const onCluster = process.env['CERTWRIGHT_TEST_SERVER'] === 'cluster';

export async function openApi(options: ApiOptions): Promise<ApiUnderTest> {
  // Loaded on demand: a run on one server needs nothing of the other.
  if (onCluster) return (await import('./cluster-api.ts')).openClusterApi(options);
  return (await import('./embedded-api.ts')).openEmbeddedApi(options);
}
