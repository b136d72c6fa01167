/** FieldsV1: the JSON form of a field set in `metadata.managedFields` (meta/v1 FieldsV1). */
import type { FieldsV1 } from '../../api/meta.ts';
import { setKey } from '../schema/canonical.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import type { FieldSet } from './field-set.ts';
import { childrenOf, memberLeaf, nodeOf } from './field-set.ts';

const deepest = 200;
const prefixes: { readonly [letter: string]: number } = { f: 0, k: 1, v: 2, i: 3 };

function isElement(key: string): boolean {
  return key.length >= 2 && key[1] === ':' && Object.hasOwn(prefixes, key[0] ?? '');
}

function decode(json: unknown, depth: number): FieldSet | undefined {
  if (!isJsonObject(json) || depth > deepest) return undefined;
  const keys = Object.keys(json);
  if (keys.length === 0) return memberLeaf;
  let member = false;
  const below = new Map<string, FieldSet>();
  for (const key of keys) {
    if (key === '.') {
      member = true;
      continue;
    }
    const child = isElement(key) ? decode(json[key], depth + 1) : undefined;
    if (child === undefined) return undefined;
    below.set(key, child);
  }
  return nodeOf(member, below);
}

/** Reads FieldsV1; undefined when it is malformed. */
export function decodeFields(json: unknown): FieldSet | undefined {
  const set = decode(json, 0);
  // `{}` at the root is the empty set, not the root path.
  return set === memberLeaf ? nodeOf(false, undefined) : set;
}

function compareElements(a: string, b: string): number {
  const byKind = (prefixes[a[0] ?? ''] ?? 9) - (prefixes[b[0] ?? ''] ?? 9);
  if (byKind !== 0) return byKind;
  if (a[0] === 'i') return Number(a.slice(2)) - Number(b.slice(2));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Writes FieldsV1 with its keys in Kubernetes' order: `.`, fields, keys, values, indexes. */
export function encodeFields(set: FieldSet): FieldsV1 {
  const json: FieldsV1 = {};
  if (set.below === undefined) return json;
  if (set.member) json['.'] = {};
  for (const key of [...set.below.keys()].sort(compareElements)) {
    setKey(json, key, encodeFields(childrenOf(set).get(key) ?? memberLeaf));
  }
  return json;
}

/** Go's JSON escapes these; elements must be the same text as the ones that a Kubernetes API server wrote. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  if (!/[<>&\u2028\u2029]/.test(text)) return text;
  return text.replaceAll(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function elementText(element: string): string {
  const body = element.slice(2);
  if (element[0] === 'f') return `.${body}`;
  if (element[0] === 'i') return `[${body}]`;
  if (element[0] === 'v') return `[=${body}]`;
  let keys: unknown;
  try {
    keys = JSON.parse(body);
  } catch {
    return `[${body}]`;
  }
  if (!isJsonObject(keys)) return `[${body}]`;
  return `[${Object.entries(keys)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
}

/** A path as Kubernetes prints it: `.spec.ports[name="a",port=80].protocol`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}
