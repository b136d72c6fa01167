/**
 * Kubernetes' strategic merge patch (Kubernetes documentation: "Update API Objects in Place Using kubectl patch"; community
 * document "strategic-merge-patch"): a merge patch that merges lists by key where the schema says so, with directives.
 */
import { canonicalJson, cloneJson, getKey, setKey } from '../schema/canonical.ts';
import type { JsonObject, JsonSchema } from '../schema/json-schema.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import { PatchError } from './patch-error.ts';

const deepest = 200;
const directive = '$patch';
const retainKeys = '$retainKeys';
const deleteFrom = '$deleteFromPrimitiveList/';
const setOrder = '$setElementOrder/';

function malformed(problem: string): PatchError {
  return new PatchError('ERR_PATCH_MALFORMED', problem);
}

const finalizersAndOwners: JsonSchema = {
  type: 'object',
  properties: {
    finalizers: { type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: { type: 'string' } },
    ownerReferences: {
      type: 'array',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'uid',
      items: { type: 'object' },
    },
  },
};

function strategies(schema: JsonSchema | undefined): readonly string[] {
  return (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',');
}

function fieldSchema(schema: JsonSchema | undefined, name: string, depth: number): JsonSchema | undefined {
  // ObjectMeta is the same for every kind, whether or not the schema spells it out.
  if (depth === 0 && name === 'metadata') return finalizersAndOwners;
  const declared = Object.hasOwn(schema?.properties ?? {}, name) ? schema?.properties?.[name] : undefined;
  if (declared !== undefined) return declared;
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** A patch value that meets nothing in the object: its directives are carried out on emptiness. */
function withoutDirectives(value: unknown, schema: JsonSchema | undefined, depth: number): unknown {
  if (Array.isArray(value)) return mergeList([], value, schema, depth);
  return isJsonObject(value) ? mergeObject({}, value, schema, depth) : cloneJson(value);
}

function retained(result: JsonObject, patch: JsonObject): void {
  const keep = patch[retainKeys];
  if (keep === undefined) return;
  if (!Array.isArray(keep)) throw malformed('$retainKeys must be a list');
  const kept = new Set<unknown>(keep);
  for (const key of Object.keys(patch)) {
    if (!key.startsWith('$') && patch[key] !== null && !kept.has(key)) {
      throw malformed(`$retainKeys must list every field of the patch: ${JSON.stringify(key)} is missing`);
    }
  }
  for (const key of Object.keys(result)) if (!kept.has(key)) delete result[key];
}

function primitiveDeletions(result: JsonObject, patch: JsonObject): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(deleteFrom)) continue;
    const name = key.slice(deleteFrom.length);
    const gone = patch[key];
    const list = getKey(result, name);
    if (!Array.isArray(gone)) throw malformed(`${key} must be a list`);
    if (Array.isArray(list)) {
      const texts = new Set(gone.map(canonicalJson));
      setKey(
        result,
        name,
        list.filter((item) => !texts.has(canonicalJson(item))),
      );
    }
  }
}

function itemText(item: unknown, mergeKey: string | undefined): string {
  return canonicalJson(mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item);
}

/** Items that the order names come in that order; the others keep their places relative to their predecessors. */
function ordered(
  list: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const rank = new Map(order.map((item, index) => [itemText(item, mergeKey), index]));
  const named = list
    .filter((item) => rank.has(itemText(item, mergeKey)))
    .sort((a, b) => (rank.get(itemText(a, mergeKey)) ?? 0) - (rank.get(itemText(b, mergeKey)) ?? 0));
  let next = 0;
  return list.map((item) => (rank.has(itemText(item, mergeKey)) ? named[next++] : item));
}

function elementOrders(
  result: JsonObject,
  patch: JsonObject,
  schema: JsonSchema | undefined,
  depth: number,
): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(setOrder)) continue;
    const name = key.slice(setOrder.length);
    const order = patch[key];
    const list = getKey(result, name);
    if (!Array.isArray(order)) throw malformed(`${key} must be a list`);
    const mergeKey = fieldSchema(schema, name, depth)?.['x-kubernetes-patch-merge-key'];
    if (Array.isArray(list)) setKey(result, name, ordered(list, order, mergeKey));
  }
}

function mergeObject(
  target: JsonObject,
  patch: JsonObject,
  schema: JsonSchema | undefined,
  depth: number,
): unknown {
  if (depth > deepest) throw new PatchError('ERR_PATCH_TOO_LARGE', 'the patch is nested too deeply');
  const { [directive]: order, ...rest } = patch;
  if (order === 'replace') return cloneJson(rest);
  if (order === 'delete') return {};
  if (order !== undefined && order !== 'merge')
    throw malformed(`unknown $patch directive ${JSON.stringify(order)}`);
  const result: JsonObject = { ...target };
  retained(result, patch);
  primitiveDeletions(result, patch);
  for (const key of Object.keys(rest)) {
    if (key === retainKeys || key.startsWith(deleteFrom) || key.startsWith(setOrder)) continue;
    const value = rest[key];
    if (value === null) {
      delete result[key];
      continue;
    }
    const type = fieldSchema(schema, key, depth);
    const old = getKey(result, key);
    if (isJsonObject(value)) {
      const replace = strategies(type).includes('replace') && !Object.hasOwn(value, directive);
      setKey(result, key, mergeObject(replace || !isJsonObject(old) ? {} : old, value, type, depth + 1));
    } else if (Array.isArray(value)) {
      setKey(result, key, mergeList(Array.isArray(old) ? old : [], value, type, depth + 1));
    } else setKey(result, key, value);
  }
  elementOrders(result, patch, schema, depth);
  return result;
}

function mergeList(
  target: readonly unknown[],
  patch: readonly unknown[],
  schema: JsonSchema | undefined,
  depth: number,
): unknown[] {
  if (depth > deepest) throw new PatchError('ERR_PATCH_TOO_LARGE', 'the patch is nested too deeply');
  const replaces = patch.some((item) => isJsonObject(item) && item[directive] === 'replace');
  const mergeKey = schema?.['x-kubernetes-patch-merge-key'];
  const items = schema?.items;
  if (replaces || !strategies(schema).includes('merge')) {
    return patch
      .filter((item) => !(isJsonObject(item) && item[directive] === 'replace'))
      .map((item) => withoutDirectives(item, items, depth + 1));
  }
  if (mergeKey === undefined) {
    const seen = new Set(target.map(canonicalJson));
    return [
      ...target,
      ...patch.filter((item) => !seen.has(canonicalJson(item)) && seen.add(canonicalJson(item))),
    ];
  }
  const result = [...target];
  // By key, so that long lists take time that grows with them and not with its square.
  const places = new Map<string, number[]>();
  for (const [at, each] of result.entries()) {
    const key = isJsonObject(each) ? getKey(each, mergeKey) : undefined;
    if (key === undefined) continue;
    const text = canonicalJson(key);
    const known = places.get(text);
    if (known === undefined) places.set(text, [at]);
    else known.push(at);
  }
  const removed = new Set<number>();
  for (const item of patch) {
    if (!isJsonObject(item))
      throw malformed(`the items of this list must be objects with a ${JSON.stringify(mergeKey)}`);
    const key = getKey(item, mergeKey);
    if (key === undefined) throw malformed(`an item lacks its merge key ${JSON.stringify(mergeKey)}`);
    const text = canonicalJson(key);
    const found = places.get(text) ?? [];
    if (item[directive] === 'delete') {
      for (const at of found) removed.add(at);
      places.delete(text);
      continue;
    }
    const [at] = found;
    const merged = mergeObject(at === undefined ? {} : (result[at] as JsonObject), item, items, depth + 1);
    if (at === undefined) places.set(text, [result.push(merged) - 1]);
    else result[at] = merged;
  }
  if (removed.size > 0) return result.filter((_, at) => !removed.has(at));
  return result;
}

/**
 * Applies a strategic merge patch. `schema` directs lists; a kind without hints behaves like a merge patch with directives.
 * Neither input is modified. Throws PatchError.
 */
export function strategicMergePatch(
  target: unknown,
  patch: unknown,
  schema: JsonSchema | undefined,
): unknown {
  if (!isJsonObject(patch)) throw malformed('a strategic merge patch must be an object');
  return mergeObject(isJsonObject(target) ? target : {}, patch, schema, 0);
}
