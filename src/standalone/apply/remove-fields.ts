/** Removing a set of fields from an object, and the pruning of what an applier no longer applies. */
import { setKey } from '../schema/canonical.ts';
import type { FieldSet } from './field-set.ts';
import { difference, intersection, isEmpty, nodeOf, union } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import type { ListSchema } from './list-items.ts';
import { elementOf, itemType } from './list-items.ts';
import type { MergeSchema } from './merge-schema.ts';
import { fieldType, isDeclared } from './merge-schema.ts';
import { isAssociative, isMap } from './value-kind.ts';

/** The value without the fields of `set`; undefined when nothing is left. */
function remove(value: unknown, set: FieldSet, schema: MergeSchema): unknown {
  if (set.below === undefined) return value;
  if (isMap(schema, value)) {
    const kept: { [key: string]: unknown } = {};
    let count = 0;
    for (const key of Object.keys(value)) {
      const below = set.below.get(`f:${key}`);
      if (below?.member === true) continue;
      const child = below === undefined ? value[key] : remove(value[key], below, fieldType(schema, key));
      if (child === undefined) continue;
      setKey(kept, key, child);
      count++;
    }
    return count === 0 && Object.keys(value).length > 0 ? undefined : kept;
  }
  if (isAssociative(schema, value)) {
    const list = schema as ListSchema;
    const kept: unknown[] = [];
    for (const item of value) {
      const below = set.below.get(elementOf(list, item) ?? '');
      if (below?.member === true) continue;
      const left = below === undefined ? item : remove(item, withoutKeys(below, list), itemType(list));
      if (left !== undefined) kept.push(left);
    }
    return kept.length === 0 && value.length > 0 ? undefined : kept;
  }
  return value;
}

/** An item that stays keeps its keys, or it could not be found again. */
function withoutKeys(set: FieldSet, schema: ListSchema): FieldSet {
  if (schema.kind === 'set' || set.below === undefined) return set;
  const below = new Map(set.below);
  for (const key of schema.keys) below.delete(`f:${key}`);
  return nodeOf(set.member, below);
}

export function removeFields<T>(object: T, set: FieldSet, schema: MergeSchema): T {
  return (remove(object, set, schema) ?? {}) as T;
}

/** The set with every declared field that leads to a member added, so that emptied structs go as a whole. */
function withParents(set: FieldSet, schema: MergeSchema, named: boolean): FieldSet {
  if (set.below === undefined) return set;
  const below = new Map<string, FieldSet>();
  for (const [element, child] of set.below) {
    const isField = element.startsWith('f:');
    const name = element.slice(2);
    const type = isField
      ? fieldType(schema, name)
      : schema.kind === 'list'
        ? schema.items
        : ({ kind: 'deduced' } as const);
    below.set(element, withParents(child, type, isField && isDeclared(schema, name)));
  }
  return { member: set.member || named, below };
}

/**
 * Takes out of `merged` what `last` (the manager's previous set) names and neither `owned` (everybody's sets, the manager's
 * new one among them) nor the rest of the object needs.
 */
export function pruneAbandoned<T>(merged: T, last: FieldSet, owned: FieldSet, schema: MergeSchema): T {
  if (isEmpty(difference(last, owned))) return merged;
  const full = (set: FieldSet): FieldSet => withParents(set, schema, false);
  const lastFull = full(last);
  const mergedFull = full(fieldSetOf(merged, schema));
  const fullSetOf = (object: T): FieldSet => full(fieldSetOf(object, schema));
  const bare = removeFields(merged, lastFull, schema);
  const kept = removeFields(merged, difference(mergedFull, union(fullSetOf(bare), full(owned))), schema);
  const abandoned = intersection(difference(mergedFull, fullSetOf(kept)), lastFull);
  return removeFields(merged, abandoned, schema);
}
