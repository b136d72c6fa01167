/** When an issued certificate is renewed (lifecycle §9): renewBefore, percentage or a third, moved into windows. */
import { messageOf } from '../../api/message-of.ts';
import { parseCron } from '../../api/cron.ts';

export interface RenewalWindow {
  cron: string;
  /** IANA name; UTC when absent or empty. */
  timezone?: string;
  /** Milliseconds. */
  windowMs: number;
}

export interface RenewalPolicy {
  renewBeforeMs?: number;
  renewBeforePercentage?: number;
  /** `spec.renewal`; absent: plain renewal. */
  renewal?: { policy: 'RenewBefore' | 'Disabled'; windows: readonly RenewalWindow[] };
}

export interface RenewalTime {
  /** Milliseconds since the epoch; undefined with policy Disabled. */
  at: number | undefined;
  /** The windows could not be honoured; `at` is the time without them. */
  error?: string;
}

/** Time before expiry at which renewal is wanted. `lifetimeMs` is that of the issued certificate. */
export function timeBeforeExpiry(lifetimeMs: number, policy: RenewalPolicy): number {
  const { renewBeforeMs, renewBeforePercentage: percentage } = policy;
  if (renewBeforeMs !== undefined && renewBeforeMs > 0 && renewBeforeMs < lifetimeMs) return renewBeforeMs;
  if (percentage !== undefined && percentage > 0 && percentage < 100) return (lifetimeMs * percentage) / 100;
  return lifetimeMs / 3;
}

/** The time of the formula, before windows. */
export function formulaTime(notBefore: number, notAfter: number, policy: RenewalPolicy): number {
  return Math.floor((notAfter - timeBeforeExpiry(notAfter - notBefore, policy)) / 1000) * 1000;
}

/** @param desired the time wanted, where that is not the formula's */
export function renewalTime(
  notBefore: number,
  notAfter: number,
  policy: RenewalPolicy,
  desired = formulaTime(notBefore, notAfter, policy),
): RenewalTime {
  if (policy.renewal?.policy === 'Disabled') return { at: undefined };
  const windows = policy.renewal?.windows ?? [];
  if (windows.length === 0) return { at: desired };

  let inside = false;
  let later: number | undefined;
  for (const window of windows) {
    const found = windowAround(window, notBefore, desired, notAfter);
    if ('error' in found) return { at: desired, error: found.error };
    inside ||= found.inside;
    if (found.later !== undefined && (later === undefined || found.later < later)) later = found.later;
  }
  if (inside) return { at: desired };
  if (later !== undefined) return { at: later };
  return {
    at: desired,
    error: `none of the renewal windows opens between ${goTime(notBefore)} and ${goTime(notAfter)} at or after the wanted time ${goTime(desired)}; widen spec.renewal.windows or renew earlier`,
  };
}

type Around = { inside: boolean; later?: number } | { error: string };

/**
 * Starts S with S <= desired <= S + W make it "inside"; else the first S >= desired up to W past expiry. Only two
 * steps of the cron are taken, whatever the lifetime: the range before desired - W cannot matter.
 */
function windowAround(window: RenewalWindow, notBefore: number, desired: number, notAfter: number): Around {
  if (!(window.windowMs > 0))
    return { error: `windowDuration must be a positive duration in window "${window.cron}"` };
  const zone = window.timezone === undefined || window.timezone === '' ? 'UTC' : window.timezone;
  try {
    const first = firstStart(window, zone, notBefore - window.windowMs, desired - window.windowMs);
    if (first === undefined) return { inside: false };
    if (first <= desired) return { inside: true };
    return first <= notAfter + window.windowMs ? { inside: false, later: first } : { inside: false };
  } catch (error) {
    const cause = messageOf(error);
    return { error: `renewal window "${window.cron}" in time zone ${zone} cannot be used: ${cause}` };
  }
}

/** The first start at or after `from`; `@every` has no starts of its own and counts from the beginning of the search range. */
function firstStart(
  window: RenewalWindow,
  zone: string,
  rangeStart: number,
  from: number,
): number | undefined {
  const { period, ...cron } = parseCron(window.cron);
  if (period === undefined) return cron.next(from - 1, zone);
  const start = Math.floor(rangeStart / 1000) * 1000;
  return start + Math.max(1, Math.ceil((from - start) / period)) * period;
}

/** A time as cert-manager prints it inside messages: `2006-01-02 15:04:05 +0000 UTC`. */
export function goTime(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000 UTC`;
}
