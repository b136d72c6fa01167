/** The background worker: garbage collection by owner references, emptying of namespaces, removal of custom resources. */
import type { UserInfo } from '../../api/admission.ts';
import type { OwnerReference } from '../../api/meta.ts';
import { CRD_FINALIZER } from '../resources/builtin/custom-resource-definition.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import type { ResourceRegistry } from '../resources/resource-registry.ts';
import { ApiError } from '../rest/api-error.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER, type ObjectDeleter } from '../rest/object-deleter.ts';
import type { ObjectWriter, Target } from '../rest/object-writer.ts';
import { decodeStored } from '../rest/stored-form.ts';
import type { ServerLog } from '../server.ts';
import type { ObjectStore, RowKey, StoredChange } from '../storage/object-store.ts';

export interface CollectorOptions {
  store: ObjectStore;
  registry: ResourceRegistry;
  writer: ObjectWriter;
  deleter: ObjectDeleter;
  log: ServerLog | undefined;
}

/** As whom the background work writes. */
export const COLLECTOR_USER: UserInfo = {
  username: 'system:serviceaccount:kube-system:generic-garbage-collector',
  groups: ['system:masters', 'system:authenticated'],
};
const RETRY_MS = 1000;

/** Level-based: a key in the queue means "look at this object", never "this happened". */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #queue = new Map<string, RowKey>();
  readonly #unsubscribe: () => void;
  #running: Promise<void> | undefined;
  readonly #failed: RowKey[] = [];
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#unsubscribe = options.store.onCommit((changes) => this.#observe(changes));
  }

  /** Looks at everything once: what was left undone when the process ended. */
  start(): void {
    const { store } = this.#options;
    for (const key of store.owned()) this.#add(key);
    for (const resource of ['namespaces', 'customresourcedefinitions.apiextensions.k8s.io']) {
      for (const row of store.list(resource, { at: store.revision, limit: 100_000 }).rows) this.#add(row);
    }
  }

  /** Resolves when the queue is empty. */
  async settled(): Promise<void> {
    while (this.#running !== undefined || this.#queue.size > 0) {
      if (this.#stopped) return;
      await (this.#running ?? this.#kick());
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    clearTimeout(this.#retry);
    await this.#running;
  }

  #observe(changes: readonly StoredChange[]): void {
    for (const change of changes) {
      if (change.type === 'DELETED') {
        for (const key of this.#options.store.dependents(change.uid)) this.#add(key);
        this.#addOwnersInDeletion(change.json);
        if (change.namespace !== '') this.#addTerminating(change.namespace);
        const definition = this.#options.registry.stored(change.resource);
        if (definition !== undefined && !definition.strategicMerge) {
          this.#addTerminatingDefinition(change.resource);
        }
      } else if (needsLook(change)) this.#add(change);
    }
  }

  /** An owner in foreground deletion waits for its dependents: one of them is gone. */
  #addOwnersInDeletion(json: string): void {
    if (!json.includes('"blockOwnerDeletion":true')) return;
    const object = JSON.parse(json) as JsonObject;
    for (const owner of metaOf(object).ownerReferences ?? []) {
      const key = this.#ownerKey(owner, metaOf(object).namespace ?? '');
      if (key !== undefined) this.#add(key);
    }
  }

  #addTerminating(namespace: string): void {
    if (
      this.#options.store
        .get({ resource: 'namespaces', namespace: '', name: namespace })
        ?.json.includes('"deletionTimestamp"') === true
    ) {
      this.#add({ resource: 'namespaces', namespace: '', name: namespace });
    }
  }

  #addTerminatingDefinition(name: string): void {
    const key = { resource: 'customresourcedefinitions.apiextensions.k8s.io', namespace: '', name };
    if (this.#options.store.get(key)?.json.includes('"deletionTimestamp"') === true) this.#add(key);
  }

  #add(key: RowKey): void {
    this.#queue.set(`${key.resource}/${key.namespace}/${key.name}`, {
      resource: key.resource,
      namespace: key.namespace,
      name: key.name,
    });
    if (this.#running === undefined && !this.#stopped) void this.#kick();
  }

  #kick(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      if (this.#queue.size > 0 && !this.#stopped) void this.#kick();
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    // Requests go first: the worker begins after the turn that woke it.
    await new Promise((resolve) => setImmediate(resolve));
    for (const [id, key] of this.#queue) {
      if (this.#stopped) return;
      this.#queue.delete(id);
      try {
        await this.#look(key);
      } catch (error) {
        if (error instanceof ApiError && (error.httpCode === 404 || error.httpCode === 409)) continue; // Changed meanwhile: its change is queued.
        this.#options.log?.warn(
          { err: error, ...key },
          'the garbage collector could not finish an object and will try again',
        );
        this.#failed.push(key);
        this.#retry ??= setTimeout(() => this.#again(), RETRY_MS).unref();
      }
    }
  }

  #again(): void {
    this.#retry = undefined;
    for (const key of this.#failed.splice(0)) this.#add(key);
  }

  async #look(key: RowKey): Promise<void> {
    const { store, registry } = this.#options;
    const entry = registry.stored(key.resource);
    const row = store.get(key);
    if (entry === undefined || row === undefined) return;
    const object = decodeStored(entry, row.json);
    const target: Target = { entry, namespace: key.namespace, name: key.name };
    const meta = metaOf(object);
    if (meta.deletionTimestamp !== undefined) {
      if (meta.finalizers?.includes(ORPHAN_FINALIZER) === true) return this.#orphan(target, row.uid);
      if (meta.finalizers?.includes(FOREGROUND_FINALIZER) === true) return this.#foreground(target, row.uid);
      if (key.resource === 'namespaces') return this.#emptyNamespace(target);
      if (meta.finalizers?.includes(CRD_FINALIZER) === true) return this.#emptyResource(target);
    }
    if ((meta.ownerReferences?.length ?? 0) > 0) await this.#checkOwners(target, object);
  }

  #ownerKey(owner: OwnerReference, namespace: string): RowKey | undefined {
    const slash = owner.apiVersion.indexOf('/');
    const entry = this.#options.registry.ofKind(
      slash === -1 ? '' : owner.apiVersion.slice(0, slash),
      owner.kind,
    );
    if (entry === undefined) return undefined;
    return {
      resource: entry.storageKey,
      namespace: entry.type.namespaced ? namespace : '',
      name: owner.name,
    };
  }

  /** A kind that is not served (yet) may come back: its references are not dangling. */
  #ownerState(owner: OwnerReference, namespace: string): 'solid' | 'gone' | 'waiting' {
    const key = this.#ownerKey(owner, namespace);
    if (key === undefined) return 'solid';
    const row = this.#options.store.get(key);
    if (row === undefined || row.uid !== owner.uid) return 'gone';
    return row.json.includes(FOREGROUND_FINALIZER) && row.json.includes('"deletionTimestamp"')
      ? 'waiting'
      : 'solid';
  }

  async #checkOwners(target: Target, object: JsonObject): Promise<void> {
    const meta = metaOf(object);
    if (meta.deletionTimestamp !== undefined) return;
    const states = (meta.ownerReferences ?? []).map((owner) => ({
      owner,
      state: this.#ownerState(owner, target.namespace),
    }));
    const solid = states.filter(({ state }) => state === 'solid');
    if (solid.length === states.length) return;
    const preconditions = { uid: meta.uid ?? '' };
    if (solid.length > 0) {
      await this.#edit(target, (current) =>
        dropOwners(
          current,
          new Set(states.filter(({ state }) => state !== 'solid').map(({ owner }) => owner.uid)),
        ),
      );
      return;
    }
    const waiting = states.some(({ state }) => state === 'waiting');
    const dependents = this.#options.store.dependents(meta.uid ?? '').length > 0;
    await this.#options.deleter.delete(
      target,
      { dryRun: false, preconditions, ...(waiting && dependents ? { propagationPolicy: 'Foreground' } : {}) },
      COLLECTOR_USER,
      [],
    );
  }

  async #orphan(target: Target, uid: string): Promise<void> {
    for (const key of this.#options.store.dependents(uid)) {
      const entry = this.#options.registry.stored(key.resource);
      if (entry === undefined) continue;
      await this.#edit({ entry, namespace: key.namespace, name: key.name }, (current) =>
        dropOwners(current, new Set([uid])),
      );
    }
    await this.#edit(target, (current) => dropFinalizer(current, ORPHAN_FINALIZER));
  }

  async #foreground(target: Target, uid: string): Promise<void> {
    let blocking = 0;
    for (const key of this.#options.store.dependents(uid)) {
      const entry = this.#options.registry.stored(key.resource);
      const row = this.#options.store.get(key);
      if (entry === undefined || row === undefined) continue;
      const object = decodeStored(entry, row.json);
      await this.#checkOwners({ entry, namespace: key.namespace, name: key.name }, object);
      const left = this.#options.store.get(key);
      const reference = metaOf(object).ownerReferences?.find((owner) => owner.uid === uid);
      if (
        left !== undefined &&
        reference?.blockOwnerDeletion === true &&
        this.#options.store.dependents(uid).some((one) => sameKey(one, key))
      )
        blocking++;
    }
    if (blocking === 0) await this.#edit(target, (current) => dropFinalizer(current, FOREGROUND_FINALIZER));
  }

  async #emptyNamespace(target: Target): Promise<void> {
    const left = await this.#deleteAll(
      this.#options.registry.all().filter((entry) => entry.type.namespaced),
      target.name,
    );
    if (left === 0) {
      await this.#edit(target, (current) => ({ ...current, spec: { finalizers: [] } }), 'finalize');
    }
  }

  async #emptyResource(target: Target): Promise<void> {
    const entry = this.#options.registry.stored(target.name);
    const left = entry === undefined ? 0 : await this.#deleteAll([entry], undefined);
    if (left === 0) await this.#edit(target, (current) => dropFinalizer(current, CRD_FINALIZER));
  }

  /** Gives how many objects are left, because they wait for finalizers. */
  async #deleteAll(entries: readonly ResourceEntry[], namespace: string | undefined): Promise<number> {
    const { store, deleter, registry } = this.#options;
    let left = 0;
    for (const storageKey of new Set(entries.map((entry) => entry.storageKey))) {
      const entry = registry.stored(storageKey);
      if (entry === undefined) continue;
      let after: { namespace: string; name: string } | undefined;
      for (;;) {
        const page = store.list(storageKey, {
          at: store.revision,
          limit: 256,
          ...(namespace === undefined ? {} : { namespace }),
          ...(after === undefined ? {} : { after }),
        });
        for (const row of page.rows) {
          after = { namespace: row.namespace, name: row.name };
          const target = { entry, namespace: row.namespace, name: row.name };
          const deleted = await deleter.delete(target, { dryRun: false }, COLLECTOR_USER, []);
          if (deleted.waitingJson !== undefined) left++;
        }
        if (!page.more) break;
      }
    }
    return left;
  }

  async #edit(
    target: Target,
    change: (current: JsonObject) => JsonObject,
    subresource?: string,
  ): Promise<void> {
    await this.#options.writer.update(
      target,
      (current) => {
        const changed = change(current);
        delete metaOf(changed).resourceVersion;
        return changed;
      },
      {
        user: COLLECTOR_USER,
        fieldManager: 'kube-controller-manager',
        dryRun: false,
        fieldValidation: 'Ignore',
        warnings: [],
        ...(subresource === undefined ? {} : { subresource }),
      },
    );
  }
}

function sameKey(a: RowKey, b: RowKey): boolean {
  return a.resource === b.resource && a.namespace === b.namespace && a.name === b.name;
}

/** Whether a written object can concern the collector. Text search first: parsing every write would cost. */
function needsLook(change: StoredChange): boolean {
  if (change.json.includes('"deletionTimestamp"')) return true;
  if (!change.json.includes('"ownerReferences"')) return false;
  return change.type === 'ADDED' || change.previousJson?.includes('"ownerReferences"') !== true;
}

function dropOwners(object: JsonObject, uids: ReadonlySet<string>): JsonObject {
  const meta = metaOf(object);
  meta.ownerReferences = (meta.ownerReferences ?? []).filter((owner) => !uids.has(owner.uid));
  if (meta.ownerReferences.length === 0) delete meta.ownerReferences;
  return object;
}

function dropFinalizer(object: JsonObject, finalizer: string): JsonObject {
  const meta = metaOf(object);
  meta.finalizers = (meta.finalizers ?? []).filter((one) => one !== finalizer);
  if (meta.finalizers.length === 0) delete meta.finalizers;
  return object;
}
