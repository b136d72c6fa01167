/** Flattens a CRD schema into rows of path, type, required and constraints, the form of the shared field list. */
import type { SchemaProps } from '../../src/api/custom-resource-definition.ts';

export interface FieldRow {
  type: string;
  required: boolean;
  /** JSON with sorted keys; empty when there are none. */
  constraints: string;
}

const keywords = [
  'anyOf',
  'default',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'maximum',
  'maxItems',
  'maxLength',
  'maxProperties',
  'minimum',
  'minItems',
  'minLength',
  'minProperties',
  'multipleOf',
  'nullable',
  'pattern',
  'uniqueItems',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-preserve-unknown-fields',
];

/** Rows by path: `.` is the root, `[]` a list item, `{}` a map value. */
export function flattenSchema(schema: SchemaProps): Map<string, FieldRow> {
  const rows = new Map<string, FieldRow>();
  visit(rows, '.', schema, false);
  return rows;
}

function visit(rows: Map<string, FieldRow>, path: string, schema: SchemaProps, required: boolean): void {
  rows.set(path, { type: schema.type ?? '', required, constraints: constraintsOf(schema) });
  const prefix = path === '.' ? '' : path;
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    visit(rows, `${prefix}.${name}`, child, schema.required?.includes(name) ?? false);
  }
  if (schema.items !== undefined) visit(rows, `${prefix}[]`, schema.items, false);
  if (typeof schema.additionalProperties === 'object')
    visit(rows, `${prefix}{}`, schema.additionalProperties, false);
}

function constraintsOf(schema: SchemaProps): string {
  const found: Record<string, unknown> = {};
  for (const keyword of keywords) {
    const value = (schema as Record<string, unknown>)[keyword];
    if (value !== undefined) found[keyword] = value;
  }
  const rules = schema['x-kubernetes-validations'];
  if (rules !== undefined) found['x-kubernetes-validations'] = rules.map(({ rule }) => rule);
  return canonical(found);
}

/** JSON with sorted keys, so that equal constraints are equal strings; empty for no constraints. */
export function canonical(constraints: Record<string, unknown>): string {
  const entries = Object.entries(constraints).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '' : JSON.stringify(Object.fromEntries(entries));
}
