/** The embedded Kubernetes API server: what the rest of the program starts, talks to and stops. */
import type { ServerLog } from './server-log.ts';
import type { Dispatcher } from 'undici';
import type { Admission, Authorize, UserInfo } from '../api/admission.ts';
import type { KubeObject } from '../api/meta.ts';

export interface ServerOptions {
  /** Folder of the database, the CA and the kubeconfig (created 0700), or `:memory:` for a server that forgets. */
  dataDir: string;
  /** Reviews every write before it is validated and stored. */
  admission?: Admission;
  /** Answers access reviews; absent: everything is allowed to everyone who is known. */
  authorize?: Authorize;
  /** CustomResourceDefinition objects, stored at start (created, or updated when they differ). */
  crds?: readonly KubeObject[];
  /** Serve Pods, Services and EndpointSlices, too: stored, run by nobody. For tests of what works with a cluster. */
  workloads?: boolean;
  /** Made at start beside default, kube-system, kube-public and kube-node-lease. */
  namespaces?: readonly string[];
  /** Milliseconds since the epoch; stamps objects. */
  now?: () => number;
  /** Fills with random bytes: uids, generated names, tokens. */
  random?: (size: number) => Uint8Array;
  log?: ServerLog;
  /** How many changes the watch history keeps; a watch from before is answered 410 Expired. */
  historyLimit?: number;
  /** `process`: acknowledged writes survive kill -9. `power`: also a power cut, for one fsync per commit. */
  durability?: 'process' | 'power';
}

export interface ListenOptions {
  /** Default 127.0.0.1. Beyond loopback a token or a client CA must be given. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Bearer token of the administrator; absent on loopback: made and kept in the data folder. */
  token?: string;
  /** PEM certificates that client certificates must chain to (CN is the user, O the groups). */
  clientCa?: string;
  /** Further names and addresses for the serving certificate. */
  names?: readonly string[];
  /** Where to write the kubeconfig, 0600; absent: `kubeconfig` in the data folder; false: nowhere. */
  kubeconfig?: string | false;
}

export interface Listening {
  /** Such as `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** PEM of the CA that signed the serving certificate. */
  readonly ca: string;
  readonly token?: string;
  readonly kubeconfigPath?: string;
  /** Stops accepting, ends watches, waits for requests under way. */
  close(): Promise<void>;
}

export interface EmbeddedServer {
  /** The API without a socket, as `user`; by default the administrator (system:masters). */
  dispatcher(user?: UserInfo): Dispatcher;
  /** The API over TLS. */
  listen(options?: ListenOptions): Promise<Listening>;
  /**
   * Stores objects as they once stood: uid, creationTimestamp, generation, managed fields, status and owner references are
   * kept, only resourceVersion is new. They are validated, but admission does not see them. All of them or none; kinds
   * whose definition is restored too need a second call.
   *
   * @throws RestoreError when one of them exists, is of an unknown kind or is not valid
   */
  restore(objects: readonly KubeObject[]): Promise<void>;
  /** Waits until the background work (garbage collection, namespace emptying) has nothing left to do. */
  settled(): Promise<void>;
  /** Ends watches, drains listeners, checkpoints and closes the database. */
  close(): Promise<void>;
}

export { createServer } from './server/create-server.ts';
