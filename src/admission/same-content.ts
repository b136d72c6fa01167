/** Equality of API values as a typed client sees them, for the rule that something cannot change. */
import { isDeepStrictEqual } from 'node:util';
import { parseDurationNanos } from '../api/duration.ts';

/**
 * True when both decode to the same: absent, null, false, zero, empty text, list and object are one, and durations
 * count by length. A Go client that reads `duration: 2160h` writes `2160h0m0s` back and has changed nothing.
 */
export function sameContent(a: unknown, b: unknown): boolean {
  return a === b || isDeepStrictEqual(normal(a), normal(b));
}

const durationKeys: ReadonlySet<string> = new Set(['duration', 'waitInsteadOfSelfCheck']);

/** No schema of ours goes deeper, except for the free settings of solver webhooks; what lies deeper counts as changed. */
const maxDepth = 64;

function normal(value: unknown, key = '', depth = 0): unknown {
  if (depth > maxDepth) return Symbol('too deep to compare');
  if (value === null || value === false || value === '' || value === 0) return undefined;
  if (Array.isArray(value)) {
    return value.length === 0
      ? undefined
      : value.map((item) => (item === '' ? '' : normal(item, '', depth + 1)));
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value)
      .map(([name, item]) => [name, normal(item, name, depth + 1)] as const)
      .filter(([, item]) => item !== undefined);
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  if (typeof value === 'string' && durationKeys.has(key)) return parseDurationNanos(value) ?? value;
  return value;
}
