/** JSON values as CEL sees them: typed by the schema, because JSON's one number is CEL's int or double. */
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { getKey, setKey } from '../canonical.ts';
import type { JsonObject, JsonSchema } from '../json-schema.ts';
import { isJsonObject } from '../json-schema.ts';

/** Words that CEL keeps for itself; as property names they are written `__word__`. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A property's name in CEL, or undefined when it has none (Kubernetes documentation: "Validation rules", escaping). */
export function celName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  const escaped = name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}

const unitNanos: { readonly [unit: string]: number } = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};

/** Go's duration text as CEL's duration; undefined when it is none. */
export function toDuration(text: string): Duration | undefined {
  const found = /^([-+]?)((?:\d+(?:\.\d*)?(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+|0)$/.exec(
    text.length <= 256 ? text : '',
  );
  if (found === null) return undefined;
  let nanos = 0n;
  for (const [, amount, unit] of (found[2] ?? '').matchAll(
    /(\d+(?:\.\d*)?)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g,
  )) {
    nanos += BigInt(Math.round(Number(amount) * (unitNanos[unit ?? ''] ?? 0)));
  }
  const signed = found[1] === '-' ? -nanos : nanos;
  return new Duration(signed / 1_000_000_000n, Number(signed % 1_000_000_000n));
}

function stringToCel(text: string, format: string | undefined): unknown {
  switch (format) {
    case 'date-time':
    case 'datetime':
    case 'date': {
      const time = new Date(text);
      return Number.isNaN(time.getTime()) ? text : time;
    }
    case 'duration':
      return toDuration(text) ?? text;
    case 'byte':
      return new Uint8Array(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}

function untyped(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(untyped);
  if (!isJsonObject(value)) return value;
  const object: JsonObject = {};
  for (const key of Object.keys(value)) setKey(object, key, untyped(value[key]));
  return object;
}

/** Fields that every object with metadata shows to rules, whatever its schema says. */
function addIdentity(value: JsonObject, object: JsonObject): void {
  for (const key of ['apiVersion', 'kind']) if (Object.hasOwn(value, key)) object[key] = value[key];
  const metadata = value['metadata'];
  if (!isJsonObject(metadata)) return;
  object['metadata'] = Object.fromEntries(
    ['name', 'generateName'].filter((key) => Object.hasOwn(metadata, key)).map((key) => [key, metadata[key]]),
  );
}

/** Converts `value` for the rules of `schema`. `root` objects and embedded resources show their identity. */
export function toCel(value: unknown, schema: JsonSchema | undefined, root = false): unknown {
  if (schema === undefined || value === null) return untyped(value);
  if (typeof value === 'number')
    return schema.type === 'number' || !Number.isInteger(value) ? value : BigInt(value);
  if (typeof value === 'string')
    return stringToCel(value, schema.type === 'string' ? schema.format : undefined);
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema.items));
  if (!isJsonObject(value)) return value;
  const object: JsonObject = {};
  const additional = schema.additionalProperties;
  if (additional !== undefined && additional !== false) {
    const below = typeof additional === 'object' ? additional : undefined;
    for (const key of Object.keys(value)) setKey(object, key, toCel(value[key], below));
    return object;
  }
  if (schema.properties === undefined && schema['x-kubernetes-preserve-unknown-fields'] === true && !root) {
    return untyped(value);
  }
  for (const [key, below] of Object.entries(schema.properties ?? {})) {
    const name = celName(key);
    const child = getKey(value, key);
    if (name !== undefined && child !== undefined) setKey(object, name, toCel(child, below));
  }
  if (root || schema['x-kubernetes-embedded-resource'] === true) addIdentity(value, object);
  return object;
}
