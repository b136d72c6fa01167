/** Delete: preconditions, propagation, finalizers, and the moment when an object really goes. */
import { isDeepStrictEqual } from 'node:util';
import type { Admission, UserInfo } from '../../api/admission.ts';
import type { Status } from '../../api/meta.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';
import { secondsText } from '../../api/seconds-text.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { checkAdmission } from './admission-answer.ts';
import * as api from './api-error.ts';
import type { Target } from './object-writer.ts';
import { staysAlive } from './object-rules.ts';
import { decodeStored, toStored } from './stored-form.ts';

/** meta/v1 DeleteOptions as far as it has a meaning here. */
export interface DeleteRequest {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun: boolean;
}

export interface Deleted {
  /** The object as it is now, when it has to wait for finalizers. */
  waitingJson?: string;
  /** The last state of an object that is gone. */
  goneJson?: string;
  status: Status;
}

export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

export interface DeleterDeps {
  store: ObjectStore;
  admission: Admission | undefined;
  now: () => number;
}

export class ObjectDeleter {
  readonly #deps: DeleterDeps;

  constructor(deps: DeleterDeps) {
    this.#deps = deps;
  }

  async delete(target: Target, request: DeleteRequest, user: UserInfo, warnings: string[]): Promise<Deleted> {
    const { entry, namespace, name } = target;
    const { store, now, admission } = this.#deps;
    const key = { resource: entry.storageKey, namespace, name };
    for (let attempt = 1; attempt <= 16; attempt++) {
      const row = store.get(key);
      if (row === undefined) throw api.notFound(entry.type, name);
      const object = decodeStored(entry, row.json);
      checkPreconditions(entry, name, request, row.uid, row.rv);
      const refusal = entry.refuseDelete?.(name);
      if (refusal !== undefined) throw api.forbidden(entry.type, name, refusal);
      if (admission !== undefined) {
        const answer = admission({
          operation: 'DELETE',
          resource: entry.type,
          ...(namespace === '' ? {} : { namespace }),
          name,
          user,
          oldObject: decodeStored(entry, row.json),
          dryRun: request.dryRun,
        });
        checkAdmission(entry, name, answer instanceof Promise ? await answer : answer, warnings);
      }
      const status = success(entry, name, row.uid);
      const before = structuredClone(object);
      const waits = markForDeletion(entry, object, request, now());
      if (request.dryRun) return { status, ...(waits ? { waitingJson: row.json } : { goneJson: row.json }) };
      if (waits && isDeepStrictEqual(before, object)) {
        await store.committed();
        return { waitingJson: row.json, status };
      }
      const stored = toStored(entry, object);
      const meta = metaOf(stored);
      const next = store.write({
        ...key,
        uid: row.uid,
        expected: row.rv,
        previousJson: row.json,
        deleted: !waits,
        render: (rv) => {
          meta.resourceVersion = String(rv);
          return JSON.stringify(stored);
        },
      });
      if (next === undefined) continue;
      await store.committed();
      return { status, ...(waits ? { waitingJson: next.json } : { goneJson: next.json }) };
    }
    throw api.conflict(entry.type, name);
  }
}

function checkPreconditions(
  entry: ResourceEntry,
  name: string,
  request: DeleteRequest,
  uid: string,
  rv: number,
): void {
  const { uid: wantedUid, resourceVersion } = request.preconditions ?? {};
  if (wantedUid !== undefined && wantedUid !== uid) {
    throw api.conflict(
      entry.type,
      name,
      `Precondition failed: UID in precondition: ${wantedUid}, UID in object meta: ${uid}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== String(rv)) {
    throw api.conflict(
      entry.type,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${rv}`,
    );
  }
}

/** Changes the object to say that it is being deleted; gives whether it has to wait. */
function markForDeletion(
  entry: ResourceEntry,
  object: JsonObject,
  request: DeleteRequest,
  now: number,
): boolean {
  const meta = metaOf(object);
  const finalizers = new Set(meta.finalizers);
  if (request.propagationPolicy !== undefined) {
    finalizers.delete(FOREGROUND_FINALIZER);
    finalizers.delete(ORPHAN_FINALIZER);
    if (request.propagationPolicy === 'Foreground') finalizers.add(FOREGROUND_FINALIZER);
    if (request.propagationPolicy === 'Orphan') finalizers.add(ORPHAN_FINALIZER);
  }
  if (finalizers.size > 0) meta.finalizers = [...finalizers];
  else delete meta.finalizers;
  const held = entry.beforeDelete?.(object, now) === true;
  if (!held && !staysAlive(entry, object)) return false;
  if (meta.deletionTimestamp === undefined) {
    meta.deletionTimestamp = secondsText(now);
    meta.deletionGracePeriodSeconds = 0;
    if (entry.tracksGeneration) meta.generation = (meta.generation ?? 0) + 1;
  }
  return true;
}

function success(entry: ResourceEntry, name: string, uid: string): Status {
  const { group, plural } = entry.type;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group === '' ? {} : { group }), kind: plural, uid },
  };
}
