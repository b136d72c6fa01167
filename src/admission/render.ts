/** The text of refusals, in the form that Kubernetes users and tools know (spec/api.md §17). */
import type { FieldError } from '../api/admission.ts';
import { fieldErrorWords, showsValue } from '../api/field-error-words.ts';
import { withoutPrivateKeys } from '../api/private-key-text.ts';

/** Longest value that is echoed, in characters. */
const maxValue = 512;

/** `<path>: <type text>[: <value>][: <detail>]`; the value only where it helps. */
export function renderFieldError(error: FieldError): string {
  const parts = [error.path, fieldErrorWords[error.type]];
  if (showsValue(error)) parts.push(renderValue(error.value));
  if (error.detail !== '') parts.push(error.detail);
  return withoutPrivateKeys(parts.join(': '));
}

/** One refusal as it is, several as `[a, b]` without repeats. */
export function renderAggregate(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(renderFieldError))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return goQuote(cut(value));
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (value === undefined || value === null) return 'null';
  return cut(json(value));
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    // Nested beyond the stack, or not JSON at all: the path says enough.
    if (error instanceof RangeError || error instanceof TypeError) return '<object>';
    throw error;
  }
}

function cut(text: string): string {
  return text.length <= maxValue ? text : `${text.slice(0, maxValue)}...`;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Go's strconv.Quote. */
export function goQuote(text: string): string {
  let quoted = '"';
  for (const character of text.toWellFormed()) {
    const short = shortEscapes[character];
    if (short !== undefined) quoted += short;
    else if (printable.test(character)) quoted += character;
    else quoted += escapeCode(character.codePointAt(0) ?? 0);
  }
  return `${quoted}"`;
}

function escapeCode(code: number): string {
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
