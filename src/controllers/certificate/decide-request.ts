/** Whom the durable path asks: the rehearsal with a canary, the request itself, and the turn to a fallback issuer. */
import { secondsText } from '../../api/seconds-text.ts';
import { rehearsal, type Rehearsal } from './canary/canary.ts';
import { startOf } from './canary/skip.ts';
import { annotationKeys, components } from './constants.ts';
import type { CertificateEvent, Decision } from './decision.ts';
import { firstIssuer, lookAgainMs, shortestPatience, type Turn } from './fallback/fallback.ts';
import { named } from './fallback/issuer-chain.ts';
import { effectiveRef, sameIssuer, type IssuerRef } from './issuer-match.ts';
import { terminalFailure, type RequestFacts } from './request-facts.ts';
import { fail, idle, type Cause, type Situation } from './situation.ts';
import { conditionOf } from './status.ts';
import { tellCause } from './waiting-cause.ts';

/** No request of this revision exists: the canary's comes first where there is one, then the issuer's. */
export function beginRequest(found: Situation, keySecret: string, cause: Cause): Decision {
  const { facts, nowMs, revision } = found;
  const issuer = firstIssuer(facts, nowMs);
  const skipped: CertificateEvent[] = [];
  const ask = (message: string, more: object): Decision => ({
    ...idle(found.status),
    reason: 'Requesting',
    message,
    action: { kind: 'create-request', revision, keySecret, ...more },
    events: skipped,
  });
  const step = rehearsal(facts, issuer, nowMs);
  switch (step.kind) {
    case 'begin':
      return ask(`${named(issuer.canary!.ref)} is asked first, as the canary of ${named(issuer.ref)}`, {
        issuerRef: issuer.canary!.ref,
        canary: true,
      });
    case 'wait':
      return waitForCanary(found, issuer.ref, step);
    case 'failed': {
      const why = terminalFailure(step.request)?.message ?? 'no cause was given';
      const message = `nothing was asked of ${named(issuer.ref)}, because its canary ${named(step.request.issuerRef)} did not issue: ${why}`;
      return fail(found, { reason: 'CanaryFailed', message }, step.request);
    }
    case 'skip': {
      const message = `${named(issuer.ref)} is asked without a rehearsal: its canary ${named(step.request.issuerRef)} ${step.skip.why}`;
      skipped.push({
        component: components.requestManager,
        type: 'Warning',
        reason: 'CanarySkipped',
        message,
      });
      break;
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

/** Of waits that are longer than a canary that works takes. */
const longWait = 'has waited for more than ten minutes for its canary';

/** Says what it waits for, until when, and how to go on without; once it takes long, in an event, too. */
function waitForCanary(
  found: Situation,
  issuer: IssuerRef,
  { request, skip }: Extract<Rehearsal, { kind: 'wait' }>,
): Decision {
  const { facts, nowMs } = found;
  const longAt = startOf(request, nowMs) + shortestPatience;
  const canary = named(request.issuerRef);
  const state = request.ready?.message ?? 'nobody has answered yet';
  const what = `CertificateRequest "${request.name}" is not ready: ${state}`;
  const without =
    skip === undefined
      ? 'it is not asked without'
      : `it is asked without at ${secondsText(skip.at)}, because the canary ${skip.cause === 'away' ? skip.why : 'must not keep the certificate in the Secret from being replaced'}`;
  const remedy = `${without}; at once: kubectl annotate ${resourceOf(issuer, facts.certificate.metadata?.namespace ?? '')} ${annotationKeys.canaryIssuer}-`;
  const message =
    nowMs < longAt
      ? `${named(issuer)} is asked once its canary ${canary} has issued: ${what}; ${remedy}`
      : `${named(issuer)} ${longWait} ${canary}: ${what}; ${remedy}`;
  const told = tellCause(found, message);
  const [before, now] = [facts.certificate.status, told.status].map(
    (status) => conditionOf(status, 'Issuing')?.message?.includes(longWait) === true,
  );
  const warning: CertificateEvent = {
    component: components.requestManager,
    type: 'Warning',
    reason: 'CanaryWaiting',
    message,
  };
  const decision: Decision = {
    ...idle(found.status),
    reason: 'Waiting',
    message,
    ...told,
    events: now === true && before === false ? [warning] : [],
  };
  const next = [longAt, skip?.at ?? Number.POSITIVE_INFINITY, nowMs + lookAgainMs].filter((at) => at > nowMs);
  return withRecheck(decision, Math.min(...next));
}

/** For kubectl. The Issuer of a Certificate is in its namespace. */
function resourceOf(ref: IssuerRef, namespace: string): string {
  const { kind, name } = effectiveRef(ref);
  return `${kind.toLowerCase()} ${name}${kind === 'ClusterIssuer' ? '' : ` --namespace ${namespace}`}`;
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
