/** Create, update, patch and apply: from what a client sent to a stored revision. */
import { isDeepStrictEqual } from 'node:util';
import type { Admission, AdmissionResponse, UserInfo } from '../../api/admission.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import { apiVersionOf } from '../../api/resources.ts';
import { ApplyConflictError, ApplyInputError } from '../apply/apply-errors.ts';
import { applyObject } from '../apply/apply-object.ts';
import { trackUpdate } from '../apply/track-update.ts';
import { metaOf, statusWritersOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import { secondsText } from '../../api/seconds-text.ts';
import type { ObjectStore, Row } from '../storage/object-store.ts';
import { checkAdmission } from './admission-answer.ts';
import { checkBody, requireType } from './check-body.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import { decodeObject, reportUnknown, validateObject } from './object-checks.ts';
import { carryServerFields, sameContent, specChanged, staysAlive } from './object-rules.ts';
import { decodeStored, randomSuffix, toStored, uuid } from './stored-form.ts';
import * as api from './api-error.ts';

export interface WriteContext {
  user: UserInfo;
  fieldManager: string;
  dryRun: boolean;
  fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  warnings: string[];
  /** What the request said twice, in Kubernetes' words. */
  duplicates?: readonly string[];
  subresource?: string;
}

export interface WriterDeps {
  store: ObjectStore;
  admission: Admission | undefined;
  now: () => number;
  random: (size: number) => Uint8Array;
  /** Refuses creation where the namespace does not take objects. @throws ApiError */
  checkNamespace: (entry: ResourceEntry, namespace: string, name: string) => void;
}

export interface Target {
  entry: ResourceEntry;
  namespace: string;
  name: string;
}

/** Gives the object that replaces the current one, which is a copy of its own, made when asked for. */
export type Change = (current: () => JsonObject) => JsonObject;

export interface Written {
  /** The object in stored form. */
  json: string;
  created: boolean;
}

const MAX_ATTEMPTS = 16;

export class ObjectWriter {
  readonly #deps: WriterDeps;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
  }

  async create(
    entry: ResourceEntry,
    namespace: string,
    object: JsonObject,
    context: WriteContext,
  ): Promise<Written> {
    checkBody(entry, object, { namespace });
    const meta = metaOf(object);
    if (meta.resourceVersion !== undefined && meta.resourceVersion !== '') {
      throw api.badRequest('resourceVersion should not be set on objects to be created');
    }
    const generate = (meta.name === undefined || meta.name === '') && (meta.generateName ?? '') !== '';
    for (let attempt = 1; ; attempt++) {
      if (generate) meta.name = `${meta.generateName!.slice(0, 58)}${randomSuffix(this.#deps.random)}`;
      const body = generate ? structuredClone(object) : object;
      const written = await this.#insert(entry, namespace, body, context, undefined);
      if (written !== undefined) return written;
      if (!generate || attempt === MAX_ATTEMPTS) throw api.alreadyExists(entry.type, meta.name ?? '');
    }
  }

  async #insert(
    entry: ResourceEntry,
    namespace: string,
    object: JsonObject,
    context: WriteContext,
    managed: ManagedFieldsEntry[] | undefined,
  ): Promise<Written | undefined> {
    const { store, now, random } = this.#deps;
    const meta = (object['metadata'] ??= {}) as NonNullable<KubeObject['metadata']>;
    const name = meta.name ?? '';
    this.#deps.checkNamespace(entry, namespace, name);
    if (entry.statusSubresource) delete object['status'];
    decodeObject(entry, object, context);
    meta.uid = uuid(random);
    meta.creationTimestamp = secondsText(now());
    delete meta.deletionTimestamp;
    delete meta.deletionGracePeriodSeconds;
    delete (meta as JsonObject)['selfLink'];
    if (entry.tracksGeneration) meta.generation = 1;
    else delete meta.generation;
    entry.prepare?.(object, undefined, now(), undefined, context.user);
    validateObject(entry, object);
    const review = this.#admit(entry, 'CREATE', { namespace, name, object }, context);
    const admitted = review instanceof Promise ? await review : review;
    if (admitted !== object) validateObject(entry, admitted);
    const final = metaOf(admitted);
    final.managedFields =
      managed === undefined
        ? this.#track(entry, undefined, admitted, context)
        : admitted === object
          ? managed
          : this.#trackAdmission(entry, object, admitted, managed, context);
    if (final.managedFields.length === 0) delete final.managedFields;
    const key = { resource: entry.storageKey, namespace, name };
    if (context.dryRun) {
      if (store.get(key) !== undefined) return undefined;
      return { json: JSON.stringify(toStored(entry, admitted)), created: true };
    }
    const row = this.#store(entry, key, admitted, undefined, undefined, false);
    if (row === undefined) return undefined;
    await store.committed();
    return { json: row.json, created: true };
  }

  /**
   * Replaces an object by what `change` makes of it. `change` may be called again when somebody else wrote in
   * between; a resourceVersion in its result makes that a conflict instead.
   */
  async update(
    target: Target,
    change: Change,
    context: WriteContext,
    options: { apply?: boolean; precondition?: { uid?: string } } = {},
  ): Promise<Written> {
    const { entry, namespace, name } = target;
    const key = { resource: entry.storageKey, namespace, name };
    for (let attempt = 1; ; attempt++) {
      const row = this.#deps.store.get(key);
      if (row === undefined) throw api.notFound(entry.type, name);
      const written = await this.#replace(target, row, change, context, options.apply === true);
      if (written !== undefined) return written;
      if (attempt === MAX_ATTEMPTS) throw api.conflict(entry.type, name);
    }
  }

  async #replace(
    target: Target,
    row: Row,
    change: Change,
    context: WriteContext,
    isApply: boolean,
  ): Promise<Written | undefined> {
    const { entry, namespace, name } = target;
    const { store, now } = this.#deps;
    const old = decodeStored(entry, row.json);
    let object = change(() => decodeStored(entry, row.json));
    checkBody(entry, object, { namespace, name });
    const meta = (object['metadata'] ??= {}) as NonNullable<KubeObject['metadata']>;
    const oldMeta = metaOf(old);
    const given = meta.resourceVersion ?? '';
    if (meta.uid !== undefined && meta.uid !== '' && meta.uid !== row.uid) {
      throw api.conflict(
        entry.type,
        name,
        `Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: ${row.uid}`,
      );
    }
    if (given !== '' && given !== String(row.rv)) throw api.conflict(entry.type, name);
    decodeObject(entry, object, context);
    if (context.subresource !== undefined && statusWritersOf(entry).includes(context.subresource)) {
      const status = object['status'];
      const managed = meta.managedFields;
      // The rest is shared with the old object: nobody changes anything below the top from here on.
      object = { ...old, metadata: { ...oldMeta } };
      if (status === undefined) delete object['status'];
      else object['status'] = status;
      if (managed !== undefined) metaOf(object).managedFields = managed;
    } else if (entry.statusSubresource) {
      if (old['status'] === undefined) delete object['status'];
      else object['status'] = isJsonObject(old['status']) ? { ...old['status'] } : old['status'];
    }
    const fresh = metaOf(object);
    carryServerFields(fresh, oldMeta);
    entry.prepare?.(object, old, now(), context.subresource, context.user);
    if (entry.tracksGeneration && context.subresource === undefined && specChanged(old, object)) {
      fresh.generation = (oldMeta.generation ?? 0) + 1;
    }
    const merged = object;
    validateObject(entry, merged, old, context.subresource);
    const review = this.#admit(entry, 'UPDATE', { namespace, name, object, oldObject: old }, context);
    // Not awaited when it need not be: without a turn in between nobody can write the object meanwhile.
    object = review instanceof Promise ? await review : review;
    if (object !== merged) validateObject(entry, object, old, context.subresource);
    const final = metaOf(object);
    if (isApply) {
      if (object !== merged) {
        final.managedFields = this.#trackAdmission(entry, merged, object, fresh.managedFields ?? [], context);
      }
    } else final.managedFields = this.#track(entry, old, object, context);
    if (final.managedFields?.length === 0) delete final.managedFields;
    final.resourceVersion = String(row.rv);
    const stored = toStored(entry, object);
    const unchangedText = JSON.stringify(stored);
    const goes = oldMeta.deletionTimestamp !== undefined && !staysAlive(entry, object);
    if (!goes && (unchangedText === row.json || sameContent(unchangedText, row.json))) {
      await store.committed();
      return { json: row.json, created: false };
    }
    if (context.dryRun) return { json: unchangedText, created: false };
    // What goes is announced as it last stood.
    const next = this.#store(entry, row, goes ? old : object, row, old, goes);
    // Lost a race while admission was thinking: look again. A client that gave a revision gets its conflict then.
    if (next === undefined) return undefined;
    await store.committed();
    return { json: goes ? unchangedText : next.json, created: false };
  }

  /** Server-side apply; creates the object when it is not there. */
  async apply(target: Target, applied: JsonObject, force: boolean, context: WriteContext): Promise<Written> {
    const { entry, namespace, name } = target;
    requireType(applied);
    checkBody(entry, applied, { namespace, name });
    const key = { resource: entry.storageKey, namespace, name };
    const meta = (applied['metadata'] ??= {}) as NonNullable<KubeObject['metadata']>;
    meta.name = name;
    if (namespace !== '') meta.namespace = namespace;
    reportUnknown(entry, entry.schema.prune(applied), context);
    // An apply changes neither: they say which object is meant, and in which state, as in any other update.
    const meant = Object.entries(meta).filter(([field]) => field === 'uid' || field === 'resourceVersion');
    const merge = (live?: () => JsonObject): JsonObject => {
      try {
        const merged = applyObject({
          live: live?.(),
          applied,
          manager: context.fieldManager,
          force,
          schema: entry.mergeSchema,
          ...(context.subresource === undefined ? {} : { subresource: context.subresource }),
          now: this.#deps.now(),
          apiVersion: apiVersionOf(entry.type),
        }) as JsonObject;
        const metadata = { ...metaOf(merged), ...Object.fromEntries(meant) };
        metadata.managedFields ??= []; // Nobody owns anything any more; absent would mean: as before.
        return { ...merged, metadata };
      } catch (error) {
        if (error instanceof ApplyConflictError) {
          throw api.applyConflict(error.conflicts.map((c) => ({ manager: c.manager, field: c.path })));
        }
        if (error instanceof ApplyInputError) throw api.badRequest(error.message);
        throw error;
      }
    };
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      if (this.#deps.store.uidOf(key) !== undefined) {
        return this.update(target, merge, context, { apply: true });
      }
      if (context.subresource !== undefined) throw api.notFound(entry.type, name);
      if ((meta.resourceVersion ?? '') !== '' || (meta.uid ?? '') !== '')
        throw api.conflict(entry.type, name);
      const created = merge();
      const written = await this.#insert(
        entry,
        namespace,
        created,
        context,
        metaOf(created).managedFields ?? [],
      );
      if (written !== undefined) return written;
    }
    throw api.conflict(entry.type, name);
  }

  #admit(
    entry: ResourceEntry,
    operation: 'CREATE' | 'UPDATE',
    request: { namespace: string; name: string; object: JsonObject; oldObject?: JsonObject },
    context: WriteContext,
  ): JsonObject | Promise<JsonObject> {
    const { admission } = this.#deps;
    if (admission === undefined) return request.object;
    const answer = admission({
      operation,
      resource: entry.type,
      ...(context.subresource === undefined ? {} : { subresource: context.subresource }),
      ...(request.namespace === '' ? {} : { namespace: request.namespace }),
      name: request.name,
      user: context.user,
      object: request.object,
      ...(request.oldObject === undefined ? {} : { oldObject: request.oldObject }),
      dryRun: context.dryRun,
    });
    const take = (response: AdmissionResponse): JsonObject => {
      checkAdmission(entry, request.name, response, context.warnings);
      return (response.object as JsonObject | undefined) ?? request.object;
    };
    return answer instanceof Promise ? answer.then(take) : take(answer);
  }

  #track(
    entry: ResourceEntry,
    before: JsonObject | undefined,
    after: JsonObject,
    context: WriteContext,
  ): ManagedFieldsEntry[] {
    return trackUpdate({
      before,
      after,
      manager: context.fieldManager,
      schema: entry.mergeSchema,
      ...(context.subresource === undefined ? {} : { subresource: context.subresource }),
      now: this.#deps.now(),
      apiVersion: apiVersionOf(entry.type),
    });
  }

  /** Fields that admission changed belong to the applier as an Update, as kube-apiserver has it. */
  #trackAdmission(
    entry: ResourceEntry,
    before: JsonObject,
    after: JsonObject,
    managed: ManagedFieldsEntry[],
    context: WriteContext,
  ): ManagedFieldsEntry[] {
    const from = { ...before, metadata: { ...metaOf(before), managedFields: managed } };
    const to = { ...after, metadata: { ...metaOf(after), managedFields: managed } };
    return this.#track(entry, from, to, context);
  }

  #store(
    entry: ResourceEntry,
    key: { resource: string; namespace: string; name: string },
    object: JsonObject,
    row: Row | undefined,
    old: JsonObject | undefined,
    deleted: boolean,
  ): Row | undefined {
    const stored = toStored(entry, object);
    const meta = metaOf(stored);
    const owners = meta.ownerReferences?.map((owner) => owner.uid);
    const ownersChanged =
      old === undefined
        ? owners !== undefined
        : !isDeepStrictEqual(
            owners,
            metaOf(old).ownerReferences?.map((o) => o.uid),
          );
    return this.#deps.store.write({
      resource: key.resource,
      namespace: key.namespace,
      name: key.name,
      uid: meta.uid ?? '',
      expected: row?.rv ?? 0,
      ...(row === undefined ? {} : { previousJson: row.json }),
      render: (rv) => {
        meta.resourceVersion = String(rv);
        return JSON.stringify(stored);
      },
      ...(ownersChanged ? { owners: owners ?? [] } : {}),
      deleted,
    });
  }
}
