/** What differs between two objects, as sets of fields (structured merge: comparison). */
import { jsonEqual } from '../schema/canonical.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, isEmpty, nodeOf } from './field-set.ts';
import type { ListSchema } from './list-items.ts';
import { indexItems, itemType } from './list-items.ts';
import type { MergeSchema } from './merge-schema.ts';
import { fieldType } from './merge-schema.ts';
import { deepestValue, isAssociative, isMap } from './value-kind.ts';

export interface Comparison {
  /** Added or modified: what the writer takes over. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

interface Sides {
  changed: Map<string, FieldSet>;
  removed: Map<string, FieldSet>;
}

const same: Comparison = { changed: emptySet, removed: emptySet };
const changedLeaf: Comparison = { changed: { member: true, below: undefined }, removed: emptySet };
const removedLeaf: Comparison = { changed: emptySet, removed: { member: true, below: undefined } };

function put(sides: Sides, key: string, result: Comparison): void {
  if (!isEmpty(result.changed)) sides.changed.set(key, result.changed);
  if (!isEmpty(result.removed)) sides.removed.set(key, result.removed);
}

function leafs(before: unknown, after: unknown): Comparison {
  if (before === undefined) return changedLeaf;
  if (after === undefined) return removedLeaf;
  return jsonEqual(before, after) ? same : changedLeaf;
}

function isVacant(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && (Array.isArray(value) ? value : Object.keys(value)).length === 0;
}

function compareMaps(
  before: { [key: string]: unknown },
  after: { [key: string]: unknown },
  schema: MergeSchema,
  depth: number,
): Sides {
  const sides: Sides = { changed: new Map(), removed: new Map() };
  for (const key of Object.keys(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    const value = after[key];
    if (old !== value) put(sides, `f:${key}`, walk(old, value, fieldType(schema, key), depth + 1));
  }
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key))
      put(sides, `f:${key}`, walk(before[key], undefined, fieldType(schema, key), depth + 1));
  }
  return sides;
}

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  schema: ListSchema,
  depth: number,
): Sides {
  const sides: Sides = { changed: new Map(), removed: new Map() };
  const old = indexItems(schema, before);
  const items = indexItems(schema, after);
  const type = itemType(schema);
  for (const [element, item] of items) put(sides, element, walk(old.get(element), item, type, depth + 1));
  for (const [element, item] of old) {
    if (!items.has(element)) put(sides, element, walk(item, undefined, type, depth + 1));
  }
  return sides;
}

function walk(before: unknown, after: unknown, schema: MergeSchema, depth: number): Comparison {
  if (before === undefined && after === undefined) return same;
  const mapBefore = isMap(schema, before);
  const mapAfter = isMap(schema, after);
  const listBefore = isAssociative(schema, before);
  const listAfter = isAssociative(schema, after);
  const container = mapBefore || mapAfter || listBefore || listAfter;
  if (!container || depth > deepestValue || (isVacant(before) && isVacant(after)))
    return leafs(before, after);
  let sides: Sides;
  if (mapBefore || mapAfter) {
    if (mapBefore !== mapAfter && !isVacant(before) && !isVacant(after))
      return mixed(before, after, schema, depth);
    sides = compareMaps(mapBefore ? before : {}, mapAfter ? after : {}, schema, depth);
  } else {
    if (listBefore !== listAfter && !isVacant(before) && !isVacant(after))
      return mixed(before, after, schema, depth);
    sides = compareLists(listBefore ? before : [], listAfter ? after : [], schema as ListSchema, depth);
  }
  return {
    changed: nodeOf(before === undefined, sides.changed),
    removed: nodeOf(after === undefined, sides.removed),
  };
}

/** A container became a leaf or the other way round: the one goes, the other comes. */
function mixed(before: unknown, after: unknown, schema: MergeSchema, depth: number): Comparison {
  return {
    changed: walk(undefined, after, schema, depth).changed,
    removed: walk(before, undefined, schema, depth).removed,
  };
}

/** Compares two whole objects; undefined stands for the object before its creation. */
export function compare(before: unknown, after: unknown, schema: MergeSchema): Comparison {
  const result = walk(before ?? {}, after ?? {}, schema, 0);
  return { changed: nodeOf(false, result.changed.below), removed: nodeOf(false, result.removed.below) };
}
