/** Merging an applied configuration into the live object. Neither is modified; the result shares parts of both. */
import { setKey } from '../schema/canonical.ts';
import type { ListSchema } from './list-items.ts';
import { indexItems, itemType } from './list-items.ts';
import type { MergeSchema } from './merge-schema.ts';
import { fieldType } from './merge-schema.ts';
import { deepestValue, isAssociative, isMap } from './value-kind.ts';

/** Applied items come in the applied order; items of others keep their places among them. */
function mergeLists(
  live: readonly unknown[],
  applied: readonly unknown[],
  schema: ListSchema,
  depth: number,
): unknown[] {
  const left = [...indexItems(schema, live)];
  const right = [...indexItems(schema, applied)];
  const mine = new Map(left);
  const theirs = new Map(right);
  const type = itemType(schema);
  const merged: unknown[] = [];
  const done = new Set<string>();
  let at = 0;
  const copyOthers = (): void => {
    // Items that the apply does not name stay before the next one that it does.
    for (
      let entry = left[at];
      entry !== undefined && (!theirs.has(entry[0]) || done.has(entry[0]));
      entry = left[++at]
    ) {
      if (!theirs.has(entry[0])) merged.push(entry[1]);
    }
  };
  for (const [element, item] of right) {
    copyOthers();
    const own = mine.get(element);
    merged.push(mine.has(element) ? walk(own, item, type, depth + 1) : item);
    done.add(element);
    if (left[at]?.[0] === element) at++;
  }
  for (; at < left.length; at++) {
    const entry = left[at];
    if (entry !== undefined && !theirs.has(entry[0])) merged.push(entry[1]);
  }
  return merged;
}

function walk(live: unknown, applied: unknown, schema: MergeSchema, depth: number): unknown {
  if (applied === undefined) return live;
  if (live === undefined || depth > deepestValue) return applied;
  if (isMap(schema, applied) && isMap(schema, live)) {
    const merged: { [key: string]: unknown } = { ...live };
    for (const key of Object.keys(applied)) {
      const own = Object.hasOwn(live, key) ? live[key] : undefined;
      setKey(merged, key, walk(own, applied[key], fieldType(schema, key), depth + 1));
    }
    return merged;
  }
  if (isAssociative(schema, applied) && isAssociative(schema, live)) {
    return mergeLists(live, applied, schema as ListSchema, depth);
  }
  return applied;
}

/** The live object with the applied fields in it. */
export function merge<T>(live: T, applied: unknown, schema: MergeSchema): T {
  return walk(live, applied, schema, 0) as T;
}
