/** When the next attempt is made: pure. All in milliseconds. */

/** After a failure of ours, a solver or the CA: doubles from 5 s (acme.md §1.2), up to 5 min so that a repair is noticed. */
export function backoff(failures: number): number {
  return Math.min(5 * 60_000, 5_000 * 2 ** Math.max(0, Math.min(failures - 1, 20)));
}

/**
 * After a self-check that has not passed. What routes to an answer takes it up within seconds: it is looked again soon, then
 * less often. What is asked of DNS may be remembered as missing: never more often than `periodMs`.
 *
 * @param failures in a row, this one among them
 */
export function checkDelay(type: string, failures: number, periodMs: number): number {
  if (type.startsWith('DNS')) return periodMs;
  return Math.min(periodMs, 1_000 * 2 ** Math.max(0, Math.min(failures - 1, 20)));
}

/** Between two questions to the CA that was told to look, where it names no time itself (RFC 8555 §7.5.1). Most look at once. */
export function pollDelay(polls: number): number {
  return [100, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000][polls] ?? 30_000;
}

/** Bounds what the CA asks for: neither at once again and again, nor a week from now. */
export function boundedNotBefore(notBeforeMs: number, now: number): number {
  return Math.min(Math.max(notBeforeMs, now + 500), now + 24 * 3_600_000);
}
