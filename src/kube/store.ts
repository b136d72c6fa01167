/** The memory behind an informer: objects by key, with their versions and indexes. Knows no network. */
import type { KubeObject } from '../api/meta.ts';
import { cacheKey, type Cache, type CacheKey, type Change } from './cache.ts';
import { StringPool } from './string-pool.ts';

interface Entry<T> {
  value: T;
  /** resourceVersion as a number; NaN when it is none. */
  version: number;
  /** Number of the list that held the object last; 0: no list has. Watches and observed writes leave it alone. */
  seen: number;
}

export interface StoreOptions<T> {
  trim: (object: KubeObject) => T;
  indexes?: Record<string, (object: T) => readonly string[]>;
  notify: (change: Change<T>) => void;
  /** Told about an object that cannot be stored; the others go on. */
  onBadObject: (error: unknown, key: CacheKey) => void;
}

/** Writes on their way back at once are as many as there are workers; more of them only cost a parse. */
const mostOwn = 1024;

/** One key is kept bare: most index values lead to one object, and a Set costs 200 bytes. */
type Keys = CacheKey | Set<CacheKey>;

/**
 * resourceVersions are compared as numbers (Kubernetes promises that since 1.35, etcd and our own server always
 * did). Versions that are no numbers are never "older": then the last writer wins.
 */
export class Store<T> implements Cache<T> {
  #options: StoreOptions<T>;
  #entries = new Map<CacheKey, Entry<T>>();
  #strings = new StringPool();
  #indexes: { name: string; of: (object: T) => readonly string[]; keys: Map<string, Keys> }[];
  /** Up to which version the watch has told us everything. */
  #horizon = NaN;
  /** Versions of {@link observe}d writes whose event has not come yet. */
  readonly #own = new Set<number>();
  #list = 0;
  #synced = false;

  constructor(options: StoreOptions<T>) {
    this.#options = options;
    this.#indexes = Object.entries(options.indexes ?? {}).map(([name, of]) => ({
      name,
      of,
      keys: new Map(),
    }));
  }

  get(key: CacheKey): T | undefined {
    return this.#entries.get(key)?.value;
  }
  *values(): IterableIterator<T> {
    for (const entry of this.#entries.values()) yield entry.value;
  }
  get size(): number {
    return this.#entries.size;
  }
  get synced(): boolean {
    return this.#synced;
  }
  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.find(({ name }) => name === index);
    if (found === undefined) throw new RangeError(`this cache has no index named ${index}`);
    const keys = found.keys.get(value);
    if (keys === undefined) return [];
    if (typeof keys === 'string') return [this.#entries.get(keys)!.value];
    return Array.from(keys, (key) => this.#entries.get(key)!.value);
  }

  beginList(): void {
    this.#list++;
    this.#pending = [];
  }
  /** Held back until the list is whole: a list that breaks half-way changes nothing. */
  #pending: { key: CacheKey; value: T; version: number }[] = [];

  listed(object: KubeObject): void {
    const key = keyOf(object);
    const version = versionOf(object);
    const known = this.#entries.get(key);
    if (known !== undefined && known.version === version) {
      // Unchanged, as most are: not trimmed again, so that a re-list does not double the memory.
      known.seen = this.#list;
      return;
    }
    try {
      this.#pending.push({ key, value: this.#trim(object), version });
    } catch (error) {
      this.#options.onBadObject(error, key);
      // Better the last good state than none: a reader would take the object for deleted.
      if (known !== undefined) known.seen = this.#list;
    }
  }

  endList(resourceVersion: string): void {
    const listVersion = Number(resourceVersion === '' ? NaN : resourceVersion);
    // The server's history went back (restored from a backup): nothing we hold is newer than its word.
    const rewound = listVersion < this.#horizon;
    this.#horizon = listVersion;
    this.#own.clear();
    const listed = this.#pending;
    this.#pending = [];
    for (const { key, value, version } of listed) {
      const known = this.#entries.get(key);
      if (known === undefined || rewound || !(known.version >= version)) this.#put(key, value, version, true);
      this.#entries.get(key)!.seen = this.#list;
    }
    for (const [key, entry] of this.#entries)
      if (entry.seen !== this.#list && (rewound || !(entry.version > listVersion))) this.#remove(key, true);
    this.#synced = true;
  }

  /** An ADDED or MODIFIED event of the watch. */
  changed(object: KubeObject): void {
    const version = versionOf(object);
    this.bookmark(version);
    this.#store(object, version);
  }

  /** A DELETED event; its object carries the version of the deletion. */
  deleted(object: KubeObject): void {
    const version = versionOf(object);
    this.bookmark(version);
    const key = keyOf(object);
    const known = this.#entries.get(key);
    // Seen again since, by the answer of our own write.
    if (known === undefined || known.version > version) return;
    this.#remove(key, false);
  }

  bookmark(version: number): void {
    if (!(version <= this.#horizon)) this.#horizon = version;
  }

  /** The answer of a write of ours. */
  observe(object: KubeObject): void {
    const version = versionOf(object);
    if (Number.isNaN(version)) return;
    // The watch is past this version and holds no such object: it was deleted since.
    if (!this.#entries.has(keyOf(object)) && version <= this.#horizon) return;
    if (version > this.#horizon) this.#remember(version);
    this.#store(object, version);
  }

  /** Whether this is the version of a write of ours that was observed, and whose event is still to come. Asked once. */
  isOwn(version: number): boolean {
    return this.#own.delete(version);
  }

  #remember(version: number): void {
    this.#own.add(version);
    const [oldest] = this.#own;
    if (this.#own.size > mostOwn) this.#own.delete(oldest!);
  }

  #store(object: KubeObject, version: number): void {
    const key = keyOf(object);
    const known = this.#entries.get(key);
    if (known !== undefined && version <= known.version) return;
    try {
      this.#put(key, this.#trim(object), version, false);
    } catch (error) {
      this.#options.onBadObject(error, key);
    }
  }

  #trim(object: KubeObject): T {
    const { name } = object.metadata ?? {};
    if (typeof name !== 'string' || name === '') throw new TypeError('the object has no name');
    const value = this.#options.trim(object);
    this.#strings.share(value);
    // Indexes are asked before anything is stored, so that one that throws leaves the store whole.
    for (const index of this.#indexes) index.of(value);
    return value;
  }

  #put(key: CacheKey, value: T, version: number, relisted: boolean): void {
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#entries.set(key, { value, version, seen: 0 });
      for (const index of this.#indexes) for (const at of index.of(value)) link(index.keys, at, key);
      this.#options.notify({ key, current: value, relisted });
      return;
    }
    const previous = known.value;
    known.value = value;
    known.version = version;
    for (const index of this.#indexes) {
      const before = index.of(previous);
      const after = index.of(value);
      for (const at of before) if (!after.includes(at)) unlink(index.keys, at, key);
      for (const at of after) if (!before.includes(at)) link(index.keys, at, key);
    }
    this.#options.notify({ key, previous, current: value, relisted });
  }

  #remove(key: CacheKey, relisted: boolean): void {
    const previous = this.#entries.get(key)!.value;
    this.#entries.delete(key);
    for (const index of this.#indexes) for (const at of index.of(previous)) unlink(index.keys, at, key);
    this.#options.notify({ key, previous, relisted });
  }
}

function keyOf(object: KubeObject): CacheKey {
  return cacheKey(object.metadata?.namespace, object.metadata?.name ?? '');
}

export function versionOf(object: KubeObject): number {
  const text = object.metadata?.resourceVersion;
  return text === undefined || text === '' ? NaN : Number(text);
}

function link(index: Map<string, Keys>, value: string, key: CacheKey): void {
  const known = index.get(value);
  if (known === undefined) index.set(value, key);
  else if (typeof known !== 'string') known.add(key);
  else if (known !== key) index.set(value, new Set([known, key]));
}

function unlink(index: Map<string, Keys>, value: string, key: CacheKey): void {
  const known = index.get(value);
  if (known === key) index.delete(value);
  else if (known instanceof Set && known.delete(key) && known.size === 1) {
    const [last] = known;
    index.set(value, last!);
  }
}
