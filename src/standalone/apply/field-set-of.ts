/** The fields that an applied configuration names (structured merge: the set of an object). */
import type { FieldSet } from './field-set.ts';
import { isEmpty, memberLeaf, nodeOf } from './field-set.ts';
import { ApplyInputError } from './apply-errors.ts';
import type { ListSchema } from './list-items.ts';
import { elementOf, indexItems, itemType } from './list-items.ts';
import type { MergeSchema } from './merge-schema.ts';
import { fieldType, isDeclared } from './merge-schema.ts';
import { deepestValue, isAssociative, isMap } from './value-kind.ts';

function walk(value: unknown, schema: MergeSchema, depth: number): FieldSet {
  if (depth > deepestValue) return memberLeaf;
  if (isMap(schema, value)) {
    const below = new Map<string, FieldSet>();
    for (const key of Object.keys(value)) {
      const child = value[key];
      if (child === undefined) continue;
      const type = fieldType(schema, key);
      const set = walk(child, type, depth + 1);
      // A declared struct is owned through its fields; an entry of a map, and an empty map, is owned itself.
      const own =
        child === null || !isDeclared(schema, key) || (isMap(type, child) && Object.keys(child).length === 0);
      const node = own ? nodeOf(true, set.below) : set;
      if (!isEmpty(node)) below.set(`f:${key}`, node);
    }
    return nodeOf(false, below);
  }
  if (isAssociative(schema, value)) {
    const list = schema as ListSchema;
    const below = new Map<string, FieldSet>();
    const type = itemType(list);
    for (const [element, item] of indexItems(list, value)) {
      below.set(element, nodeOf(true, walk(item, type, depth + 1).below));
    }
    return nodeOf(false, below);
  }
  return memberLeaf;
}

/** The set of all fields of `object`. */
export function fieldSetOf(object: unknown, schema: MergeSchema): FieldSet {
  return nodeOf(false, walk(object, schema, 0).below);
}

/** Refuses lists whose items cannot be told apart, as an apply needs it. */
export function requireDistinctItems(value: unknown, schema: MergeSchema, path: string, depth = 0): void {
  if (depth > deepestValue) throw new ApplyInputError(`${path} is nested too deeply to be applied`);
  if (isMap(schema, value)) {
    for (const key of Object.keys(value))
      requireDistinctItems(value[key], fieldType(schema, key), `${path}.${key}`, depth + 1);
  } else if (isAssociative(schema, value)) {
    const list = schema as ListSchema;
    const seen = new Set<string>();
    value.forEach((item, index) => {
      const element = elementOf(list, item);
      const at = `${path}[${index}]`;
      if (element === undefined) {
        const keys = list.kind === 'list' ? list.keys.join(', ') : '';
        throw new ApplyInputError(
          `${at} lacks a key field: every item of this list is identified by ${keys}`,
        );
      }
      if (seen.has(element)) throw new ApplyInputError(`${at} repeats the item ${element.slice(2, 202)}`);
      seen.add(element);
      requireDistinctItems(item, itemType(list), at, depth + 1);
    });
  }
}
