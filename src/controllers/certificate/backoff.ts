/**
 * When a failed issuance may be tried again (lifecycle §8): doubling from a minimum to a maximum, without jitter; sooner where
 * that helps and costs little (decision record 0014).
 */

export interface BackoffInput {
  /** Milliseconds since the epoch; undefined: nothing failed. */
  lastFailureMs: number | undefined;
  /** `status.failedIssuanceAttempts`. */
  attempts: number | undefined;
  minMs: number;
  maxMs: number;
  nowMs: number;
  /** What shortens the pause; without it the schedule is the peer's. */
  relief?: BackoffRelief;
}

export interface BackoffRelief {
  /** Of the certificate that is still in use and would run out. Milliseconds since the epoch. */
  life?: { notBefore: number; notAfter: number };
  /** The CA was at fault: time heals that, and nobody has to do anything. */
  caAtFault?: boolean;
  /** The issuer became Ready at this time, in milliseconds since the epoch. */
  readySinceMs?: number;
}

/** While a certificate runs out, a quarter of what is left is the longest pause. */
const shareOfRest = 4;
/** Never shorter than the minimum, but for certificates so short that it would be a large part of their life. */
const shareOfLife = 48;
const shortest = 60_000;
/** Of the minimum: the longest pause after a fault of the CA. */
const caFaultSteps = 4;
/** After the failure, when the issuer has become Ready since. */
const afterRepairMs = 15 * 60_000;

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
  const delay = relieved(backoffDelay(attempts, minMs, maxMs), input, lastFailureMs);
  if (lastFailureMs - nowMs > delay) return 0;
  const elapsed = Math.max(0, nowMs - lastFailureMs);
  return Math.max(0, delay - elapsed);
}

function relieved(delay: number, { minMs, relief = {} }: BackoffInput, lastFailureMs: number): number {
  const { life, caAtFault, readySinceMs } = relief;
  let bounded = delay;
  if (caAtFault === true) bounded = Math.min(bounded, caFaultSteps * minMs);
  if (readySinceMs !== undefined && readySinceMs > lastFailureMs) bounded = Math.min(bounded, afterRepairMs);
  // Once it has run out there is nothing to save any more: the schedule goes on.
  if (life !== undefined && lastFailureMs < life.notAfter) {
    const floor = Math.min(minMs, Math.max(shortest, (life.notAfter - life.notBefore) / shareOfLife));
    bounded = Math.min(bounded, Math.max(floor, (life.notAfter - lastFailureMs) / shareOfRest));
  }
  return bounded;
}
