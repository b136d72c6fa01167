/** CustomResourceDefinitions: names, versions, structural schemas, and the conditions that say they are served. */
import type { FieldError } from '../../../api/admission.ts';
import { customResourceDefinitions } from '../../../api/resources.ts';
import { checkStructural } from '../../schema/check-structural.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { secondsText } from '../../../api/seconds-text.ts';
import { crdSpec, type CrdNames, type CrdVersion } from '../crd-entries.ts';
import { defineResource } from '../define-resource.ts';
import { compileJsonPath } from '../../jsonpath/compile-json-path.ts';
import { JsonPathError } from '../../jsonpath/json-path-error.ts';
import { nameComplaint } from '../object-meta.ts';
import { metaOf, textOf, type JsonObject } from '../resource-entry.ts';
import { condition, flag, int, object, text } from '../schemas.ts';

export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

const list = (description: string, items: JsonSchema, keys?: string[]): JsonSchema => ({
  type: 'array',
  description,
  items,
  ...(keys === undefined
    ? { 'x-kubernetes-list-type': 'atomic' }
    : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }),
});
const strings = (description: string): JsonSchema => list(description, { type: 'string' });

const names = object(
  'How the resource is called.',
  {
    plural: text('Plural, in paths.'),
    singular: text('Singular, on the command line.'),
    kind: text('Kind, in objects.'),
    listKind: text('Kind of lists.'),
    shortNames: strings('Short names for the command line.'),
    categories: strings('Groups of resources for the command line.'),
  },
  ['plural', 'kind'],
);

const version = object(
  'One version of the resource.',
  {
    name: text('Such as v1.'),
    served: flag('Whether the version is served.'),
    storage: flag('Whether objects are stored in this version; true for exactly one.'),
    deprecated: flag('Whether use of the version brings a warning.'),
    deprecationWarning: text('The warning.'),
    schema: object('How objects look.', {
      openAPIV3Schema: {
        type: 'object',
        description: 'A structural schema.',
        'x-kubernetes-preserve-unknown-fields': true,
      },
    }),
    subresources: object('What is served beside the object.', {
      status: {
        type: 'object',
        description: 'Serves /status.',
        'x-kubernetes-preserve-unknown-fields': true,
      },
      scale: {
        type: 'object',
        description: 'Accepted; not served.',
        'x-kubernetes-preserve-unknown-fields': true,
      },
    }),
    selectableFields: list(
      'Fields for field selectors.',
      object('One field.', { jsonPath: text('Its path.') }, ['jsonPath']),
    ),
    additionalPrinterColumns: list(
      'Columns of tables.',
      object(
        'One column.',
        {
          name: text('Heading.'),
          type: text('Type of the value.'),
          jsonPath: text('Where the value is.'),
          format: text('Format of the value.'),
          description: text('For people.'),
          priority: int('0: always shown.'),
        },
        ['name', 'type', 'jsonPath'],
      ),
    ),
  },
  ['name', 'served', 'storage'],
);

interface Condition {
  type: string;
  status: string;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

function setCondition(
  conditions: Condition[],
  wanted: Omit<Condition, 'lastTransitionTime'>,
  now: string,
): Condition[] {
  const old = conditions.find((found) => found.type === wanted.type);
  const lastTransitionTime = old?.status === wanted.status ? old.lastTransitionTime : now;
  return [...conditions.filter((found) => found.type !== wanted.type), { ...wanted, lastTransitionTime }];
}

function statusOf(crd: JsonObject): JsonObject {
  const found = crd['status'];
  return typeof found === 'object' && found !== null ? (found as JsonObject) : {};
}

function isSpec(crd: JsonObject | undefined): boolean {
  const spec = crd?.['spec'] as { names?: CrdNames; versions?: unknown } | undefined;
  return (
    typeof spec === 'object' &&
    spec !== null &&
    typeof spec.names === 'object' &&
    Array.isArray(spec.versions)
  );
}

function prepare(crd: JsonObject, _old: JsonObject | undefined, now: number): void {
  if (!isSpec(crd)) return; // Validation says what is missing.
  const spec = crdSpec(crd);
  spec.names.singular ??= textOf(spec.names.kind).toLowerCase();
  spec.names.listKind ??= `${spec.names.kind}List`;
  const asJson = crd['spec'] as JsonObject;
  asJson['conversion'] ??= { strategy: 'None' };
  if (asJson['preserveUnknownFields'] === false) delete asJson['preserveUnknownFields'];
  const status = statusOf(crd);
  const at = secondsText(now);
  const stored = spec.versions.find((found) => found.storage)?.name;
  const storedVersions = new Set(
    Array.isArray(status['storedVersions']) ? status['storedVersions'].map(String) : [],
  );
  if (stored !== undefined) storedVersions.add(stored);
  let conditions = Array.isArray(status['conditions']) ? (status['conditions'] as Condition[]) : [];
  conditions = setCondition(
    conditions,
    { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
    at,
  );
  conditions = setCondition(
    conditions,
    {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    },
    at,
  );
  crd['status'] = {
    ...status,
    acceptedNames: structuredClone(spec.names),
    storedVersions: [...storedVersions],
    conditions,
  };
}

function checkVersion(found: CrdVersion, index: number): FieldError[] {
  const path = `spec.versions[${index}]`;
  const errors: FieldError[] = [];
  const complaint = nameComplaint(textOf(found.name), 'label');
  if (complaint !== undefined)
    errors.push({ type: 'Invalid', path: `${path}.name`, value: found.name, detail: complaint });
  const schema = found.schema?.openAPIV3Schema;
  if (schema === undefined)
    errors.push({ type: 'Required', path: `${path}.schema.openAPIV3Schema`, detail: 'schemas are required' });
  else errors.push(...checkStructural(schema, { path: `${path}.schema.openAPIV3Schema` }));
  const paths = [
    ...(found.additionalPrinterColumns ?? []).map(
      (column, at) => [`additionalPrinterColumns[${at}].jsonPath`, column.jsonPath] as const,
    ),
    ...(found.selectableFields ?? []).map(
      (field, at) => [`selectableFields[${at}].jsonPath`, field.jsonPath] as const,
    ),
  ];
  for (const [where, text] of paths) {
    try {
      compileJsonPath(textOf(text));
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      errors.push({ type: 'Invalid', path: `${path}.${where}`, value: text, detail: error.message });
    }
  }
  return errors;
}

function validate(crd: JsonObject, old: JsonObject | undefined): FieldError[] {
  if (!isSpec(crd)) return []; // The schema has reported it.
  const spec = crdSpec(crd);
  const errors: FieldError[] = [];
  const expected = `${spec.names.plural}.${spec.group}`;
  const { name } = metaOf(crd);
  if (name !== expected) {
    errors.push({
      type: 'Invalid',
      path: 'metadata.name',
      value: name,
      detail: `must be spec.names.plural+"."+spec.group (${expected})`,
    });
  }
  if (!textOf(spec.group).includes('.')) {
    errors.push({
      type: 'Invalid',
      path: 'spec.group',
      value: spec.group,
      detail: 'should be a domain with at least one dot',
    });
  }
  for (const field of ['plural', 'singular'] as const) {
    const complaint = nameComplaint(String(spec.names[field]), 'label');
    if (complaint !== undefined)
      errors.push({
        type: 'Invalid',
        path: `spec.names.${field}`,
        value: spec.names[field],
        detail: complaint,
      });
  }
  if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster') {
    errors.push({
      type: 'NotSupported',
      path: 'spec.scope',
      value: spec.scope,
      detail: 'supported values: "Cluster", "Namespaced"',
    });
  }
  const conversion = (crd['spec'] as { conversion?: { strategy?: string } }).conversion?.strategy;
  if (conversion !== 'None') {
    errors.push({
      type: 'NotSupported',
      path: 'spec.conversion.strategy',
      value: conversion,
      detail: 'supported values: "None"',
    });
  }
  if (spec.versions.filter((found) => found.storage).length !== 1) {
    errors.push({
      type: 'Invalid',
      path: 'spec.versions',
      value: spec.versions.map((found) => found.name),
      detail: 'must have exactly one version marked as storage version',
    });
  }
  for (const [index, found] of spec.versions.entries()) errors.push(...checkVersion(found, index));
  const before = isSpec(old) ? crdSpec(old!) : undefined;
  if (before !== undefined) {
    for (const field of ['group', 'scope'] as const) {
      if (before[field] !== spec[field])
        errors.push({
          type: 'Invalid',
          path: `spec.${field}`,
          value: spec[field],
          detail: 'field is immutable',
        });
    }
    if (before.names.kind !== spec.names.kind) {
      errors.push({
        type: 'Invalid',
        path: 'spec.names.kind',
        value: spec.names.kind,
        detail: 'field is immutable',
      });
    }
  }
  return errors;
}

export const customResourceDefinitionEntry = defineResource({
  type: customResourceDefinitions,
  versionedUpdate: true,
  description: 'Adds a resource to the API.',
  properties: {
    spec: object(
      'What the resource is like.',
      {
        group: text('API group.'),
        names,
        scope: text('Namespaced or Cluster.'),
        versions: { ...list('The versions.', version), 'x-kubernetes-list-type': 'atomic' },
        conversion: object('How versions are converted: only None, which changes apiVersion.', {
          strategy: text('None.'),
          webhook: {
            type: 'object',
            description: 'Not supported.',
            'x-kubernetes-preserve-unknown-fields': true,
          },
        }),
        preserveUnknownFields: flag('Must be false.'),
      },
      ['group', 'names', 'scope', 'versions'],
    ),
    status: object('What has come of it.', {
      conditions: list('Conditions.', condition, ['type']),
      acceptedNames: { ...names, required: [] },
      storedVersions: strings('Versions in which objects have ever been stored.'),
    }),
  },
  required: ['spec'],
  statusSubresource: true,
  tracksGeneration: true,
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'Name of the definition.',
      cell: (crd) => metaOf(crd).name ?? '',
    },
    {
      name: 'Created At',
      type: 'date',
      description: 'When it was created.',
      cell: (crd) => metaOf(crd).creationTimestamp ?? '',
    },
  ],
  prepare,
  validate,
  beforeDelete: (crd, now) => {
    const meta = metaOf(crd);
    meta.finalizers = [...new Set([...(meta.finalizers ?? []), CRD_FINALIZER])];
    const status = statusOf(crd);
    const conditions = Array.isArray(status['conditions']) ? (status['conditions'] as Condition[]) : [];
    crd['status'] = {
      ...status,
      conditions: setCondition(
        conditions,
        {
          type: 'Terminating',
          status: 'True',
          reason: 'InstanceDeletionInProgress',
          message: 'CustomResource deletion is in progress',
        },
        secondsText(now),
      ),
    };
    return true;
  },
});
