/** Validation of lifetime and renewal (spec/api.md §9). */
import { CronSyntaxError, isValidTimeZone, parseCron } from '../api/cron.ts';
import { formatDurationNanos } from '../api/duration.ts';
import { renewalPolicies } from '../api/enumerations.ts';
import { defaultDuration, minimumDuration, minimumRenewBefore } from '../api/limits.ts';
import { nanosPerMilli, readDuration } from './durations.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

const minimum = BigInt(minimumDuration) * nanosPerMilli;
const minimumBefore = BigInt(minimumRenewBefore) * nanosPerMilli;

export function validateRenewal(spec: Field, errors: FieldErrors): void {
  const undecodable = errors.list.length;
  const duration = readDuration(spec.at('duration'), errors);
  const renewBefore = readDuration(spec.at('renewBefore'), errors);
  const unreadable = errors.list.length > undecodable;
  // cert-manager leaves a lone renewBeforePercentage unchecked, so objects with any value of it exist.
  if (!unreadable && (duration !== undefined || renewBefore !== undefined)) {
    validateTimes(spec, duration ?? BigInt(defaultDuration) * nanosPerMilli, renewBefore, errors);
  }
  const limit = spec.at('revisionHistoryLimit');
  if (limit.number !== undefined && limit.number < 1) errors.invalid(limit, 'must not be less than 1');
  validatePolicy(spec.at('renewal'), errors);
}

function validateTimes(
  spec: Field,
  duration: bigint,
  renewBefore: bigint | undefined,
  errors: FieldErrors,
): void {
  const beforeField = spec.at('renewBefore');
  const percentageField = spec.at('renewBeforePercentage');
  const percentage = percentageField.number;
  if (duration < minimum) errors.invalid(spec.at('duration'), 'must be at least 1h0m0s');
  if (renewBefore !== undefined && percentage !== undefined) {
    const detail = 'renewBefore and renewBeforePercentage exclude each other; set one of them';
    errors.invalid(beforeField, detail);
    errors.invalid(percentageField, detail);
    return;
  }
  if (renewBefore !== undefined && renewBefore < minimumBefore) {
    errors.invalid(beforeField, 'must be at least 5m0s');
  }
  if (renewBefore !== undefined && renewBefore >= duration) {
    errors.invalid(
      beforeField,
      `must be less than the duration ${formatDurationNanos(duration)}; it is ${formatDurationNanos(renewBefore)}`,
    );
  }
  if (percentage === undefined) return;
  // The formula of cert-manager's webhook; the controller computes lifetime * percentage / 100 (api.md §9).
  const before = (Number(duration) * (100 - percentage)) / 100;
  if (before < Number(minimumBefore)) {
    errors.invalid(
      percentageField,
      'too close to 100: less than 5m0s of the duration would be used before renewal',
    );
  }
  if (before >= Number(duration)) errors.invalid(percentageField, 'must be more than 0');
}

function validatePolicy(renewal: Field, errors: FieldErrors): void {
  if (!renewal.present) return;
  const policy = renewal.at('policy');
  const windows = renewal.at('windows');
  if (!renewalPolicies.some((known) => known === policy.text)) {
    errors.notSupported(policy, ['Disabled', 'RenewBefore']);
  }
  if (policy.text === 'Disabled' && windows.items.length > 0) {
    errors.forbidden(
      windows,
      'windows mean nothing with policy Disabled; remove them or set policy to RenewBefore',
    );
  }
  for (const window of windows.items) validateWindow(window, errors);
}

function validateWindow(window: Field, errors: FieldErrors): void {
  const length = window.at('windowDuration');
  const nanos = readDuration(length, errors);
  if (!length.present || (nanos !== undefined && nanos <= 0n)) {
    errors.required(length, 'must be specified and greater than 0');
  }
  const zone = window.at('timezone');
  if (zone.text !== '' && !isValidTimeZone(zone.text)) {
    errors.invalid(zone, 'is no IANA time zone, such as UTC or Europe/Berlin');
  }
  const cron = window.at('cron');
  try {
    parseCron(cron.text);
  } catch (error) {
    if (!(error instanceof CronSyntaxError)) throw error;
    errors.invalid(
      cron,
      `invalid cron syntax: ${error.message}; expected minute hour day-of-month month day-of-week`,
    );
  }
}
