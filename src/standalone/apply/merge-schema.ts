/** What merging needs to know of a kind: which lists are sets or maps, which values are atomic. Compiled once per kind. */
import type { JsonSchema } from '../schema/json-schema.ts';

export type MergeSchema =
  | { readonly kind: 'leaf' }
  | {
      readonly kind: 'map';
      readonly fields: ReadonlyMap<string, MergeSchema>;
      /** The type of fields that are not declared. */
      readonly rest: MergeSchema;
    }
  | { readonly kind: 'set' }
  | {
      readonly kind: 'list';
      readonly keys: readonly string[];
      readonly defaults: { readonly [key: string]: unknown };
      readonly items: MergeSchema;
    }
  /** Nothing is known: objects are granular maps, lists are atomic. */
  | { readonly kind: 'deduced' };

const leaf: MergeSchema = { kind: 'leaf' };
const deduced: MergeSchema = { kind: 'deduced' };
const deepest = 100;

const strings: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };

/** meta/v1 ObjectMeta with its list types. */
const objectMeta: JsonSchema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    generateName: { type: 'string' },
    namespace: { type: 'string' },
    selfLink: { type: 'string' },
    uid: { type: 'string' },
    resourceVersion: { type: 'string' },
    generation: { type: 'integer' },
    creationTimestamp: { type: 'string' },
    deletionTimestamp: { type: 'string' },
    deletionGracePeriodSeconds: { type: 'integer' },
    labels: strings,
    annotations: strings,
    finalizers: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    managedFields: { type: 'array', 'x-kubernetes-list-type': 'atomic' },
    ownerReferences: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      items: {
        type: 'object',
        'x-kubernetes-map-type': 'atomic',
        properties: { uid: { type: 'string' } },
      },
    },
  },
};

function identity(schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    type: 'object',
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: objectMeta,
    },
  };
}

function compileList(schema: JsonSchema, depth: number): MergeSchema {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') return { kind: 'set' };
  const keys = schema['x-kubernetes-list-map-keys'];
  if (listType !== 'map' || keys === undefined || keys.length === 0) return leaf;
  const defaults: { [key: string]: unknown } = {};
  for (const key of keys) {
    const fallback = schema.items?.properties?.[key]?.default;
    if (fallback !== undefined) defaults[key] = fallback;
  }
  return { kind: 'list', keys, defaults, items: compile(schema.items ?? {}, depth + 1) };
}

function compile(schema: JsonSchema, depth: number): MergeSchema {
  if (depth > deepest) return deduced;
  if (schema['x-kubernetes-int-or-string'] === true) return leaf;
  if (schema['x-kubernetes-map-type'] === 'atomic') return leaf;
  if (schema.type === 'array') return compileList(schema, depth);
  const object = schema['x-kubernetes-embedded-resource'] === true ? identity(schema) : schema;
  if (object.properties !== undefined || typeof object.additionalProperties === 'object') {
    const fields = new Map<string, MergeSchema>();
    for (const [name, child] of Object.entries(object.properties ?? {}))
      fields.set(name, compile(child, depth + 1));
    const additional = object.additionalProperties;
    return {
      kind: 'map',
      fields,
      rest: typeof additional === 'object' ? compile(additional, depth + 1) : deduced,
    };
  }
  return object.type === undefined || object.type === 'object' ? deduced : leaf;
}

/**
 * Compiles the OpenAPI schema of a kind; undefined when none is known. At the root, apiVersion, kind and metadata are
 * always those of Kubernetes.
 */
export function compileMergeSchema(schema: JsonSchema | undefined): MergeSchema {
  return compile(identity(schema ?? {}), 0);
}

/** The type of a field of a map. */
export function fieldType(schema: MergeSchema, name: string): MergeSchema {
  return schema.kind === 'map' ? (schema.fields.get(name) ?? schema.rest) : deduced;
}

/** Whether the field is declared by name, as opposed to an entry of a map. */
export function isDeclared(schema: MergeSchema, name: string): boolean {
  return schema.kind === 'map' && schema.fields.has(name);
}
