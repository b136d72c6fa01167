/** A client that counts what it does, and that a test can kill: from then on the API never hears of it again. */
import type { KubeList, KubeObject } from '../../src/api/meta.ts';
import type { ResourceType } from '../../src/api/resources.ts';
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../src/kube/client.ts';

export class DeadError extends Error {}

export interface Written {
  verb: 'create' | 'update' | 'patch' | 'apply' | 'delete';
  kind: string;
  name: string;
  manager: string;
}

export class MortalClient implements KubeClient {
  readonly writes: Written[] = [];
  /** Requests begun so far, and those still under way; watches do not count. */
  activity = 0;
  pending = 0;
  /** Given: what every write meets instead of the API, events included. */
  outage: (() => Error) | undefined;
  #client: KubeClient;
  #left = Infinity;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Dies after `writes` more writes; events are not counted. */
  dieAfter(writes: number): void {
    this.#left = writes;
  }
  get dead(): boolean {
    return this.#left < 0;
  }

  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<T> {
    return this.#ask(() => this.#client.get<T>(type, key, signal));
  }
  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<KubeList<T>> {
    return this.#ask(() => this.#client.list<T>(type, options));
  }
  watch<T extends KubeObject>(type: ResourceType, options?: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return this.#client.watch<T>(type, options);
  }
  create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    const write = () => this.#client.create<T>(type, object, options);
    return this.#write('create', type, object.metadata?.name ?? '', options.fieldManager, write);
  }
  update<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    const write = () => this.#client.update<T>(type, object, options);
    return this.#write('update', type, object.metadata?.name ?? '', options.fieldManager, write);
  }
  patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    patchType: 'json' | 'merge' | 'strategic',
    patch: unknown,
    options: WriteOptions,
  ): Promise<T> {
    const write = () => this.#client.patch<T>(type, key, patchType, patch, options);
    return this.#write('patch', type, key.name, options.fieldManager, write);
  }
  apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T> {
    const write = () => this.#client.apply<T>(type, object, options);
    return this.#write('apply', type, object.metadata?.name ?? '', options.fieldManager, write);
  }
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void> {
    return this.#write('delete', type, key.name, '', () => this.#client.delete(type, key, options));
  }

  async #write<R>(
    verb: Written['verb'],
    type: ResourceType,
    name: string,
    manager: string,
    write: () => Promise<R>,
  ): Promise<R> {
    if (this.outage !== undefined) {
      this.activity++;
      throw this.outage();
    }
    if (type.kind === 'Event') return this.#ask(write);
    if (this.#left <= 0) {
      this.#left = -1;
      throw new DeadError(`the process died before it could ${verb} ${type.kind} ${name}`);
    }
    this.#left--;
    this.writes.push({ verb, kind: type.kind, name, manager });
    return this.#ask(write);
  }

  async #ask<R>(request: () => Promise<R>): Promise<R> {
    this.activity++;
    if (this.dead) throw new DeadError('the process is dead');
    this.pending++;
    try {
      return await request();
    } finally {
      this.pending--;
      this.activity++;
    }
  }
}
