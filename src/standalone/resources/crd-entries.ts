/** From a CustomResourceDefinition to the entries that serve it, one for each served version. */
import type { ResourceType } from '../../api/resources.ts';
import { compileMergeSchema } from '../apply/merge-schema.ts';
import { compileSchema } from '../schema/compile-schema.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { compileJsonPath } from '../jsonpath/compile-json-path.ts';
import { ageColumn, columnFromPath, nameColumn, type PrinterColumn } from './printing.ts';
import { allVerbs, type JsonObject, type ResourceEntry } from './resource-entry.ts';
import { wholeObject } from './schemas.ts';

/** apiextensions.k8s.io/v1 as far as it is read here. */
export interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: JsonSchema };
  subresources?: { status?: object; scale?: object };
  selectableFields?: { jsonPath: string }[];
  additionalPrinterColumns?: PrinterColumn[];
}

export interface CrdNames {
  plural: string;
  singular?: string;
  kind: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

export interface CrdSpec {
  group: string;
  scope: 'Namespaced' | 'Cluster';
  names: CrdNames;
  versions: CrdVersion[];
  preserveUnknownFields?: boolean;
}

export function crdSpec(crd: JsonObject): CrdSpec {
  return crd['spec'] as CrdSpec;
}

/** Entries of a definition that has been validated. */
export function entriesOfCrd(crd: JsonObject): ResourceEntry[] {
  const spec = crdSpec(crd);
  const { group, names } = spec;
  const storage = spec.versions.find((version) => version.storage) ?? spec.versions[0];
  return spec.versions
    .filter((version) => version.served)
    .map((version) => {
      const type: ResourceType = {
        group,
        version: version.name,
        kind: names.kind,
        plural: names.plural,
        singular: names.singular ?? names.kind.toLowerCase(),
        namespaced: spec.scope === 'Namespaced',
        shortNames: names.shortNames ?? [],
        categories: names.categories ?? [],
      };
      return entryOf(
        type,
        names.listKind ?? `${names.kind}List`,
        `${group}/${storage?.name ?? version.name}`,
        version,
      );
    });
}

function entryOf(
  type: ResourceType,
  listKind: string,
  storageApiVersion: string,
  version: CrdVersion,
): ResourceEntry {
  const schema = version.schema?.openAPIV3Schema ?? {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  };
  const openapi = wholeObject(schema);
  const columns = version.additionalPrinterColumns?.map(columnFromPath);
  return {
    type,
    storageKey: `${type.plural}.${type.group}`,
    storageApiVersion,
    schema: compileSchema(schema),
    openapi,
    mergeSchema: compileMergeSchema(openapi),
    listKind,
    verbs: allVerbs,
    statusSubresource: version.subresources?.status !== undefined,
    tracksGeneration: true,
    strategicMerge: false,
    versionedUpdate: true,
    columns:
      columns === undefined || columns.length === 0 ? [nameColumn, ageColumn] : [nameColumn, ...columns],
    selectableFields: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath }) => {
        const path = compileJsonPath(jsonPath);
        return [jsonPath.replace(/^\./, ''), (object: JsonObject) => fieldText(path(object)[0])];
      }),
    ),
    ...(version.deprecated === true
      ? {
          deprecated: {
            warning: version.deprecationWarning ?? `${type.group}/${type.version} ${type.kind} is deprecated`,
          },
        }
      : {}),
  };
}

/** Selectable fields are strings, numbers and booleans. */
function fieldText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
