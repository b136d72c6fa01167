/** Field ownership of create, update and patch: whoever changes a field owns it. */
import type { KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import { compare } from './compare.ts';
import { difference, emptySet, isEmpty, union } from './field-set.ts';
import type { Manager, Managers } from './managers.ts';
import { decodeManagers, encodeManagers, managerKey, timeText, withSet } from './managers.ts';
import type { MergeSchema } from './merge-schema.ts';
import { resetFieldsOf, trackedParts, withoutMetadataItself } from './tracked-parts.ts';

export interface TrackUpdateOptions {
  /** The stored object; undefined on create. */
  before: KubeObject | undefined;
  /** What will be stored. Its managedFields are what the client sent. */
  after: KubeObject;
  manager: string;
  schema: MergeSchema;
  subresource?: string;
  /** Top-level fields that this write cannot touch; by default from the subresource (`resetFieldsOf`). */
  resetFields?: readonly string[];
  /** Milliseconds since the epoch. */
  now: number;
  /** The version that the request used. */
  apiVersion: string;
}

/** A single empty entry asks for a fresh start (Kubernetes documentation: "Clearing managedFields"). */
function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  const only = Array.isArray(entries) && entries.length === 1 ? (entries[0] as unknown) : undefined;
  return typeof only === 'object' && only !== null && Object.keys(only).length === 0;
}

/** Clients that do not know managedFields drop them: then, and on subresources, the stored ones count. */
function startingPoint(options: TrackUpdateOptions): [Managers, ManagedFieldsEntry[] | undefined] {
  const sent = options.after.metadata?.managedFields;
  const stored = options.before?.metadata?.managedFields;
  if ((options.subresource ?? '') === '' && sent !== stored) {
    if (isReset(sent)) return [new Map(), sent];
    const managers = decodeManagers(sent);
    if (managers.size > 0) return [managers, sent];
  }
  return [decodeManagers(stored), stored];
}

/**
 * The managedFields after a write. Empty: leave them out. When the write changes no tracked field, the list that was there is
 * returned itself, so that a write without effect stays without effect.
 */
export function trackUpdate(options: TrackUpdateOptions): ManagedFieldsEntry[] {
  const { before, after, schema } = options;
  const [managers, stored] = startingPoint(options);
  // An object whose fields nobody tracks stays so until it is applied.
  if (managers.size === 0 && before !== undefined) return [];
  const reset = options.resetFields ?? resetFieldsOf(options.subresource);
  const compared = compare(trackedParts(before, reset), trackedParts(after, reset), schema);
  const changed = withoutMetadataItself(compared.changed);
  const touched = union(compared.changed, compared.removed);
  if (!isEmpty(touched)) {
    for (const [key, each] of managers) managers.set(key, withSet(each, difference(each.set, touched)));
  }
  if (!isEmpty(changed)) {
    const own: Manager = {
      name: options.manager,
      operation: 'Update',
      apiVersion: options.apiVersion,
      subresource: options.subresource ?? '',
      time: timeText(options.now),
      set: emptySet,
    };
    const key = managerKey(own);
    managers.set(key, { ...own, set: union(managers.get(key)?.set ?? emptySet, changed) });
  }
  return encodeManagers(managers, stored);
}
