/** When a failed issuance may be tried again (lifecycle §8): doubling from a minimum to a maximum, without jitter. */

export interface BackoffInput {
  /** Milliseconds since the epoch; undefined: nothing failed. */
  lastFailureMs: number | undefined;
  /** `status.failedIssuanceAttempts`. */
  attempts: number | undefined;
  minMs: number;
  maxMs: number;
  nowMs: number;
}

/** Length of the pause after `attempts` failures in a row. */
export function backoffDelay(attempts: number | undefined, minMs: number, maxMs: number): number {
  if (minMs <= 0) return 0;
  if (attempts === undefined || attempts <= 0) return minMs;
  const delay = minMs * 2 ** (attempts - 1);
  return Math.max(minMs, Math.min(delay, maxMs));
}

/**
 * Milliseconds still to wait; 0 when a new attempt is allowed. A failure time in the future (the clock was set
 * back) never makes the wait longer than one whole delay; one so far ahead that it would still be ahead after that
 * was written by a clock that was wrong and counts for nothing, or the Certificate would be parked until then.
 */
export function backoffRemaining(input: BackoffInput): number {
  const { lastFailureMs, attempts, minMs, maxMs, nowMs } = input;
  if (lastFailureMs === undefined || minMs <= 0) return 0;
  const delay = backoffDelay(attempts, minMs, maxMs);
  if (lastFailureMs - nowMs > delay) return 0;
  const elapsed = Math.max(0, nowMs - lastFailureMs);
  return Math.max(0, delay - elapsed);
}
