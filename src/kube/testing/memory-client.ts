/** A KubeClient over a Map, for tests that are about what is written and not about how it travels. */
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import type { KubeClient, ObjectKey, WriteOptions } from '../client.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from '../errors.ts';

export interface Write {
  verb: 'create' | 'update' | 'patch' | 'apply';
  body: unknown;
  options: WriteOptions;
}

export class MemoryClient implements KubeClient {
  readonly objects = new Map<string, KubeObject>();
  readonly writes: Write[] = [];
  /** Thrown by every call while set. */
  failure: Error | undefined;
  /** Calls wait for this. */
  gate: Promise<void> = Promise.resolve();
  #version = 0;

  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<T> {
    return this.#run(() => structuredClone(this.#find(type, key)) as T, signal);
  }
  create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    return this.#run(() => {
      this.writes.push({ verb: 'create', body: structuredClone(object), options });
      const at = pathOf(type, object.metadata as ObjectKey);
      if (this.objects.has(at)) throw new AlreadyExistsError(at);
      return this.#store(at, object);
    }, options.signal);
  }
  update<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    return this.#run(() => {
      this.writes.push({ verb: 'update', body: structuredClone(object), options });
      const stored = this.#find(type, object.metadata as ObjectKey);
      if (stored.metadata?.resourceVersion !== object.metadata?.resourceVersion)
        throw new ConflictError('changed');
      return this.#store(pathOf(type, object.metadata as ObjectKey), object);
    }, options.signal);
  }
  patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    _patchType: 'json' | 'merge' | 'strategic',
    patch: unknown,
    options: WriteOptions,
  ): Promise<T> {
    return this.#run(() => {
      this.writes.push({ verb: 'patch', body: structuredClone(patch), options });
      return this.#store(pathOf(type, key), { ...this.#find(type, key), ...(patch as object) } as T);
    }, options.signal);
  }
  list(): never {
    throw new TypeError('this client does not list');
  }
  watch(): never {
    throw new TypeError('this client does not watch');
  }
  /** Whole objects by one manager: what is applied is what there is. */
  apply<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    return this.#run(() => {
      this.writes.push({ verb: 'apply', body: structuredClone(object), options });
      return this.#store(pathOf(type, object.metadata as ObjectKey), object);
    }, options.signal);
  }
  delete(type: ResourceType, key: ObjectKey): Promise<void> {
    return this.#run(() => void this.objects.delete(pathOf(type, key)));
  }

  async #run<T>(task: () => T, signal?: AbortSignal): Promise<T> {
    const aborted = new Promise<never>((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    await Promise.race([this.gate, aborted]);
    if (this.failure !== undefined) throw this.failure;
    return task();
  }
  #find(type: ResourceType, key: ObjectKey): KubeObject {
    const found = this.objects.get(pathOf(type, key));
    if (found === undefined) throw new NotFoundError(pathOf(type, key));
    return found;
  }
  #store<T extends KubeObject>(at: string, object: T): T {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    const stored = { ...structuredClone(object), metadata };
    this.objects.set(at, stored);
    return structuredClone(stored);
  }
}

function pathOf(type: ResourceType, key: ObjectKey): string {
  return `${type.plural}/${key.namespace}/${key.name}`;
}
