/** Durations in objects under review. */
import { parseDurationNanos } from '../api/duration.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

export const nanosPerMilli = 1_000_000n;

/**
 * Nanoseconds; undefined when absent or unreadable. An unreadable one is an error of its own kind: cert-manager
 * cannot decode such an object at all and answers 400.
 */
export function readDuration(field: Field, errors: FieldErrors): bigint | undefined {
  if (!field.present) return undefined;
  const nanos = typeof field.value === 'string' ? parseDurationNanos(field.value) : undefined;
  if (nanos === undefined) {
    errors.undecodable = true;
    errors.invalid(field, 'is no duration: use h, m and s as in 2160h or 1h30m; there is no unit for days');
  }
  return nanos;
}
