/** An informer without a network: a test says what its watch and its lists tell, and when. */
import type { KubeObject } from '../../api/meta.ts';
import type { Change, Informer } from '../../kube/cache.ts';
import { Store } from '../../kube/store.ts';

export class SimulatedCache<T> implements Informer<T> {
  readonly #handlers: ((change: Change<T>) => void)[] = [];
  readonly #store: Store<T>;

  constructor(trim: (object: KubeObject) => T, indexes: Record<string, (object: T) => readonly string[]>) {
    this.#store = new Store<T>({
      trim,
      indexes,
      notify: (change) => {
        for (const handler of this.#handlers) handler(change);
      },
      onBadObject: (error) => {
        throw error;
      },
    });
  }
  get = (key: string): T | undefined => this.#store.get(key);
  values = (): IterableIterator<T> => this.#store.values();
  byIndex = (index: string, value: string): readonly T[] => this.#store.byIndex(index, value);
  get size(): number {
    return this.#store.size;
  }
  get synced(): boolean {
    return true;
  }
  onChange(handler: (change: Change<T>) => void): void {
    this.#handlers.push(handler);
  }
  start(): Promise<void> {
    return Promise.resolve();
  }
  observe(object: KubeObject): void {
    this.#store.observe(object);
  }
  event(isDeleted: boolean, object: KubeObject): void {
    if (isDeleted) this.#store.deleted(object);
    else this.#store.changed(object);
  }
  list(objects: readonly KubeObject[], version: number): void {
    this.#store.beginList();
    for (const object of objects) this.#store.listed(object);
    this.#store.endList(String(version));
  }
}
