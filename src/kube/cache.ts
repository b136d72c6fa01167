/** What a controller reads instead of asking the API server: the last seen state of one resource. */
import type { KubeObject } from '../api/meta.ts';

/** `namespace/name`, or only the name for cluster-scoped objects. */
export type CacheKey = string;

export function cacheKey(namespace: string | undefined, name: string): CacheKey {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

export interface Change<T> {
  key: CacheKey;
  /** Absent when the object appeared. */
  previous?: T;
  /** Absent when the object is gone. */
  current?: T;
  /** The change came with a (re-)list and not from a watch: queues let fresh changes go first. */
  relisted: boolean;
}

/**
 * A read-only view of a resource. `T` is what the trim hook made of the object (for Secrets: facts without
 * key material). Objects are shared: readers never change them.
 */
export interface Cache<T> {
  get(key: CacheKey): T | undefined;
  values(): IterableIterator<T>;
  readonly size: number;
  /** Objects under one value of a named index; empty when there are none. O(matches). */
  byIndex(index: string, value: string): readonly T[];
  /** True once the first complete list has been stored. */
  readonly synced: boolean;
}

/** A cache that is kept current by list and watch until the signal given to `start` aborts. */
export interface Informer<T> extends Cache<T> {
  /** Called after the cache holds the change, in order. Handlers must not throw and must not wait. */
  onChange(handler: (change: Change<T>) => void): void;
  /** Resolves when synced; the watch goes on in the background and repairs itself. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Stores the answer of a write of ours at once, so that the next decision sees it before the watch does.
   * Ignored when the cache already holds the same or a newer resourceVersion, or saw the object deleted since.
   */
  observe(object: KubeObject): void;
}

export interface InformerOptions<T> {
  /** Runs before an object is stored: keeps what readers need, drops the rest (managed fields, key material). */
  trim: (object: KubeObject) => T;
  /** Name of the index -> the values under which an object is found. */
  indexes?: Record<string, (object: T) => readonly string[]>;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  metadataOnly?: boolean;
}
