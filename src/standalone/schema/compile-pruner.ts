/** Pruning: removes what the schema does not know (structural schemas, x-kubernetes-preserve-unknown-fields). */
import { fieldPath, indexPath } from './field-path-text.ts';
import type { JsonObject, JsonSchema } from './json-schema.ts';
import { isJsonObject } from './json-schema.ts';
import { deepestSchema, objectMetaFields } from './limits.ts';

type Pruner = (value: unknown, path: string, removed: string[]) => void;

const ownerReferenceFields = new Set([
  'apiVersion',
  'kind',
  'name',
  'uid',
  'controller',
  'blockOwnerDeletion',
]);

function removeUnknown(
  object: JsonObject,
  known: ReadonlySet<string>,
  path: string,
  removed: string[],
): void {
  for (const key of Object.keys(object)) {
    if (known.has(key)) continue;
    delete object[key];
    removed.push(fieldPath(path, key));
  }
}

function pruneMetadata(value: unknown, path: string, removed: string[]): void {
  if (!isJsonObject(value)) return;
  removeUnknown(value, objectMetaFields, path, removed);
  const owners = value['ownerReferences'];
  if (!Array.isArray(owners)) return;
  owners.forEach((owner: unknown, index) => {
    if (isJsonObject(owner)) {
      removeUnknown(owner, ownerReferenceFields, indexPath(`${path}.ownerReferences`, index), removed);
    }
  });
}

function objectPruner(schema: JsonSchema, root: boolean, depth: number): Pruner | undefined {
  const properties = new Map<string, Pruner | undefined>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    properties.set(name, compile(property, depth + 1));
  }
  if (root || schema['x-kubernetes-embedded-resource'] === true) {
    properties.set('apiVersion', undefined);
    properties.set('kind', undefined);
    properties.set('metadata', pruneMetadata);
  }
  const additional = schema.additionalProperties;
  const keepUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true || additional === true;
  const additionalPruner = typeof additional === 'object' ? compile(additional, depth + 1) : undefined;
  const keepAdditional = keepUnknown || typeof additional === 'object';
  if (keepAdditional && additionalPruner === undefined && ![...properties.values()].some(Boolean))
    return undefined;
  return (value, path, removed) => {
    if (!isJsonObject(value)) return;
    for (const key of Object.keys(value)) {
      const pruner = properties.get(key);
      if (pruner !== undefined) {
        const child = value[key];
        if (typeof child === 'object' && child !== null) pruner(child, fieldPath(path, key), removed);
      } else if (!properties.has(key)) {
        if (!keepAdditional) {
          delete value[key];
          removed.push(fieldPath(path, key));
        } else if (additionalPruner !== undefined) {
          additionalPruner(value[key], fieldPath(path, key), removed);
        }
      }
    }
  };
}

function arrayPruner(items: JsonSchema | undefined, depth: number): Pruner | undefined {
  const pruner = items === undefined ? undefined : compile(items, depth + 1);
  if (pruner === undefined) return undefined;
  return (value, path, removed) => {
    if (!Array.isArray(value)) return;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === 'object' && item !== null) pruner(item, indexPath(path, i), removed);
    }
  };
}

function compile(schema: JsonSchema, depth: number): Pruner | undefined {
  if (depth > deepestSchema) return undefined;
  if (schema.type === 'array' || (schema.type === undefined && schema.items !== undefined)) {
    return arrayPruner(schema.items, depth);
  }
  // Values of another type are left for validation to refuse: pruning `{}` under a string would hide the mistake.
  const isObject =
    schema.type === 'object' || schema.properties !== undefined || schema.additionalProperties !== undefined;
  return isObject ? objectPruner(schema, false, depth) : undefined;
}

/** Compiles the pruner of a whole object. */
export function compilePruner(schema: JsonSchema): Pruner {
  return objectPruner(schema, true, 0) ?? pruneNothing;
}

function pruneNothing(): void {
  // Every field is kept by this schema.
}
