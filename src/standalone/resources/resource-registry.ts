/** The resource table: which kinds are served, by path and by stored form. */
import type { ResourceEntry } from './resource-entry.ts';

export class ResourceRegistry {
  readonly #byPath = new Map<string, ResourceEntry>();
  readonly #byStorage = new Map<string, ResourceEntry>();
  #generation = 0;

  /** Grows with every change: caches of documents made from the table compare it. */
  get generation(): number {
    return this.#generation;
  }

  add(entry: ResourceEntry): void {
    this.#generation++;
    const { group, version, plural } = entry.type;
    this.#byPath.set(`${group}/${version}/${plural}`, entry);
    const stored = this.#byStorage.get(entry.storageKey);
    const isStorage = entry.storageApiVersion === (group === '' ? version : `${group}/${version}`);
    if (entry.review === undefined && (isStorage || stored === undefined))
      this.#byStorage.set(entry.storageKey, entry);
  }

  /** Takes all versions of a stored resource out. */
  remove(storageKey: string): void {
    this.#generation++;
    this.#byStorage.delete(storageKey);
    for (const [path, entry] of this.#byPath) if (entry.storageKey === storageKey) this.#byPath.delete(path);
  }

  get(group: string, version: string, plural: string): ResourceEntry | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  /** The entry in whose version the objects are stored. */
  stored(storageKey: string): ResourceEntry | undefined {
    return this.#byStorage.get(storageKey);
  }

  /** The entry of a kind in any of its versions. */
  ofKind(group: string, kind: string): ResourceEntry | undefined {
    for (const entry of this.#byPath.values()) {
      if (entry.review === undefined && entry.type.group === group && entry.type.kind === kind) {
        return this.#byStorage.get(entry.storageKey);
      }
    }
    return undefined;
  }

  all(): ResourceEntry[] {
    return [...this.#byPath.values()];
  }

  /** Entries by group and version: `''/v1` first, in order of registration. */
  byGroupVersion(): Map<string, ResourceEntry[]> {
    return Map.groupBy(this.all(), ({ type }) => `${type.group}/${type.version}`);
  }
}
