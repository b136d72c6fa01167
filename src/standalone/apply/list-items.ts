/** How the items of sets and map lists are told apart. */
import { canonicalJson } from '../schema/canonical.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import { goJson } from './fields-v1.ts';
import type { MergeSchema } from './merge-schema.ts';

export type ListSchema = Extract<MergeSchema, { kind: 'set' | 'list' }>;

/** The path element of an item, or undefined when a key is missing. */
export function elementOf(schema: ListSchema, item: unknown): string | undefined {
  if (schema.kind === 'set') {
    return typeof item === 'object' && item !== null ? `v:${canonicalJson(item)}` : `v:${goJson(item)}`;
  }
  if (!isJsonObject(item)) return undefined;
  const parts: string[] = [];
  for (const key of schema.keys.length === 1 ? schema.keys : schema.keys.toSorted()) {
    const value = Object.hasOwn(item, key) && item[key] !== null ? item[key] : schema.defaults[key];
    if (value === undefined) return undefined;
    parts.push(`${goJson(key)}:${goJson(value)}`);
  }
  return `k:{${parts.join(',')}}`;
}

/** The type of an item. */
export function itemType(schema: ListSchema): MergeSchema {
  return schema.kind === 'set' ? { kind: 'leaf' } : schema.items;
}

/**
 * Items by element, in order. Items without keys, and second items of the same element, stay reachable by index, so that
 * malformed stored objects can still be written to.
 */
export function indexItems(schema: ListSchema, list: readonly unknown[]): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (let i = 0; i < list.length; i++) {
    const element = elementOf(schema, list[i]);
    if (element === undefined || items.has(element)) items.set(`i:${i}`, list[i]);
    else items.set(element, list[i]);
  }
  return items;
}
