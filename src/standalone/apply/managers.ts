/** The managers of an object: `metadata.managedFields` decoded, changed, and encoded again in Kubernetes' order. */
import type { ManagedFieldsEntry } from '../../api/meta.ts';
import type { FieldSet } from './field-set.ts';
import { isEmpty, sameSet, union } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
  /** The stored entry, kept while it still says the same. */
  readonly entry?: ManagedFieldsEntry;
}

export type Managers = Map<string, Manager>;

/** Kubernetes keeps this many entries of updaters; older ones are merged. */
const mostUpdaters = 10;
const bucketName = 'ancient-changes';
/** Entries beyond are not read: an object that holds more was made by hand. */
const mostEntries = 500;

/** Appliers are the same whatever version they apply; updaters are not. */
export function managerKey(of: Pick<Manager, 'name' | 'operation' | 'apiVersion' | 'subresource'>): string {
  return JSON.stringify([
    of.name,
    of.operation,
    of.operation === 'Apply' ? '' : of.apiVersion,
    of.subresource,
  ]);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Decodes entries; malformed ones are left out, as they could never be honoured. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers: Managers = new Map();
  if (!Array.isArray(entries)) return managers;
  for (const entry of entries.slice(0, mostEntries) as readonly ManagedFieldsEntry[]) {
    if (typeof entry !== 'object' || entry === null) continue;
    const set = entry.fieldsV1 === undefined ? undefined : decodeFields(entry.fieldsV1);
    if (set === undefined || (entry.operation !== 'Apply' && entry.operation !== 'Update')) continue;
    const manager: Manager = {
      name: textOf(entry.manager),
      operation: entry.operation,
      apiVersion: textOf(entry.apiVersion),
      subresource: textOf(entry.subresource),
      time: typeof entry.time === 'string' ? entry.time : undefined,
      set,
      entry,
    };
    const key = managerKey(manager);
    const twin = managers.get(key);
    managers.set(key, twin === undefined ? manager : { ...withoutEntry(manager), set: union(twin.set, set) });
  }
  return managers;
}

function withoutEntry(manager: Manager): Manager {
  const { entry: _entry, ...rest } = manager;
  return rest;
}

/** The manager with another set; the same object when nothing changes. */
export function withSet(manager: Manager, set: FieldSet): Manager {
  if (set === manager.set || sameSet(set, manager.set)) return manager;
  return { ...withoutEntry(manager), set };
}

function encode(manager: Manager): ManagedFieldsEntry {
  if (manager.entry !== undefined) return manager.entry;
  return {
    apiVersion: manager.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(manager.set),
    manager: manager.name,
    operation: manager.operation,
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
    ...(manager.time === undefined ? {} : { time: manager.time }),
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byAge(a: Manager, b: Manager): number {
  return compareText(a.time ?? '', b.time ?? '') || compareText(a.name, b.name);
}

function order(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    byAge(a, b) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** Merges the oldest updaters of a version into one entry while there are too many. */
function cap(managers: Managers): void {
  const updaters = [...managers].filter(([, each]) => each.operation === 'Update');
  let count = updaters.length;
  if (count <= mostUpdaters) return;
  const first = new Map<string, string>();
  for (const [key, manager] of updaters.sort((a, b) => byAge(a[1], b[1]))) {
    if (count <= mostUpdaters) return;
    const earlier = first.get(manager.apiVersion);
    if (earlier === undefined) {
      first.set(manager.apiVersion, key);
      continue;
    }
    const bucket: Manager = { ...withoutEntry(manager), name: bucketName, subresource: '' };
    const bucketKey = managerKey(bucket);
    const before = managers.get(bucketKey) ?? managers.get(earlier);
    managers.delete(earlier);
    managers.delete(key);
    managers.set(bucketKey, {
      ...bucket,
      set: before === undefined ? manager.set : union(before.set, manager.set),
    });
    first.set(manager.apiVersion, bucketKey);
    count--;
  }
}

/** Encodes; managers that own nothing are left out. The stored list itself is returned when it still says the same. */
export function encodeManagers(
  managers: Managers,
  stored: readonly ManagedFieldsEntry[] | undefined,
): ManagedFieldsEntry[] {
  for (const [key, manager] of managers) if (isEmpty(manager.set)) managers.delete(key);
  cap(managers);
  const entries = [...managers.values()].sort(order).map(encode);
  const unchanged =
    stored !== undefined &&
    entries.length === stored.length &&
    entries.every((each, i) => each === stored[i]);
  return unchanged ? (stored as ManagedFieldsEntry[]) : entries;
}

/** As Kubernetes prints a manager in conflicts. */
export function managerText(manager: Manager): string {
  let text = JSON.stringify(manager.name);
  if (manager.subresource !== '') text += ` with subresource ${JSON.stringify(manager.subresource)}`;
  if (manager.operation === 'Update') text += ` using ${manager.apiVersion}`;
  return text;
}

/** Second resolution, as managedFields has it. */
export function timeText(now: number): string {
  return new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
