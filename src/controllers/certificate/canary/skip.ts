/** When an issuer is asked although its canary has not issued: a rehearsal must not be what ends a certificate (docs/fallback.md). Pure. */
import type { Candidate, Facts, Hold } from '../facts.ts';
import { patience, shortestPatience } from '../fallback/fallback.ts';
import { problemClass } from '../fallback/problem-class.ts';
import { terminalFailure, type RequestFacts } from '../request-facts.ts';

const hour = 3_600_000;

export interface Skip {
  /** Milliseconds since the epoch; the same at every look while nothing changes. */
  at: number;
  /** What is told of the canary: `is not Ready`. */
  why: string;
  /** `away`: the canary's CA cannot issue. `end`: the certificate in the Secret comes to its end. */
  cause: 'away' | 'end';
}

/**
 * Two things end the wait. A canary whose CA is away says nothing about the request, however long it is waited for: the
 * patience is that for an issuer with a fallback. And when the certificate in the Secret comes to its last tenth, whatever
 * holds the canary up is left to it. Undefined: neither is in sight, and what the canary found would meet the issuer, too.
 */
export function skipAt(
  facts: Facts,
  request: RequestFacts,
  canary: Candidate,
  nowMs: number,
): Skip | undefined {
  const since = startOf(request, nowMs);
  const isOver = terminalFailure(request) !== undefined;
  const ways = [
    away(facts, request, canary, nowMs),
    runsOut(facts, isOver ? since : since + shortestPatience),
  ];
  return ways.filter((way) => way !== undefined).toSorted((a, b) => a.at - b.at)[0];
}

/** Since when the canary is waited for; a clock that was set back makes no beginning in the future. */
export function startOf({ created }: RequestFacts, nowMs: number): number {
  return Math.min(created ?? nowMs, nowMs);
}

function away(
  facts: Facts,
  request: RequestFacts,
  { readiness, sinceMs }: Candidate,
  nowMs: number,
): Skip | undefined {
  if (request.denied !== undefined || request.invalid !== undefined) return undefined;
  const since = startOf(request, nowMs);
  // As long as it was when the wait began: a time that is told stays the same.
  const patienceMs = patience(facts, since);
  if (terminalFailure(request) === undefined) {
    if (readiness === 'missing') return { at: since + patienceMs, why: 'does not exist', cause: 'away' };
    if (readiness === 'not-ready')
      return {
        at: Math.min(nowMs, Math.max(since, sinceMs ?? since)) + patienceMs,
        why: 'is not Ready',
        cause: 'away',
      };
  }
  const hold = facts.holds?.get(request.uid);
  if (hold === undefined || !isCaAtFault(hold, request)) return undefined;
  const reason = hold.reason === undefined || hold.reason === '' ? '' : `: ${hold.reason.slice(0, 512)}`;
  return { at: since + patienceMs, why: `could not issue${reason}`, cause: 'away' };
}

function isCaAtFault({ problem, until }: Hold, request: RequestFacts): boolean {
  const cause = problemClass(problem);
  if (terminalFailure(request) !== undefined) return cause === 'ca' || cause === 'rate';
  return until !== undefined && cause !== 'subscriber';
}

/** @param earliest a canary that is only slow gets some minutes */
function runsOut({ secret }: Facts, earliest: number): Skip | undefined {
  const leaf = secret?.certificate;
  if (leaf?.ok !== true) return undefined;
  const { notBefore, notAfter } = leaf.value;
  const lastPart = notAfter - Math.max(hour, (notAfter - notBefore) / 10);
  return {
    at: Math.max(earliest, lastPart),
    why: 'has not issued, and the certificate in the Secret is about to end',
    cause: 'end',
  };
}
