/** What clients cannot change about an object, and when two states of it are the same. */
import { isDeepStrictEqual } from 'node:util';
import type { ObjectMeta } from '../../api/meta.ts';
import { metaOf, type JsonObject, type ResourceEntry } from '../resources/resource-entry.ts';

/** Takes over what only the server sets. */
export function carryServerFields(fresh: ObjectMeta, old: ObjectMeta): void {
  const target = fresh as Record<string, unknown>;
  for (const field of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
  ] as const) {
    if (old[field] === undefined) delete target[field];
    else target[field] = old[field];
  }
  delete target['selfLink'];
  // A client that leaves managed fields out does not mean to clear them; an explicit [{}] does (KEP-555).
  if (fresh.managedFields === undefined && old.managedFields !== undefined)
    fresh.managedFields = old.managedFields;
}

/** Whether anything but metadata and status differs. */
export function specChanged(old: JsonObject, object: JsonObject): boolean {
  const keys = new Set([...Object.keys(old), ...Object.keys(object)]);
  for (const key of ['metadata', 'status', 'apiVersion', 'kind']) keys.delete(key);
  return [...keys].some((key) => !isDeepStrictEqual(old[key], object[key]));
}

/** Equal texts, or the same content with keys in another order (which has the same length). */
export function sameContent(a: string, b: string): boolean {
  if (a === b) return true;
  return a.length === b.length && isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
}

/** Whether something still holds an object that is being deleted. */
export function staysAlive(entry: ResourceEntry, object: JsonObject): boolean {
  return (metaOf(object).finalizers?.length ?? 0) > 0 || entry.holdsDeletion?.(object) === true;
}
