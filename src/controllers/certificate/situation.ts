/** The shared ground of all steps of a decision: what follows at once from the facts. */
import { secondsText } from '../../api/seconds-text.ts';
import type { CertificateStatus } from '../../api/certificate.ts';
import { components } from './constants.ts';
import type { CertificateEvent, Decision } from './decision.ts';
import { renewalPolicyOf, type Facts } from './facts.ts';
import { firstViolation, readinessPolicies, type PolicyInput, type Violation } from './policies.ts';
import { withFallbackCondition } from './fallback/condition.ts';
import { annotatedIssuer } from './renewal-info/certificate-origin.ts';
import { planRenewal, type RenewalPlan } from './renewal-info/plan.ts';
import { withNews, type RenewalInfoStatus } from './renewal-info/renewal-info.ts';
import type { RequestFacts } from './request-facts.ts';
import type { CertificateFacts } from './secret-facts.ts';
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
  renewal: RenewalPlan | undefined;
}

/** The situation with `revision` as the current one. */
export function situation(facts: Facts, nowMs: number, current: number | undefined): Situation {
  const { certificate, secret } = facts;
  const revision = (current ?? 0) + 1;
  const leaf = secret?.certificate?.ok === true ? secret.certificate.value : undefined;
  const currentRequest =
    current === undefined ? undefined : facts.requests.find((request) => request.revision === current);
  const info = leaf === undefined ? undefined : renewalInfo(facts, leaf);
  const renewal =
    leaf === undefined
      ? undefined
      : planRenewal({
          life: leaf,
          policy: renewalPolicyOf(certificate.spec),
          identity: identityOf(facts, leaf),
          spread: facts.acme !== undefined,
          info,
          early: { count: currentRequest?.earlyRenewals ?? 0, at: currentRequest?.created ?? leaf.notBefore },
        });
  const policyInput: PolicyInput = { certificate, secret, current: currentRequest, renewal, nowMs };
  const violation = firstViolation(readinessPolicies, policyInput);
  const status = withReadiness(
    certificate,
    withInfo(certificate.status ?? {}, info),
    secret,
    renewal,
    violation,
    nowMs,
  );
  const by = secret === undefined ? undefined : annotatedIssuer(secret);
  return {
    facts,
    nowMs,
    revision,
    next: facts.requests.filter((request) => request.revision === revision),
    status: withFallbackCondition(certificate, status, facts.chain, by, nowMs),
    policyInput,
    renewal,
  };
}

function identityOf({ certificate: { metadata } }: Facts, leaf: CertificateFacts): string {
  return `${metadata?.namespace}/${metadata?.name} ${leaf.fingerprint}`;
}

/** What the CA says about this very certificate: what the status says about an earlier one counts for nothing. */
function renewalInfo(facts: Facts, leaf: CertificateFacts): RenewalInfoStatus | undefined {
  const asked = facts.acme?.renewalInfo;
  if (asked === undefined) return undefined;
  const { notBefore, notAfter, acme } = facts.certificate.status ?? {};
  const same = notBefore === secondsText(leaf.notBefore) && notAfter === secondsText(leaf.notAfter);
  const old = same ? acme?.ari : undefined;
  return asked.news === undefined ? old : withNews(old, asked.news, leaf, identityOf(facts, leaf));
}

function withInfo(status: CertificateStatus, info: RenewalInfoStatus | undefined): CertificateStatus {
  const { acme: _old, ...rest } = status;
  return info === undefined ? rest : { ...rest, acme: { ari: info } };
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
