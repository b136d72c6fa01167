/** Which fields a kind has at some place, from the schema of its CustomResourceDefinition. Pure. */
import type { PathElement } from './field-path.ts';

/** As much of an OpenAPI v3 schema as is needed here. */
export interface FieldSchema {
  properties?: Record<string, FieldSchema>;
  additionalProperties?: FieldSchema | boolean;
  items?: FieldSchema;
}

const metadataFields = ['name', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences'];
const objectFields = ['apiVersion', 'kind', 'metadata'];

/** The names beside the last element of `path`; empty where the schema does not say. */
export function knownFields(schema: FieldSchema | undefined, path: readonly PathElement[]): string[] {
  if (path.length === 2 && path[0] === 'metadata') return metadataFields;
  let at = schema;
  for (const element of path.slice(0, -1)) {
    if (typeof element === 'number') at = at?.items;
    else if (at?.properties !== undefined && Object.hasOwn(at.properties, element))
      at = at.properties[element];
    else at = typeof at?.additionalProperties === 'object' ? at.additionalProperties : undefined;
  }
  const names = Object.keys(at?.properties ?? {});
  return path.length === 1 ? [...new Set([...objectFields, ...names])] : names;
}
