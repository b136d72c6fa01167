/** What validation closures share: their shape and how their errors are worded. */
import type { FieldError } from '../../api/admission.ts';

/** Checks one value; `path` is empty at the root. */
export type Validator = (value: unknown, path: string, errors: FieldError[]) => void;

/** A value as error details print it. */
export function printed(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

export function invalid(path: string, value: unknown, problem: string): FieldError {
  return { type: 'Invalid', path, value, detail: path === '' ? problem : `${path} in body ${problem}` };
}

/** The JSON type as OpenAPI names it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
