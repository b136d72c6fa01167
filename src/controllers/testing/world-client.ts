/** A KubeClient over memory with lists, watches, apply and status, so that controllers can be tested without a server. */
import type { FieldsV1, KubeList, KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import type { Secret } from '../../api/core.ts';
import { apiVersionOf, type ResourceType } from '../../api/resources.ts';
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from '../../kube/errors.ts';

export interface WorldWrite {
  verb: 'create' | 'update' | 'patch' | 'apply' | 'delete';
  kind: string;
  name: string;
  subresource?: string;
  manager?: string;
}

type Stored = KubeObject & { spec?: unknown; status?: unknown };

interface Change {
  version: number;
  plural: string;
  event: WatchEvent<Stored>;
}

export class WorldClient implements KubeClient {
  readonly writes: WorldWrite[] = [];
  readonly events: {
    kind: string;
    name: string;
    type: string;
    reason: string;
    message: string;
    component: string;
  }[] = [];
  /** Called before a write is carried out; throws to make it fail. */
  intercept: (write: WorldWrite) => void = () => undefined;
  readonly #objects = new Map<string, Stored>();
  readonly #log: Change[] = [];
  readonly #wake = new Set<() => void>();
  readonly #clock: Clock;
  #version = 1;
  #names = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  #at(type: ResourceType, namespace: string | undefined, name: string): string {
    return `${type.plural}/${type.namespaced ? `${namespace ?? ''}/` : ''}${name}`;
  }
  #find(type: ResourceType, { namespace, name }: ObjectKey): Stored {
    const found = this.#objects.get(this.#at(type, namespace, name));
    if (found === undefined) throw new NotFoundError(`${type.plural} "${name}" not found`);
    return found;
  }
  #note(write: WorldWrite): void {
    this.intercept(write);
    if (write.kind !== 'Event') this.writes.push(write);
  }
  #put(type: ResourceType, object: Stored, kind: 'ADDED' | 'MODIFIED'): Stored {
    const version = ++this.#version;
    object.metadata = { ...object.metadata, resourceVersion: String(version) };
    if (type.plural !== 'events')
      this.#objects.set(this.#at(type, object.metadata.namespace, object.metadata.name ?? ''), object);
    this.#publish({ version, plural: type.plural, event: { type: kind, object } });
    return structuredClone(object);
  }
  #publish(change: Change): void {
    this.#log.push(change);
    for (const wake of this.#wake) wake();
  }
  all<T extends KubeObject>(type: ResourceType): T[] {
    return [...this.#objects].flatMap(([at, object]) =>
      at.startsWith(`${type.plural}/`) ? [structuredClone(object) as T] : [],
    );
  }

  /** Puts an object in as it is, managed fields and all. */
  load(type: ResourceType, object: KubeObject): void {
    this.#put(type, structuredClone(object), 'ADDED');
  }

  async get<T extends KubeObject>(type: ResourceType, key: ObjectKey): Promise<T> {
    return structuredClone(this.#find(type, key)) as T;
  }
  async list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<KubeList<T>> {
    const items = this.all<T>(type).filter((object) => selected(object, options));
    return {
      metadata: { resourceVersion: String(this.#version) },
      items: items.map((item) => view(item, options)),
    };
  }
  async *watch<T extends KubeObject>(
    type: ResourceType,
    options: WatchOptions = {},
  ): AsyncIterable<WatchEvent<T>> {
    let position = this.#log.findIndex((change) => change.version > Number(options.resourceVersion ?? 0));
    if (position < 0) position = this.#log.length;
    const ended = (): boolean => options.signal?.aborted === true;
    options.signal?.addEventListener('abort', () => {
      for (const wake of this.#wake) wake();
    });
    while (!ended()) {
      const change = this.#log[position];
      if (change === undefined) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            this.#wake.delete(wake);
            resolve();
          };
          this.#wake.add(wake);
        });
        continue;
      }
      position++;
      if (change.plural !== type.plural) continue;
      const object = structuredClone(change.event.object) as T;
      // Left the selection: gone, as far as this watch is concerned.
      if (selected(object, options)) yield { type: change.event.type, object: view(object, options) };
      else if (change.event.type === 'MODIFIED') yield { type: 'DELETED', object: view(object, options) };
    }
  }
  async create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    const copy: Stored = structuredClone(object);
    const metadata = { ...copy.metadata };
    metadata.name ??= `${metadata.generateName ?? ''}${(++this.#names).toString(36).padStart(5, '0')}`;
    const { name, namespace } = metadata;
    this.#note({ verb: 'create', kind: type.kind, name, manager: options.fieldManager });
    if (type.plural === 'events') this.#event(copy);
    if (this.#objects.has(this.#at(type, namespace, name)))
      throw new AlreadyExistsError(`${type.plural} "${name}" already exists`);
    const now = `${new Date(this.#clock.now()).toISOString().slice(0, 19)}Z`;
    copy.metadata = { ...metadata, uid: `uid-${this.#version + 1}`, creationTimestamp: now, generation: 1 };
    copy.apiVersion = apiVersionOf(type);
    copy.kind = type.kind;
    return this.#put(type, copy, 'ADDED') as T;
  }
  #event(object: KubeObject): void {
    const {
      involvedObject,
      type = '',
      reason = '',
      message = '',
      source,
    } = object as {
      involvedObject: { kind?: string; name?: string };
      type?: string;
      reason?: string;
      message?: string;
      source?: { component?: string };
    };
    this.events.push({
      kind: involvedObject.kind ?? '',
      name: involvedObject.name ?? '',
      type,
      reason,
      message,
      component: source?.component ?? '',
    });
  }
  async update<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    const { name = '', namespace, resourceVersion } = object.metadata ?? {};
    this.#note({
      verb: 'update',
      kind: type.kind,
      name,
      subresource: options.subresource,
      manager: options.fieldManager,
    });
    const old = this.#find(type, { namespace, name });
    if (resourceVersion !== undefined && old.metadata?.resourceVersion !== resourceVersion)
      throw new ConflictError(`${type.plural} "${name}" was modified`);
    return this.#put(type, merged(old, structuredClone(object), options.subresource), 'MODIFIED') as T;
  }
  async patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    patchType: 'json' | 'merge' | 'strategic',
    patch: unknown,
    options: WriteOptions,
  ): Promise<T> {
    if (patchType === 'json') throw new TypeError('no JSON patch here');
    this.#note({
      verb: 'patch',
      kind: type.kind,
      name: key.name,
      subresource: options.subresource,
      manager: options.fieldManager,
    });
    const old = this.#find(type, key);
    const version = (patch as KubeObject).metadata?.resourceVersion;
    if (version !== undefined && version !== old.metadata?.resourceVersion)
      throw new ConflictError(`${type.plural} "${key.name}" was modified`);
    const next = mergePatch(structuredClone(old), patch) as Stored;
    return this.#put(type, merged(old, next, options.subresource), 'MODIFIED') as T;
  }
  /** Enough of server-side apply for Secrets: maps merge, what the manager owned before and leaves out goes. */
  async apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T> {
    const { name = '', namespace } = object.metadata ?? {};
    this.#note({ verb: 'apply', kind: type.kind, name, manager: options.fieldManager });
    const wanted = structuredClone(object) as Secret;
    const old: Secret | undefined = this.#objects.get(this.#at(type, namespace, name));
    const mine = old?.metadata?.managedFields?.find(
      (entry) => entry.manager === options.fieldManager && entry.operation === 'Apply',
    );
    const keep = (
      have: Record<string, string> | undefined,
      owned: object | undefined,
      want: Record<string, string> | undefined,
    ): Record<string, string> => {
      const rest = Object.entries(have ?? {}).filter(
        ([key]) => !(owned !== undefined && Object.hasOwn(owned, `f:${key}`)),
      );
      return { ...Object.fromEntries(rest), ...want };
    };
    const fields = mine?.fieldsV1;
    const data = keep(old?.data, fields?.['f:data'], wanted.data);
    const labels = keep(old?.metadata?.labels, fields?.['f:metadata']?.['f:labels'], wanted.metadata?.labels);
    const annotations = keep(
      old?.metadata?.annotations,
      fields?.['f:metadata']?.['f:annotations'],
      wanted.metadata?.annotations,
    );
    const entry: ManagedFieldsEntry = {
      manager: options.fieldManager,
      operation: 'Apply',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:data': trie(wanted.data),
        'f:metadata': {
          'f:labels': trie(wanted.metadata?.labels),
          'f:annotations': trie(wanted.metadata?.annotations),
          ...(wanted.metadata?.ownerReferences === undefined ? {} : { 'f:ownerReferences': { 'k:{}': {} } }),
        },
      },
    };
    const others = (old?.metadata?.managedFields ?? []).filter((other) => other !== mine);
    const metadata = {
      ...old?.metadata,
      name,
      namespace,
      labels,
      annotations,
      managedFields: [...others, entry],
      ownerReferences: wanted.metadata?.ownerReferences,
    };
    metadata.uid ??= `uid-${this.#version + 1}`;
    const next: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: wanted.type,
      ...old,
      metadata,
      data,
    };
    return this.#put(type, next, old === undefined ? 'ADDED' : 'MODIFIED') as KubeObject as T;
  }
  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    this.#note({ verb: 'delete', kind: type.kind, name: key.name });
    const old = this.#find(type, key);
    const uid = options.preconditions?.uid;
    if (uid !== undefined && uid !== old.metadata?.uid)
      throw new ConflictError('the uid in the precondition does not match');
    this.#objects.delete(this.#at(type, key.namespace, key.name));
    const version = ++this.#version;
    this.#publish({
      version,
      plural: type.plural,
      event: {
        type: 'DELETED',
        object: { ...old, metadata: { ...old.metadata, resourceVersion: String(version) } },
      },
    });
  }
}

function trie(values: Record<string, string> | undefined): FieldsV1 {
  return Object.fromEntries(Object.keys(values ?? {}).map((key) => [`f:${key}`, {}]));
}

/** The status subresource takes only the status; the object itself keeps its status and counts changes of its spec. */
function merged(old: Stored, next: Stored, subresource: string | undefined): Stored {
  if (subresource === 'status') return { ...old, status: next.status };
  const changed = JSON.stringify(old.spec) !== JSON.stringify(next.spec);
  const generation = (old.metadata?.generation ?? 1) + (changed ? 1 : 0);
  return {
    ...next,
    ...(old.status === undefined ? {} : { status: old.status }),
    metadata: { ...old.metadata, ...next.metadata, generation },
  };
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = new Map<string, unknown>(
    Object.entries(typeof target === 'object' && target !== null ? target : {}),
  );
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else if (value !== undefined) result.set(key, mergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}

function selected(object: KubeObject, options: ListOptions): boolean {
  const labels = object.metadata?.labels ?? {};
  if (options.namespace !== undefined && options.namespace !== object.metadata?.namespace) return false;
  return (options.labelSelector ?? '').split(',').every((term) => {
    if (term === '') return true;
    if (term.startsWith('!')) return labels[term.slice(1)] === undefined;
    const [key = '', value] = term.split('=');
    return labels[key] === value;
  });
}

function view<T extends KubeObject>(object: T, options: ListOptions): T {
  return options.metadataOnly === true ? ({ metadata: object.metadata } as T) : object;
}
