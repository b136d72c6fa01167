/** Which schemas a CustomResourceDefinition may have (Kubernetes documentation: "Specifying a structural schema"). */
import type { FieldError } from '../../api/admission.ts';
import { createExpressionChecker } from './cel/rule-problem.ts';
import { compileDefaulter } from './compile-defaulter.ts';
import { compile as compileValidator } from './compile-validator.ts';
import { fieldPath } from './field-path-text.ts';
import type { JsonSchema } from './json-schema.ts';
import { isJsonObject } from './json-schema.ts';
import { deepestSchema, mostErrors } from './limits.ts';
import { patternProblem } from './pattern.ts';

const types = ['object', 'array', 'string', 'integer', 'number', 'boolean'];
const combinators = ['allOf', 'anyOf', 'oneOf'] as const;
const unsupported = [
  '$ref',
  'definitions',
  'dependencies',
  'patternProperties',
  'additionalItems',
  'deprecated',
  'discriminator',
  'readOnly',
  'writeOnly',
  'xml',
];
const structuralOnly = [
  'type',
  'default',
  'nullable',
  'additionalProperties',
  'title',
  'description',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const;
const mostNodes = 50_000;

class Checker {
  readonly errors: FieldError[] = [];
  #expressions: ReturnType<typeof createExpressionChecker> | undefined;
  #nodes = 0;

  #add(type: FieldError['type'], path: string, detail: string, value?: unknown): void {
    if (this.errors.length < mostErrors)
      this.errors.push({ type, path, detail, ...(value === undefined ? {} : { value }) });
  }

  /** `carried`: inside allOf, anyOf, oneOf or not, where only value rules may stand. */
  check(schema: unknown, path: string, depth: number, carried = false): void {
    if (this.errors.length >= mostErrors) return;
    if (!isJsonObject(schema)) {
      this.#add('Invalid', path, 'must be a schema object', schema);
      return;
    }
    if (depth > deepestSchema || ++this.#nodes > mostNodes) {
      this.#add(
        'Invalid',
        path,
        `must not be nested deeper than ${deepestSchema} or hold more than ${mostNodes} schemas`,
        '',
      );
      return;
    }
    for (const key of unsupported) {
      if (Object.hasOwn(schema, key)) this.#add('Forbidden', fieldPath(path, key), `${key} is not supported`);
    }
    if (schema['uniqueItems'] === true) {
      this.#add(
        'Forbidden',
        fieldPath(path, 'uniqueItems'),
        'uniqueItems cannot be true: use x-kubernetes-list-type: set',
      );
    }
    const known = schema as JsonSchema;
    if (carried) this.#valueOnly(known, path);
    else this.#structural(known, path);
    this.#values(known, path);
    this.#children(schema, path, depth, carried);
  }

  #valueOnly(schema: JsonSchema, path: string): void {
    for (const key of structuralOnly) {
      const intOrStringType = key === 'type' && (schema.type === 'integer' || schema.type === 'string');
      if (schema[key] === undefined || intOrStringType) continue;
      this.#add(
        'Forbidden',
        fieldPath(path, key),
        'must not be set inside allOf, anyOf, oneOf or not: structural schemas set it outside',
      );
    }
  }

  #structural(schema: JsonSchema, path: string): void {
    const intOrString = schema['x-kubernetes-int-or-string'] === true;
    const keep = schema['x-kubernetes-preserve-unknown-fields'] === true;
    if (schema.type === undefined) {
      if (!intOrString && !keep)
        this.#add('Required', fieldPath(path, 'type'), 'must not be empty for specified object fields');
    } else if (typeof schema.type !== 'string' || !types.includes(schema.type)) {
      this.#add(
        'NotSupported',
        fieldPath(path, 'type'),
        `supported values: ${types.map((t) => JSON.stringify(t)).join(', ')}`,
        schema.type,
      );
    } else if (intOrString) {
      this.#add('Forbidden', fieldPath(path, 'type'), 'must be empty with x-kubernetes-int-or-string');
    }
    if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
      this.#add(
        'Invalid',
        fieldPath(path, 'x-kubernetes-preserve-unknown-fields'),
        'must be true or undefined',
        false,
      );
    }
    if (schema.type === 'array' && schema.items === undefined)
      this.#add('Required', fieldPath(path, 'items'), 'must be specified');
    if (
      schema.properties !== undefined &&
      schema.additionalProperties !== undefined &&
      schema.additionalProperties !== false
    ) {
      this.#add(
        'Forbidden',
        fieldPath(path, 'additionalProperties'),
        'additionalProperties and properties are mutual exclusive',
      );
    }
    if (schema['x-kubernetes-embedded-resource'] === true && schema.type !== 'object') {
      this.#add(
        'Invalid',
        fieldPath(path, 'type'),
        'must be object if x-kubernetes-embedded-resource is true',
        schema.type ?? '',
      );
    }
    this.#lists(schema, path);
    this.#rules(schema, path);
    this.#fallback(schema, path);
  }

  #lists(schema: JsonSchema, path: string): void {
    const listType = schema['x-kubernetes-list-type'];
    const keys = schema['x-kubernetes-list-map-keys'];
    const at = fieldPath(path, 'x-kubernetes-list-type');
    if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
      this.#add('NotSupported', at, 'supported values: "atomic", "map", "set"', listType);
    }
    if (listType !== undefined && schema.type !== 'array')
      this.#add(
        'Invalid',
        fieldPath(path, 'type'),
        'must be array if x-kubernetes-list-type is specified',
        schema.type ?? '',
      );
    const mapType = schema['x-kubernetes-map-type'];
    if (mapType !== undefined && !['atomic', 'granular'].includes(mapType)) {
      this.#add(
        'NotSupported',
        fieldPath(path, 'x-kubernetes-map-type'),
        'supported values: "atomic", "granular"',
        mapType,
      );
    }
    const at2 = fieldPath(path, 'x-kubernetes-list-map-keys');
    if (listType !== 'map') {
      if (keys !== undefined && keys.length > 0)
        this.#add('Forbidden', at2, 'must be empty unless x-kubernetes-list-type is map');
      return;
    }
    if (!Array.isArray(keys) || keys.length === 0)
      this.#add('Required', at2, 'must not be empty if x-kubernetes-list-type is map');
    else {
      for (const key of keys as readonly string[]) {
        const child = schema.items?.properties?.[key];
        if (child === undefined)
          this.#add('Invalid', at2, 'entries must all be names of item properties', key);
        else if (child.type === 'object' || child.type === 'array')
          this.#add('Invalid', at2, 'entries must be of a scalar type', key);
        else if (child.default === undefined && schema.items?.required?.includes(key) !== true) {
          this.#add(
            'Required',
            fieldPath(`${path}.items.properties`, key),
            'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
          );
        }
      }
    }
  }

  #rules(schema: JsonSchema, path: string): void {
    const rules: unknown = schema['x-kubernetes-validations'];
    if (rules === undefined) return;
    if (!Array.isArray(rules)) {
      this.#add('Invalid', fieldPath(path, 'x-kubernetes-validations'), 'must be a list', '');
      return;
    }
    const expressions = (this.#expressions ??= createExpressionChecker());
    rules.forEach((rule: unknown, index) => {
      const at = `${fieldPath(path, 'x-kubernetes-validations')}[${index}]`;
      if (!isJsonObject(rule) || typeof rule['rule'] !== 'string' || rule['rule'].trim() === '') {
        this.#add('Required', `${at}.rule`, 'rule is not specified');
        return;
      }
      const optional = rule['optionalOldSelf'] === true;
      for (const [key, result] of [
        ['rule', 'bool'],
        ['messageExpression', 'string'],
      ] as const) {
        const expression = rule[key];
        const problem =
          typeof expression === 'string' ? expressions.problemOf(expression, result, optional) : undefined;
        if (problem !== undefined)
          this.#add('Invalid', `${at}.${key}`, `compilation failed: ${problem}`, expression);
      }
      const message = rule['message'];
      if (typeof message === 'string' && (message.trim() === '' || message.trim().includes('\n'))) {
        this.#add('Invalid', `${at}.message`, 'must be a non-empty text of one line', message);
      }
    });
  }

  #fallback(schema: JsonSchema, path: string): void {
    if (schema.default === undefined) return;
    const copy = structuredClone(schema.default);
    compileDefaulter(schema)?.(copy);
    const errors: FieldError[] = [];
    compileValidator(schema, false, 0)?.(copy, '', errors);
    for (const error of errors)
      this.#add('Invalid', fieldPath(path, 'default'), error.detail, schema.default);
  }

  #values(schema: JsonSchema, path: string): void {
    if (schema.pattern !== undefined) {
      const problem =
        typeof schema.pattern === 'string' ? patternProblem(schema.pattern) : 'it must be a string';
      if (problem !== undefined) this.#add('Invalid', fieldPath(path, 'pattern'), problem, schema.pattern);
    }
    for (const key of ['required', 'enum'] as const) {
      if (schema[key] !== undefined && !Array.isArray(schema[key]))
        this.#add('Invalid', fieldPath(path, key), 'must be a list', '');
    }
  }

  #children(schema: { [key: string]: unknown }, path: string, depth: number, carried: boolean): void {
    const properties = schema['properties'];
    if (isJsonObject(properties)) {
      for (const name of Object.keys(properties))
        this.check(properties[name], fieldPath(`${path}.properties`, name), depth + 1, carried);
    } else if (properties !== undefined)
      this.#add('Invalid', fieldPath(path, 'properties'), 'must be an object', '');
    if (schema['items'] !== undefined)
      this.check(schema['items'], fieldPath(path, 'items'), depth + 1, carried);
    const additional = schema['additionalProperties'];
    if (additional !== undefined && typeof additional !== 'boolean')
      this.check(additional, fieldPath(path, 'additionalProperties'), depth + 1, carried);
    for (const key of combinators) {
      const each = schema[key];
      if (Array.isArray(each))
        each.forEach((child, i) => this.check(child, `${fieldPath(path, key)}[${i}]`, depth + 1, true));
      else if (each !== undefined)
        this.#add('Invalid', fieldPath(path, key), 'must be a list of schemas', '');
    }
    if (schema['not'] !== undefined) this.check(schema['not'], fieldPath(path, 'not'), depth + 1, true);
  }
}

/** Checks a schema before it is compiled. `path` leads every error, such as `spec.versions[0].schema.openAPIV3Schema`. */
export function checkStructural(schema: unknown, options: { path?: string } = {}): FieldError[] {
  const path = options.path ?? 'openAPIV3Schema';
  const checker = new Checker();
  checker.check(schema, path, 0);
  if (isJsonObject(schema) && schema['type'] !== undefined && schema['type'] !== 'object') {
    checker.errors.unshift({
      type: 'Invalid',
      path: `${path}.type`,
      value: schema['type'],
      detail: 'must be object at the root',
    });
  }
  return checker.errors;
}
