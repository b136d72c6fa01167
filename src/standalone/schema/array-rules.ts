/** Rules for lists: lengths, items, and the uniqueness that list types promise. */
import { canonicalJson } from './canonical.ts';
import type { Validator } from './validator.ts';
import { invalid } from './validator.ts';
import { indexPath } from './field-path-text.ts';
import type { JsonSchema } from './json-schema.ts';
import { isJsonObject } from './json-schema.ts';
import { mostErrors } from './limits.ts';

/** What makes an item of a map list itself, keys defaulted from the schema; undefined when a key is missing. */
export function listMapKey(
  item: unknown,
  keys: readonly string[],
  items: JsonSchema | undefined,
): string | undefined {
  if (!isJsonObject(item)) return undefined;
  const parts: unknown[] = [];
  for (const key of keys) {
    const value = Object.hasOwn(item, key) ? item[key] : items?.properties?.[key]?.default;
    if (value === undefined) return undefined;
    parts.push(value);
  }
  return canonicalJson(parts);
}

function uniqueRule(
  keyOf: (item: unknown) => string | undefined,
  shown: (item: unknown) => unknown,
): Validator {
  return (value, path, errors) => {
    if (!Array.isArray(value) || value.length < 2) return;
    const seen = new Set<string>();
    for (let i = 0; i < value.length && errors.length < mostErrors; i++) {
      const key = keyOf(value[i]);
      if (key === undefined) continue;
      if (seen.has(key)) {
        errors.push({ type: 'Duplicate', path: indexPath(path, i), value: shown(value[i]), detail: '' });
      }
      seen.add(key);
    }
  };
}

export function arrayRules(
  schema: JsonSchema,
  next: (child: JsonSchema) => Validator | undefined,
): Validator[] {
  const rules: Validator[] = [];
  const { minItems, maxItems, items } = schema;
  if (minItems !== undefined || maxItems !== undefined) {
    rules.push((value, path, errors) => {
      if (!Array.isArray(value)) return;
      if (minItems !== undefined && value.length < minItems) {
        errors.push(invalid(path, value.length, `should have at least ${minItems} items`));
      }
      if (maxItems !== undefined && value.length > maxItems) {
        errors.push(invalid(path, value.length, `should have at most ${maxItems} items`));
      }
    });
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set' || schema.uniqueItems === true)
    rules.push(uniqueRule(canonicalJson, (item) => item));
  if (listType === 'map') {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const shown = (item: unknown): unknown =>
      isJsonObject(item)
        ? Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]))
        : item;
    rules.push(uniqueRule((item) => listMapKey(item, keys, items), shown));
  }
  const item = items === undefined ? undefined : next(items);
  if (item !== undefined) {
    rules.push((value, path, errors) => {
      if (!Array.isArray(value)) return;
      for (let i = 0; i < value.length && errors.length < mostErrors; i++)
        item(value[i], indexPath(path, i), errors);
    });
  }
  return rules;
}
