/** Whom the durable path asks: the rehearsal with a canary, the request itself, and the turn to a fallback issuer. */
import { rehearsal } from './canary/canary.ts';
import type { Decision } from './decision.ts';
import { firstIssuer, type Turn } from './fallback/fallback.ts';
import { named } from './fallback/issuer-chain.ts';
import { sameIssuer } from './issuer-match.ts';
import { terminalFailure, type RequestFacts } from './request-facts.ts';
import { fail, idle, type Cause, type Situation } from './situation.ts';
import { tellCause } from './waiting-cause.ts';

/** No request of this revision exists: the canary's comes first where there is one, then the issuer's. */
export function beginRequest(found: Situation, keySecret: string, cause: Cause): Decision {
  const { facts, nowMs, revision } = found;
  const issuer = firstIssuer(facts, nowMs);
  const ask = (message: string, more: object): Decision => ({
    ...idle(found.status),
    reason: 'Requesting',
    message,
    action: { kind: 'create-request', revision, keySecret, ...more },
  });
  const step = rehearsal(facts, issuer);
  switch (step.kind) {
    case 'begin':
      return ask(`${named(issuer.canary!)} is asked first, as the canary of ${named(issuer.ref)}`, {
        issuerRef: issuer.canary,
        canary: true,
      });
    case 'wait': {
      const state = step.request.ready?.message ?? 'nobody has answered yet';
      const message = `${named(issuer.ref)} is asked once its canary ${named(step.request.issuerRef)} has issued: CertificateRequest "${step.request.name}" is not ready: ${state}`;
      return { ...idle(found.status), reason: 'Waiting', message, ...tellCause(found, message) };
    }
    case 'failed': {
      const why = terminalFailure(step.request)?.message ?? 'no cause was given';
      const message = `nothing was asked of ${named(issuer.ref)}, because its canary ${named(step.request.issuerRef)} did not issue: ${why}`;
      return fail(found, { reason: 'CanaryFailed', message }, step.request);
    }
    case 'drop':
      return {
        ...idle(found.status),
        action: { kind: 'delete-requests', requests: step.requests },
        reason: 'StaleRequests',
        message: 'rehearsals that failed, or that do not fit the spec any more, are removed',
        again: true,
      };
    case 'proven':
      break;
    default:
      return step satisfies never;
  }
  const early = found.renewal?.asked?.early === true && cause.reason === 'Renewing';
  const count = (found.policyInput.current?.earlyRenewals ?? 0) + 1;
  return ask(`CertificateRequest of revision ${revision} is created with the key in Secret "${keySecret}"`, {
    ...(sameIssuer(issuer.ref, facts.certificate.spec.issuerRef) ? {} : { issuerRef: issuer.ref }),
    ...(early ? { earlyRenewals: count } : {}),
  });
}

/** The request goes; the next look makes one for the next issuer. */
export function turnTo(found: Situation, request: RequestFacts, turn: Turn): Decision {
  return {
    ...idle(found.status),
    action: { kind: 'delete-requests', requests: [request] },
    reason: 'FallbackIssuer',
    message: turn.event.message,
    events: [turn.event],
    turnedFrom: turn.from,
    again: true,
  };
}

/** @param at when a fallback becomes a question, in milliseconds since the epoch */
export function withRecheck(decision: Decision, at: number | undefined): Decision {
  if (at === undefined) return decision;
  return { ...decision, recheckAt: Math.min(at, decision.recheckAt ?? at) };
}
