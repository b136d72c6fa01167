/** x-kubernetes-validations: compiles the CEL rules of a schema and runs them over new and old values. */
import type { FieldError } from '../../../api/admission.ts';
import { listMapKey } from '../array-rules.ts';
import { getKey, jsonEqual } from '../canonical.ts';
import { fieldPath, indexPath } from '../field-path-text.ts';
import type { JsonSchema } from '../json-schema.ts';
import { isJsonObject } from '../json-schema.ts';
import { deepestSchema, mostErrors } from '../limits.ts';
import type { CompiledRule } from './compile-rule.ts';
import { compileRule } from './compile-rule.ts';
import { createEnvironment } from './environment.ts';
import { toCel } from './to-cel.ts';

/** Runs every rule below a node. `old` is undefined when there is nothing to compare with. */
export type RuleRunner = (value: unknown, old: unknown, errors: FieldError[]) => void;
type NodeRunner = (value: unknown, old: unknown, path: string, errors: FieldError[]) => void;

interface Compiling {
  environment: ReturnType<typeof createEnvironment> | undefined;
}

function ownRules(schema: JsonSchema, root: boolean, state: Compiling): NodeRunner | undefined {
  const declared = schema['x-kubernetes-validations'];
  if (declared === undefined || declared.length === 0) return undefined;
  const environment = (state.environment ??= createEnvironment());
  const rules: CompiledRule[] = declared.map((rule) => compileRule(environment, rule));
  return (value, old, path, errors) => {
    // Rules on null are skipped, as a null field counts as absent. An unchanged value keeps the verdict that it once
    // got ("validation ratcheting"), so that a tightened rule does not lock existing objects.
    if (value === undefined || value === null) return;
    const unchanged = old !== undefined && jsonEqual(value, old);
    const self = toCel(value, schema, root);
    const oldSelf = old === undefined || old === null ? undefined : toCel(old, schema, root);
    for (const rule of rules) {
      if (errors.length >= mostErrors) return;
      if (unchanged && !rule.transition) continue;
      const error = rule.check(self, oldSelf, path, value);
      if (error !== undefined) errors.push(error);
    }
  };
}

function fieldsRunner(schema: JsonSchema, depth: number, state: Compiling): NodeRunner | undefined {
  const fields = new Map<string, NodeRunner>();
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const runner = compile(child, false, depth + 1, state);
    if (runner !== undefined) fields.set(name, runner);
  }
  const additional = schema.additionalProperties;
  const rest = typeof additional === 'object' ? compile(additional, false, depth + 1, state) : undefined;
  if (fields.size === 0 && rest === undefined) return undefined;
  const comparable = schema['x-kubernetes-map-type'] !== 'atomic';
  return (value, old, path, errors) => {
    if (!isJsonObject(value)) return;
    for (const key of Object.keys(value)) {
      const runner = fields.get(key) ?? rest;
      if (runner === undefined) continue;
      const before = comparable && isJsonObject(old) ? getKey(old, key) : undefined;
      runner(value[key], before, fieldPath(path, key), errors);
    }
  };
}

function itemsRunner(schema: JsonSchema, depth: number, state: Compiling): NodeRunner | undefined {
  const item = schema.items === undefined ? undefined : compile(schema.items, false, depth + 1, state);
  if (item === undefined) return undefined;
  const keys =
    schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : undefined;
  return (value, old, path, errors) => {
    if (!Array.isArray(value)) return;
    // Only the items of a map list can be followed from the old list to the new one.
    const before = new Map<string, unknown>();
    if (keys !== undefined && Array.isArray(old)) {
      for (const each of old) before.set(listMapKey(each, keys, schema.items) ?? '', each);
    }
    for (let i = 0; i < value.length && errors.length < mostErrors; i++) {
      const key = keys === undefined ? undefined : listMapKey(value[i], keys, schema.items);
      item(value[i], key === undefined ? undefined : before.get(key), indexPath(path, i), errors);
    }
  };
}

function compile(schema: JsonSchema, root: boolean, depth: number, state: Compiling): NodeRunner | undefined {
  if (depth > deepestSchema) return undefined;
  const runners = [
    ownRules(schema, root, state),
    fieldsRunner(schema, depth, state),
    itemsRunner(schema, depth, state),
  ].filter((each) => each !== undefined);
  if (runners.length <= 1) return runners[0];
  return (value, old, path, errors) => {
    for (const runner of runners) runner(value, old, path, errors);
  };
}

/** Compiles every rule of a schema; undefined when it has none. */
export function compileRules(schema: JsonSchema): RuleRunner | undefined {
  const runner = compile(schema, true, 0, { environment: undefined });
  return runner === undefined ? undefined : (value, old, errors) => runner(value, old, '', errors);
}
