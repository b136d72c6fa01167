/** Server-side apply: merges what a manager wants into the live object and keeps the books of who owns what. */
import type { KubeObject } from '../../api/meta.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import type { ApplyConflict } from './apply-errors.ts';
import { ApplyConflictError, ApplyInputError } from './apply-errors.ts';
import type { Comparison } from './compare.ts';
import { compare } from './compare.ts';
import type { FieldSet } from './field-set.ts';
import { difference, emptySet, intersection, isEmpty, pathsOf, sameSet, union } from './field-set.ts';
import { fieldSetOf, requireDistinctItems } from './field-set-of.ts';
import { pathText } from './fields-v1.ts';
import { allowedByLastApplied, refreshLastApplied } from './last-applied.ts';
import type { Manager, Managers } from './managers.ts';
import { decodeManagers, encodeManagers, managerKey, managerText, timeText, withSet } from './managers.ts';
import { merge } from './merge.ts';
import type { MergeSchema } from './merge-schema.ts';
import { pruneAbandoned } from './remove-fields.ts';
import { identitySet, resetFieldsOf, trackedParts, withoutMetadataItself } from './tracked-parts.ts';

export interface ApplyOptions {
  /** The stored object; undefined: it is created. Never modified. */
  live: KubeObject | undefined;
  /** The configuration. Its metadata must not hold managedFields. Never modified. */
  applied: KubeObject;
  manager: string;
  /** Take fields over from others instead of failing. */
  force: boolean;
  schema: MergeSchema;
  subresource?: string;
  /** Top-level fields that this write cannot touch; by default from the subresource (`resetFieldsOf`). */
  resetFields?: readonly string[];
  /** Milliseconds since the epoch. */
  now: number;
  /** The version that the request used. */
  apiVersion: string;
}

/** Metadata that belongs to the server: an apply may name it, but never changes it. */
const serverFields = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
];

/** What of the configuration counts on this resource. */
function effective(options: ApplyOptions): { [key: string]: unknown } {
  const { applied } = options;
  if (!isJsonObject(applied)) throw new ApplyInputError('an apply needs an object');
  const metadata: unknown = applied['metadata'];
  if (metadata !== undefined && metadata !== null && !isJsonObject(metadata)) {
    throw new ApplyInputError('metadata must be an object');
  }
  const entries = isJsonObject(metadata) ? metadata['managedFields'] : undefined;
  if (Array.isArray(entries) ? entries.length > 0 : entries !== undefined && entries !== null) {
    throw new ApplyInputError(
      'metadata.managedFields must be nil: the server keeps it, remove it from what you apply',
    );
  }
  const config: { [key: string]: unknown } = { ...applied };
  for (const name of options.resetFields ?? resetFieldsOf(options.subresource)) delete config[name];
  if (isJsonObject(config['metadata'])) {
    const kept: { [key: string]: unknown } = { ...config['metadata'] };
    delete kept['managedFields'];
    for (const name of serverFields) delete kept[name];
    config['metadata'] = kept;
  } else delete config['metadata'];
  requireDistinctItems(config, options.schema, '');
  return config;
}

function conflictsOf(
  managers: Managers,
  self: string,
  changed: FieldSet,
  allowed: FieldSet,
): ApplyConflict[] {
  const conflicts: ApplyConflict[] = [];
  for (const [key, manager] of managers) {
    if (key === self) continue;
    const mine = difference(intersection(manager.set, changed), allowed);
    const { fieldsV1: _fields, ...owner } = manager.entry ?? {};
    for (const path of pathsOf(mine)) {
      conflicts.push({
        owner: { ...owner, manager: manager.name, operation: manager.operation },
        manager: managerText(manager),
        path: pathText(path),
      });
    }
  }
  return conflicts;
}

/** An object that nobody tracked so far: what it holds now belongs to a manager of that name. */
function adoptUntracked(options: ApplyOptions, managers: Managers): void {
  if (options.live === undefined || managers.size > 0) return;
  const before: Manager = {
    name: 'before-first-apply',
    operation: 'Update',
    apiVersion: options.live.apiVersion ?? options.apiVersion,
    subresource: '',
    time: timeText(options.now),
    set: withoutMetadataItself(compare({}, trackedParts(options.live, []), options.schema).changed),
  };
  if (!isEmpty(before.set)) managers.set(managerKey(before), before);
}

function compareTracked(options: ApplyOptions, merged: KubeObject): Comparison {
  return compare(trackedParts(options.live, []), trackedParts(merged, []), options.schema);
}

/** The object with its books in it; the live object itself when the apply changes nothing. */
function finished(
  options: ApplyOptions,
  merged: KubeObject,
  managers: Managers,
  changed: boolean,
): KubeObject {
  const stored = options.live?.metadata?.managedFields;
  const managedFields = encodeManagers(managers, stored);
  if (!changed && options.live !== undefined && managedFields === stored) return options.live;
  const { managedFields: _old, ...metadata } = merged.metadata ?? {};
  return { ...merged, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}

/**
 * Applies a configuration. Returns the object to store, with its managedFields; the live object itself when nothing changes.
 * Throws ApplyConflictError (409) and ApplyInputError (400). Preconditions, admission and validation are the caller's.
 */
export function applyObject(options: ApplyOptions): KubeObject {
  const { live, schema } = options;
  const config = effective(options);
  const managers = decodeManagers(live?.metadata?.managedFields);
  adoptUntracked(options, managers);

  const appliedSet = fieldSetOf(config, schema);
  const own: Manager = {
    name: options.manager,
    operation: 'Apply',
    apiVersion: options.apiVersion,
    subresource: options.subresource ?? '',
    time: timeText(options.now),
    set: difference(appliedSet, identitySet),
  };
  const self = managerKey(own);
  const previous = managers.get(self);
  managers.set(self, own);

  let merged: KubeObject = merge(live ?? {}, config, schema);
  if (previous !== undefined && !isEmpty(difference(previous.set, own.set))) {
    let owned = union(appliedSet, identitySet);
    for (const each of managers.values()) owned = union(owned, each.set);
    merged = pruneAbandoned(merged, previous.set, owned, schema);
  }

  const compared = compareTracked(options, merged);
  const touched = union(compared.changed, compared.removed);
  const changed = !isEmpty(touched);
  if (changed) {
    if (!options.force) {
      const allowed = options.manager === 'kubectl' ? allowedByLastApplied(live, schema) : emptySet;
      const conflicts = conflictsOf(managers, self, compared.changed, allowed);
      if (conflicts.length > 0) throw new ApplyConflictError(conflicts);
    }
    for (const [key, each] of managers)
      if (key !== self) managers.set(key, withSet(each, difference(each.set, touched)));
  } else if (
    previous !== undefined &&
    previous.apiVersion === own.apiVersion &&
    sameSet(previous.set, own.set)
  ) {
    managers.set(self, previous);
  }
  if (options.manager !== 'kubectl') return finished(options, merged, managers, changed);
  // The annotation stays with whoever owns it: it is refreshed behind the books.
  const refreshed = refreshLastApplied(merged, options.applied);
  return finished(options, refreshed, managers, changed || refreshed !== merged);
}
