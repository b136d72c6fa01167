/** The shared ground of all steps of a decision: what follows at once from the facts. */
import type { CertificateStatus } from '../../api/certificate.ts';
import { components } from './constants.ts';
import type { CertificateEvent, Decision } from './decision.ts';
import { renewalPolicyOf, type Facts } from './facts.ts';
import { firstViolation, readinessPolicies, type PolicyInput, type Violation } from './policies.ts';
import { renewalTime, type RenewalTime } from './renewal.ts';
import type { RequestFacts } from './request-facts.ts';
import { failed, withReadiness } from './status.ts';

/** What the steps of a decision share. */
export interface Situation {
  facts: Facts;
  nowMs: number;
  /** Of the next request. */
  revision: number;
  /** Requests of that revision. */
  next: readonly RequestFacts[];
  /** With readiness and times as they are now. */
  status: CertificateStatus;
  policyInput: PolicyInput;
  renewal: RenewalTime | undefined;
}

/** The situation with `revision` as the current one. */
export function situation(facts: Facts, nowMs: number, current: number | undefined): Situation {
  const { certificate, secret } = facts;
  const revision = (current ?? 0) + 1;
  const leaf = secret?.certificate?.ok === true ? secret.certificate.value : undefined;
  const renewal =
    leaf === undefined
      ? undefined
      : renewalTime(leaf.notBefore, leaf.notAfter, renewalPolicyOf(certificate.spec));
  const currentRequest =
    current === undefined ? undefined : facts.requests.find((request) => request.revision === current);
  const policyInput: PolicyInput = { certificate, secret, current: currentRequest, renewal, nowMs };
  const violation = firstViolation(readinessPolicies, policyInput);
  return {
    facts,
    nowMs,
    revision,
    next: facts.requests.filter((request) => request.revision === revision),
    status: withReadiness(certificate, certificate.status ?? {}, secret, renewal, violation, nowMs),
    policyInput,
    renewal,
  };
}

export function idle(status: CertificateStatus): Pick<Decision, 'action' | 'status' | 'manager' | 'events'> {
  return { action: { kind: 'none' }, status, manager: components.readiness, events: [] };
}

/** Why an issuance begins, as condition and as events (lifecycle §6, step 6). `begins`: nobody said so before. */
export interface Cause {
  reason: string;
  message: string;
  begins: boolean;
  /** The Secret was changed after we had written it. */
  repeated: boolean;
  events: readonly CertificateEvent[];
}

export function causeOf(violation: Violation, found: Situation, repeated: boolean): Cause {
  const component = components.trigger;
  if (violation.reason !== 'WindowError') {
    const event: CertificateEvent = {
      component,
      type: 'Normal',
      reason: 'Issuing',
      message: violation.message,
    };
    return { reason: violation.reason, message: violation.message, begins: true, repeated, events: [event] };
  }
  const message = `Renewal is due since ${found.status.renewalTime ?? 'a while'}, outside the windows of spec.renewal`;
  const warning = `Renewed outside the windows of spec.renewal: ${violation.message}`;
  return {
    reason: 'Renewing',
    message,
    begins: true,
    repeated,
    events: [
      { component, type: 'Warning', reason: 'WindowError', message: warning },
      { component, type: 'Normal', reason: 'Issuing', message },
    ],
  };
}

/** The attempt ends without a certificate; `cause` is the condition of `request` that ended it (lifecycle §17). */
export function fail(
  found: Situation,
  cause: { reason?: string; message?: string },
  request: RequestFacts,
): Decision {
  const reason = cause.reason === undefined || cause.reason === '' ? 'Failed' : cause.reason;
  const message = `No certificate was issued; the next attempt follows after a pause, or as soon as the Certificate changes. Cause: ${cause.message ?? 'none was given'}`;
  return {
    action: { kind: 'none' },
    status: failed(found.facts.certificate, found.status, { reason, message }, found.nowMs),
    manager: components.issuing,
    reason: 'Failed',
    message,
    events: [{ component: components.issuing, type: 'Warning', reason, message }],
    booked: request.uid,
    again: true,
  };
}
