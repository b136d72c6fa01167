/** What controllers ask of a Kubernetes API: the verbs, typed by resource. */
import type { KubeList, KubeObject } from '../api/meta.ts';
import type { ResourceType } from '../api/resources.ts';

/** Which object; `namespace` is absent for cluster-scoped resources. */
export interface ObjectKey {
  namespace?: string;
  name: string;
}

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Page size; absent: one page. */
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  /** Ask for PartialObjectMetadata instead of whole objects. */
  metadataOnly?: boolean;
  signal?: AbortSignal;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue'> {
  allowWatchBookmarks?: boolean;
  /** Streaming list: the initial state as ADDED events, closed by an annotated bookmark. */
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
  /**
   * Whether the caller has the object of that resourceVersion already, as the answer of its own write: an ADDED or MODIFIED
   * event of it may come as a BOOKMARK of that version instead, which costs no parsing.
   */
  isKnown?: (resourceVersion: string) => boolean;
}

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

export interface WriteOptions {
  fieldManager: string;
  subresource?: 'status';
  dryRun?: boolean;
  /** What happens to fields that the server does not know; absent: the server's default (dropped, with a warning). */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  /**
   * Only success matters to the caller: the server is asked for as little as it can answer, nobody parses that, and what
   * resolves is an object without anything. Clients may ignore it and answer in full.
   */
  unread?: boolean;
  signal?: AbortSignal;
  /** Looked at before each attempt, the repeated ones too; what it throws is what the writer gets. */
  permit?: () => void;
}

export interface ApplyOptions extends WriteOptions {
  /** Take over fields that another manager owns. */
  force?: boolean;
}

export interface DeleteOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** The deletion is refused with a conflict when these do not hold. */
  preconditions?: { uid?: string; resourceVersion?: string };
  signal?: AbortSignal;
  /** As in `WriteOptions`. */
  permit?: () => void;
}

/**
 * Every method rejects with a subclass of KubeError (errors.ts) that says whether trying again can help.
 * Objects that come back are the caller's own: nobody else holds a reference.
 */
export interface KubeClient {
  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<T>;
  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<KubeList<T>>;
  watch<T extends KubeObject>(type: ResourceType, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T>;
  /** Replace with optimistic locking: `metadata.resourceVersion` of the object is honoured by the server. */
  update<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    patchType: 'json' | 'merge' | 'strategic',
    patch: unknown,
    options: WriteOptions,
  ): Promise<T>;
  /** Server-side apply; the object needs apiVersion, kind, metadata.name and, where namespaced, metadata.namespace. */
  apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T>;
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>;
}
