/** The rehearsal: an issuer with a canary is not asked for new names before its canary has issued for them (docs/fallback.md). Pure. */
import { annotatedIssuer } from '../renewal-info/certificate-origin.ts';
import type { Candidate, Facts } from '../facts.ts';
import { sameIssuer } from '../issuer-match.ts';
import { isIssued, terminalFailure, terminalTime, type RequestFacts } from '../request-facts.ts';
import { certificateViolations, requestViolations } from '../request-match.ts';
import { skipAt, type Skip } from './skip.ts';

/** What has to be done about the rehearsal before `issuer` is asked; `proven`: nothing. */
export type Rehearsal =
  | { kind: 'proven' }
  | { kind: 'begin' }
  /** `skip`: when the issuer is asked without it. */
  | { kind: 'wait'; request: RequestFacts; skip?: Skip }
  | { kind: 'failed'; request: RequestFacts }
  /** The issuer is asked although the canary has not issued. */
  | { kind: 'skip'; request: RequestFacts; skip: Skip }
  | { kind: 'drop'; requests: readonly RequestFacts[] };

export function rehearsal(facts: Facts, issuer: Candidate, nowMs: number): Rehearsal {
  const { canary } = issuer;
  if (canary === undefined || isProven(facts, issuer)) return { kind: 'proven' };
  const { spec } = facts.certificate;
  const fits = facts.canaries.filter(
    (request) => requestViolations(spec, request, [canary.ref]).length === 0,
  );
  if (fits.some(isIssued)) return { kind: 'proven' };
  const waiting = fits.find((each) => !isOver(facts, each));
  const skip = waiting === undefined ? undefined : skipAt(facts, waiting, canary, nowMs);
  if (waiting !== undefined && skip !== undefined && skip.at <= nowMs)
    return { kind: 'skip', request: waiting, skip };
  const useless = facts.canaries.filter((request) => !fits.includes(request) || isOver(facts, request));
  if (useless.length > 0) return { kind: 'drop', requests: useless };
  const [request] = fits;
  if (request === undefined) return { kind: 'begin' };
  // What its CA is to blame for may pass; a failure of the request itself is what a canary is for.
  if (terminalFailure(request) !== undefined && skip?.cause !== 'away') return { kind: 'failed', request };
  return { kind: 'wait', request, ...(skip === undefined ? {} : { skip }) };
}

/** This very issuer has issued for the same names before: what the Secret holds is the memory. */
function isProven({ secret, certificate }: Facts, { ref }: Candidate): boolean {
  if (secret?.certificate?.ok !== true) return false;
  const by = annotatedIssuer(secret);
  if (by === undefined || !sameIssuer(by, ref)) return false;
  return certificateViolations(certificate.spec, secret.certificate.value).length === 0;
}

/** It failed, and that was counted: the next attempt rehearses anew. */
function isOver({ certificate, attempt }: Facts, request: RequestFacts): boolean {
  if (terminalFailure(request) === undefined) return false;
  if (request.uid === attempt.booked) return true;
  const counted = certificate.status?.lastFailureTime;
  return counted !== undefined && terminalTime(request) <= Date.parse(counted);
}
