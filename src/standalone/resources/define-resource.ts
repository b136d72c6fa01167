/** Builds a ResourceEntry from the little that a built-in kind has to say. */
import { apiVersionOf, type ResourceType } from '../../api/resources.ts';
import { compileMergeSchema } from '../apply/merge-schema.ts';
import { compileSchema } from '../schema/compile-schema.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { ageColumn, nameColumn } from './printing.ts';
import { allVerbs, type ResourceEntry } from './resource-entry.ts';
import { wholeObject } from './schemas.ts';

type Optional =
  | 'storageKey'
  | 'storageApiVersion'
  | 'listKind'
  | 'verbs'
  | 'statusSubresource'
  | 'tracksGeneration'
  | 'strategicMerge'
  | 'versionedUpdate'
  | 'columns'
  | 'selectableFields';

export type ResourceDefinition = Omit<ResourceEntry, Optional | 'schema' | 'openapi' | 'mergeSchema'> &
  Partial<Pick<ResourceEntry, Optional>> & {
    type: ResourceType;
    /** Without metadata. */
    properties: Readonly<Record<string, JsonSchema>>;
    required?: readonly string[];
    description: string;
  };

export function storageKeyOf(type: Pick<ResourceType, 'group' | 'plural'>): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** A built-in kind: strategic merge is understood, and unknown fields are dropped as Go structs do. */
export function defineResource(definition: ResourceDefinition): ResourceEntry {
  const { properties, required, description, ...rest } = definition;
  const schema: JsonSchema = {
    type: 'object',
    description,
    properties,
    ...(required === undefined ? {} : { required }),
  };
  const openapi = wholeObject(schema);
  return {
    storageKey: storageKeyOf(rest.type),
    storageApiVersion: apiVersionOf(rest.type),
    listKind: `${rest.type.kind}List`,
    verbs: allVerbs,
    statusSubresource: false,
    tracksGeneration: false,
    strategicMerge: true,
    versionedUpdate: false,
    columns: [nameColumn, ageColumn],
    selectableFields: {},
    ...rest,
    schema: compileSchema(schema),
    openapi,
    mergeSchema: compileMergeSchema(openapi),
  };
}
