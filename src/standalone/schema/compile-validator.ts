/** Value validation: compiles a schema into closures that collect field errors in Kubernetes' form. */
import { jsonEqual } from './canonical.ts';
import { arrayRules } from './array-rules.ts';
import { combinatorRules } from './combinator-rules.ts';
import { fieldPath } from './field-path-text.ts';
import type { JsonSchema } from './json-schema.ts';
import { isJsonObject } from './json-schema.ts';
import { deepestSchema, mostErrors } from './limits.ts';
import { numberRules } from './number-rules.ts';
import { stringRules } from './string-rules.ts';
import type { Validator } from './validator.ts';
import { invalid, printed, typeName } from './validator.ts';

function fitsType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isJsonObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function objectRules(schema: JsonSchema, root: boolean, depth: number): Validator[] {
  const rules: Validator[] = [];
  const { minProperties, maxProperties } = schema;
  const required = schema.required ?? [];
  const properties = new Map<string, { below: Validator; path: (parent: string) => string }>();
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const below = compile(child, false, depth + 1);
    if (below !== undefined) properties.set(name, { below, path: (parent) => fieldPath(parent, name) });
  }
  if (root || schema['x-kubernetes-embedded-resource'] === true) {
    properties.delete('metadata');
    const ownName = schema.properties?.['metadata']?.properties?.['name'];
    const below =
      ownName === undefined ? undefined : compile({ properties: { name: ownName } }, false, depth + 1);
    if (below !== undefined)
      properties.set('metadata', { below, path: (parent) => fieldPath(parent, 'metadata') });
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    rules.push((value, path, errors) => {
      for (const key of ['apiVersion', 'kind']) {
        if (isJsonObject(value) && (typeof value[key] !== 'string' || value[key] === '')) {
          errors.push({ type: 'Required', path: fieldPath(path, key), detail: 'must not be empty' });
        }
      }
    });
  }
  const additional = schema.additionalProperties;
  const rest = typeof additional === 'object' ? compile(additional, false, depth + 1) : undefined;
  if (required.length > 0) {
    rules.push((value, path, errors) => {
      if (!isJsonObject(value)) return;
      for (const name of required) {
        if (!Object.hasOwn(value, name))
          errors.push({ type: 'Required', path: fieldPath(path, name), detail: '' });
      }
    });
  }
  if (properties.size > 0 || rest !== undefined) {
    rules.push((value, path, errors) => {
      if (!isJsonObject(value)) return;
      for (const key of Object.keys(value)) {
        const known = properties.get(key);
        if (known !== undefined) known.below(value[key], known.path(path), errors);
        else if (rest !== undefined && !Object.hasOwn(schema.properties ?? {}, key)) {
          rest(value[key], fieldPath(path, key), errors);
        }
        if (errors.length >= mostErrors) return;
      }
    });
  }
  if (minProperties !== undefined || maxProperties !== undefined) {
    rules.push((value, path, errors) => {
      if (!isJsonObject(value)) return;
      const count = Object.keys(value).length;
      if (minProperties !== undefined && count < minProperties) {
        errors.push(invalid(path, value, `should have at least ${minProperties} properties`));
      }
      if (maxProperties !== undefined && count > maxProperties) {
        errors.push(invalid(path, count, `should have at most ${maxProperties} properties`));
      }
    });
  }
  return rules;
}

function enumRule(allowed: readonly unknown[]): Validator {
  const quick = new Set(allowed);
  const detail = `supported values: ${allowed.map(printed).join(', ')}`;
  return (value, path, errors) => {
    if (quick.has(value) || allowed.some((each) => jsonEqual(each, value))) return;
    errors.push({ type: 'NotSupported', path, value, detail });
  };
}

function typeRule(schema: JsonSchema): Validator | undefined {
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  const type = schema.type;
  if (!intOrString && type === undefined) return undefined;
  return (value, path, errors) => {
    const fits = intOrString
      ? Number.isInteger(value) || typeof value === 'string'
      : type !== undefined && fitsType(type, value);
    if (fits) return;
    const name = typeName(value);
    const wanted = intOrString ? 'integer,string' : type;
    errors.push(invalid(path, name, `must be of type ${wanted}: "${name}"`));
  };
}

/** Compiles one node; undefined when it accepts everything. */
export function compile(schema: JsonSchema, root: boolean, depth: number): Validator | undefined {
  if (depth > deepestSchema) return undefined;
  const type = typeRule(schema);
  const next = (child: JsonSchema): Validator | undefined => compile(child, false, depth + 1);
  const rules = [
    ...objectRules(schema, root, depth),
    ...arrayRules(schema, next),
    ...stringRules(schema),
    ...numberRules(schema),
    ...combinatorRules(schema, next),
  ];
  if (schema.enum !== undefined) rules.push(enumRule(schema.enum));
  if (type === undefined && rules.length === 0) return undefined;
  const nullable = schema.nullable === true;
  const only = rules.length === 1 ? rules[0] : undefined;
  return (value, path, errors) => {
    if (value === null && nullable) return;
    if (type !== undefined) {
      const before = errors.length;
      type(value, path, errors);
      // A value of the wrong type breaks every other rule too; one message is enough.
      if (errors.length > before) return;
    }
    if (only !== undefined) only(value, path, errors);
    else for (let i = 0; i < rules.length; i++) rules[i]?.(value, path, errors);
  };
}
