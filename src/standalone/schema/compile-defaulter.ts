/** Defaulting, and the dropping of nulls that goes with it (Kubernetes documentation: "Defaulting and Nullable"). */
import { cloneJson, setKey } from './canonical.ts';
import type { JsonSchema } from './json-schema.ts';
import { isJsonObject } from './json-schema.ts';
import { deepestSchema } from './limits.ts';

type Defaulter = (value: unknown) => void;

interface Property {
  readonly name: string;
  readonly fallback: unknown;
  readonly nullable: boolean;
  readonly below: Defaulter | undefined;
}

function nullAllowed(schema: JsonSchema): boolean {
  return (
    schema.nullable === true || (schema.type === undefined && schema['x-kubernetes-int-or-string'] !== true)
  );
}

function property(name: string, schema: JsonSchema, depth: number): Property {
  return { name, fallback: schema.default, nullable: nullAllowed(schema), below: compile(schema, depth + 1) };
}

function objectDefaulter(schema: JsonSchema, depth: number): Defaulter | undefined {
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, child]) => [name, property(name, child, depth)]),
  );
  const filled = [...properties.values()].filter((each) => each.fallback !== undefined);
  const rest =
    typeof schema.additionalProperties === 'object'
      ? property('', schema.additionalProperties, depth)
      : undefined;
  if (properties.size === 0 && rest === undefined) return undefined;
  return (value) => {
    if (!isJsonObject(value)) return;
    for (const each of filled) {
      if (!Object.hasOwn(value, each.name)) setKey(value, each.name, cloneJson(each.fallback));
    }
    for (const key of Object.keys(value)) {
      const known = properties.get(key) ?? rest;
      if (known === undefined) continue;
      if (value[key] === null && !known.nullable) {
        if (known.fallback === undefined) {
          delete value[key];
          continue;
        }
        setKey(value, key, cloneJson(known.fallback));
      }
      const child = value[key];
      if (known.below !== undefined && typeof child === 'object' && child !== null) known.below(child);
    }
  };
}

function arrayDefaulter(items: JsonSchema | undefined, depth: number): Defaulter | undefined {
  if (items === undefined) return undefined;
  const below = compile(items, depth + 1);
  const fallback = nullAllowed(items) ? undefined : items.default;
  if (below === undefined && fallback === undefined) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return;
    for (let i = 0; i < value.length; i++) {
      if (value[i] === null && fallback !== undefined) value[i] = cloneJson(fallback);
      const item: unknown = value[i];
      if (below !== undefined && typeof item === 'object' && item !== null) below(item);
    }
  };
}

function compile(schema: JsonSchema, depth: number): Defaulter | undefined {
  if (depth > deepestSchema) return undefined;
  return schema.items === undefined ? objectDefaulter(schema, depth) : arrayDefaulter(schema.items, depth);
}

/** Compiles the defaulter of a whole object; undefined when there is nothing to fill in or drop. */
export function compileDefaulter(schema: JsonSchema): Defaulter | undefined {
  return compile(schema, 0);
}
