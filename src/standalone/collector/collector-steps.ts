/** What is done about one object: owners that are gone, deletions that wait, namespaces and definitions to be emptied. */
import type { UserInfo } from '../../api/admission.ts';
import type { OwnerReference } from '../../api/meta.ts';
import { CRD_FINALIZER } from '../resources/builtin/custom-resource-definition.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import type { ResourceRegistry } from '../resources/resource-registry.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER, type ObjectDeleter } from '../rest/object-deleter.ts';
import type { ObjectWriter, Target } from '../rest/object-writer.ts';
import { decodeStored } from '../rest/stored-form.ts';
import type { ObjectStore, RowKey } from '../storage/object-store.ts';

export interface StepsDeps {
  store: ObjectStore;
  registry: ResourceRegistry;
  writer: ObjectWriter;
  deleter: ObjectDeleter;
}

/** As whom the background work writes. */
export const COLLECTOR_USER: UserInfo = {
  username: 'system:serviceaccount:kube-system:generic-garbage-collector',
  groups: ['system:masters', 'system:authenticated'],
};

/** Garbage collection by owner references, emptying of namespaces, removal of custom resources. */
export class CollectorSteps {
  readonly #options: StepsDeps;
  readonly #stopped: () => boolean;

  /** `stopped`: asked between writes; the next start goes on. */
  constructor(options: StepsDeps, stopped: () => boolean) {
    this.#options = options;
    this.#stopped = stopped;
  }

  /** Does what there is to do about one object. @throws ApiError */
  async look(key: RowKey): Promise<void> {
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

  /** Where an owner would be stored; undefined for kinds that are not served. */
  ownerKey(owner: OwnerReference, namespace: string): RowKey | undefined {
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

  /**
   * A kind that is not served (yet) may come back: its references are not dangling. Neither is a reference from an
   * object of no namespace to a kind of namespaces: it does not say which one, so it can never be looked up.
   */
  #ownerState(owner: OwnerReference, namespace: string): 'solid' | 'gone' | 'waiting' {
    const key = this.ownerKey(owner, namespace);
    if (key === undefined) return 'solid';
    if (namespace === '' && this.#options.registry.stored(key.resource)?.type.namespaced === true)
      return 'solid';
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
      if (this.#stopped()) return; // The next start goes on here.
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
      if (this.#stopped()) return; // The next start goes on here.
      const entry = this.#options.registry.stored(key.resource);
      const row = this.#options.store.get(key);
      if (entry === undefined || row === undefined) continue;
      const object = decodeStored(entry, row.json);
      await this.#checkOwners({ entry, namespace: key.namespace, name: key.name }, object);
      const left = this.#options.store.get(key);
      if (left === undefined) continue;
      const references = metaOf(decodeStored(entry, left.json)).ownerReferences;
      if (references?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true) === true)
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

  /** Gives how many objects are left, because they wait for finalizers or the worker was told to stop. */
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
          if (this.#stopped()) return Infinity;
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
        const changed = change(current());
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
