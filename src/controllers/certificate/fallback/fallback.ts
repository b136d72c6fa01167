/** Which issuer of the chain is asked, and when the next one stands in (docs/fallback.md). Pure. */
import type { CertificateEvent } from '../decision.ts';
import type { Candidate, Facts } from '../facts.ts';
import { components } from '../constants.ts';
import { sameIssuer, type IssuerRef } from '../issuer-match.ts';
import { isIssued, terminalFailure, type RequestFacts } from '../request-facts.ts';
import { named } from './issuer-chain.ts';
import { problemClass } from './problem-class.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Without a certificate, an issuer that cannot issue is waited for so long. */
export const shortestPatience = 10 * minute;
const longestPatience = 24 * hour;
/** Nobody tells of what does not happen. */
export const lookAgainMs = 15 * minute;

/** What is left of the certificate in the Secret decides how long its issuer may fail: an eighth of it, ten minutes to a day. */
export function patience(facts: Facts, nowMs: number): number {
  const { patienceMs } = facts.chain;
  if (patienceMs !== undefined) return patienceMs;
  const leaf = facts.secret?.certificate;
  const left = leaf?.ok === true ? leaf.value.notAfter - nowMs : 0;
  return Math.min(longestPatience, Math.max(shortestPatience, left / 8));
}

/** Whom the next request asks: the first of the chain, unless it has been turned from, or has not been Ready for too long. */
export function firstIssuer(facts: Facts, nowMs: number): Candidate {
  const { candidates } = facts;
  const isOut = ({ ref, readiness, sinceMs }: Candidate): boolean => {
    if (facts.attempt.turnedFrom?.some((each) => sameIssuer(each, ref)) === true) return true;
    return readiness === 'not-ready' && sinceMs !== undefined && nowMs - sinceMs >= patience(facts, nowMs);
  };
  const first = candidates.find((candidate) => !isOut(candidate) && usable(candidate, candidates));
  return first ?? candidates[0]!;
}

/** The first of the chain may still become Ready; one that only stands in has to be. */
function usable(candidate: Candidate, [first]: readonly Candidate[]): boolean {
  return candidate === first || candidate.readiness === 'ready';
}

export interface Turn {
  from: IssuerRef;
  to: IssuerRef;
  event: CertificateEvent;
}

/**
 * Whether another issuer is asked instead of the one of `request`; or when to look again, in milliseconds since the epoch;
 * undefined: there is no other.
 */
export function turnFrom(facts: Facts, request: RequestFacts, nowMs: number): Turn | number | undefined {
  const at = facts.candidates.findIndex(({ ref }) => sameIssuer(ref, request.issuerRef));
  if (at < 0 || at + 1 >= facts.candidates.length || isIssued(request)) return undefined;
  const next = facts.candidates.slice(at + 1).find(({ readiness }) => readiness === 'ready');
  const found = next === undefined ? undefined : trouble(facts, request, facts.candidates[at]!, nowMs);
  // Nobody tells of what does not happen: issuers and orders are looked at again now and then.
  if (next === undefined || found === undefined) return nowMs + lookAgainMs;
  if (found.turnAt > nowMs) return Math.min(found.turnAt, nowMs + lookAgainMs);
  const message = `${named(next.ref)} is asked instead of ${named(request.issuerRef)}, which ${found.why}`;
  return {
    from: request.issuerRef,
    to: next.ref,
    event: { component: components.requestManager, type: 'Warning', reason: 'FallbackIssuer', message },
  };
}

function trouble(
  facts: Facts,
  request: RequestFacts,
  asked: Candidate,
  nowMs: number,
): { why: string; turnAt: number } | undefined {
  const hold = facts.holds?.get(request.uid);
  const because = hold?.reason === undefined || hold.reason === '' ? '' : `: ${hold.reason.slice(0, 512)}`;
  const cause = problemClass(hold?.problem);
  if (terminalFailure(request) !== undefined) {
    if (request.denied !== undefined || request.invalid !== undefined) return undefined;
    return cause === 'ca' || cause === 'rate'
      ? { why: `could not issue${because}`, turnAt: nowMs }
      : undefined;
  }
  const since = Math.min(request.created ?? nowMs, nowMs);
  const turnAt = since + patience(facts, nowMs);
  if (asked.readiness === 'not-ready') {
    const begin = Math.min(nowMs, Math.max(since, asked.sinceMs ?? since));
    return { why: 'is not Ready', turnAt: begin + patience(facts, nowMs) };
  }
  if (hold?.until === undefined || cause === 'subscriber') return undefined;
  if (cause !== 'rate') return { why: `has not been able to issue${because}`, turnAt };
  // A limit is waited for while the certificate can wait.
  const until = new Date(hold.until).toISOString();
  return hold.until > deadline(facts, turnAt)
    ? { why: `is at a limit until ${until}${because}`, turnAt: nowMs }
    : undefined;
}

/** The last tenth of a valid certificate's life is for trouble of other kinds. */
function deadline(facts: Facts, turnAt: number): number {
  const leaf = facts.secret?.certificate;
  if (leaf?.ok !== true) return turnAt;
  const { notBefore, notAfter } = leaf.value;
  return Math.max(turnAt, notAfter - Math.max(hour, (notAfter - notBefore) / 10));
}
