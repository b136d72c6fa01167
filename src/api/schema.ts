/**
 * The vocabulary in which the six kinds are written down: typebox schemas that are valid Kubernetes structural
 * schemas as they stand. Build time only: at run time nothing imports a schema, only the types made from it.
 */
import {
  Type,
  type Static,
  type TArray,
  type TObject,
  type TProperties,
  type TSchema,
  type TUnsafe,
} from 'typebox';

export type { Static } from 'typebox';

/** Schema keywords beside the type: patterns, bounds, defaults, `x-kubernetes-*`. */
export type Keywords = Record<string, unknown>;

/** A CEL rule of `x-kubernetes-validations`; `self` is the value it stands on. */
export interface Rule {
  rule: string;
  message: string;
  reason?: 'FieldValueRequired' | 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueDuplicate';
  fieldPath?: string;
}

export const optional = Type.Optional;

export function text(description: string, keywords: Keywords = {}): TUnsafe<string> {
  return Type.Unsafe<string>({ description, type: 'string', ...keywords });
}

export function oneOf<const V extends readonly string[]>(values: V, description: string): TUnsafe<V[number]> {
  return Type.Unsafe<V[number]>({ description, type: 'string', enum: [...values] });
}

export function flag(description: string): TUnsafe<boolean> {
  return Type.Unsafe<boolean>({ description, type: 'boolean' });
}

export function integer(description: string, keywords: Keywords = {}): TUnsafe<number> {
  return Type.Unsafe<number>({ description, type: 'integer', ...keywords });
}

export function int32(description: string, keywords: Keywords = {}): TUnsafe<number> {
  return integer(description, { format: 'int32', ...keywords });
}

export function int64(description: string, keywords: Keywords = {}): TUnsafe<number> {
  return integer(description, { format: 'int64', ...keywords });
}

/** Base64 in JSON. */
export function bytes(description: string): TUnsafe<string> {
  return text(description, { format: 'byte' });
}

/** RFC 3339, second resolution. */
export function time(description: string): TUnsafe<string> {
  return text(description, { format: 'date-time' });
}

/** A Go duration such as `2160h` or `1h30m`; there is no unit for days. */
export function duration(description: string): TUnsafe<string> {
  return text(description);
}

export function object<P extends TProperties>(
  description: string,
  properties: P,
  keywords: Keywords = {},
): TObject<P> {
  return Type.Object(properties, { description, ...keywords });
}

/** A list that one owner replaces as a whole. */
export function list<T extends TSchema>(items: T, description: string, keywords: Keywords = {}): TArray<T> {
  return Type.Array(items, { description, 'x-kubernetes-list-type': 'atomic', ...keywords });
}

/** A list whose entries are told apart by `keys`, so that several owners can each hold some of them. */
export function listMap<T extends TSchema>(
  items: T,
  keys: readonly string[],
  description: string,
): TArray<T> {
  return list(items, description, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [...keys],
  });
}

export function texts(description: string): TArray<TUnsafe<string>> {
  return list(Type.Unsafe<string>({ type: 'string' }), description);
}

export function map<T extends TSchema>(values: T, description: string): TUnsafe<Record<string, Static<T>>> {
  return Type.Unsafe<Record<string, Static<T>>>({
    description,
    type: 'object',
    additionalProperties: values,
  });
}

export function textMap(description: string): TUnsafe<Record<string, string>> {
  return map(Type.Unsafe<string>({ type: 'string' }), description);
}

export function rules(...list: Rule[]): Keywords {
  return { 'x-kubernetes-validations': list };
}
