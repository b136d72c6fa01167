/** How a Certificate's status changes: condition rules, readiness and times, start and end of an attempt (api.md §2, lifecycle §17, §21). */
import { secondsText } from '../../api/seconds-text.ts';
import type { Certificate, CertificateStatus } from '../../api/certificate.ts';
import type { Condition } from '../../api/meta.ts';
import { setCondition } from '../certificaterequest/conditions.ts';
import type { RenewalTime } from './renewal.ts';
import type { Violation } from './policies.ts';
import type { SecretFacts } from './secret-facts.ts';

/** Word for word what cert-manager says: adopting a fleet then takes not one write. */
export const readyMessage = 'Certificate is up to date and has not expired';

export function conditionOf(status: CertificateStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isIssuing(status: CertificateStatus | undefined): boolean {
  return conditionOf(status, 'Issuing')?.status === 'True';
}

/** The same status with one condition set by the rules of api.md §2. */
export function withCondition(
  certificate: Certificate,
  status: CertificateStatus,
  next: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
  nowMs: number,
): CertificateStatus {
  const condition: Condition = { ...next };
  const generation = certificate.metadata?.generation;
  if (generation !== undefined) condition.observedGeneration = generation;
  return { ...status, conditions: [...setCondition(status.conditions ?? [], condition, secondsText(nowMs))] };
}

/** Of the condition, and of the event that goes with it. */
export function renewalProblem(error: string): string {
  return `spec.renewal cannot be kept: ${error}`;
}

/** Ready and the three times as they follow from the Secret. `violation` is that of the readiness chain. */
export function withReadiness(
  certificate: Certificate,
  status: CertificateStatus,
  secret: SecretFacts | undefined,
  renewal: RenewalTime | undefined,
  violation: Violation | undefined,
  nowMs: number,
): CertificateStatus {
  const next: CertificateStatus = { ...status };
  delete next.notBefore;
  delete next.notAfter;
  delete next.renewalTime;
  if (secret?.certificate?.ok === true) {
    next.notBefore = secondsText(secret.certificate.value.notBefore);
    next.notAfter = secondsText(secret.certificate.value.notAfter);
    if (renewal?.at !== undefined) next.renewalTime = secondsText(renewal.at);
  } else {
    delete next.acme;
  }
  // The final condition is worked out first, so that its transition time moves only with its status (lifecycle §27.10).
  const final =
    violation ??
    (renewal?.error === undefined
      ? undefined
      : { reason: 'WindowError', message: renewalProblem(renewal.error) });
  return withCondition(
    certificate,
    next,
    final === undefined
      ? { type: 'Ready', status: 'True', reason: 'Ready', message: readyMessage }
      : { type: 'Ready', status: 'False', reason: final.reason, message: final.message },
    nowMs,
  );
}

export function started(
  certificate: Certificate,
  status: CertificateStatus,
  cause: { reason: string; message: string },
  nowMs: number,
): CertificateStatus {
  return withCondition(certificate, status, { type: 'Issuing', status: 'True', ...cause }, nowMs);
}

export function failed(
  certificate: Certificate,
  status: CertificateStatus,
  cause: { reason: string; message: string },
  nowMs: number,
): CertificateStatus {
  const attempts = (status.failedIssuanceAttempts ?? 0) + 1;
  const next = { ...status, lastFailureTime: secondsText(nowMs), failedIssuanceAttempts: attempts };
  return withCondition(certificate, next, { type: 'Issuing', status: 'False', ...cause }, nowMs);
}

/** A certificate is in the Secret: the new revision, no failure, no Issuing condition, no other key. */
export function completed(status: CertificateStatus, revision: number): CertificateStatus {
  const next: CertificateStatus = { ...status, revision };
  delete next.lastFailureTime;
  delete next.failedIssuanceAttempts;
  delete next.nextPrivateKeySecretName;
  // What the CA said was about the certificate before.
  delete next.acme;
  next.conditions = (status.conditions ?? []).filter((condition) => condition.type !== 'Issuing');
  return next;
}

/** Whether a status write would change anything. Key order does not matter, list order does. */
export function sameStatus(a: CertificateStatus | undefined, b: CertificateStatus): boolean {
  return same(a ?? {}, b);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  let surplus = Object.keys(left).filter((key) => left[key] !== undefined).length;
  for (const key of Object.keys(right)) {
    if (right[key] === undefined) continue;
    if (!Object.hasOwn(left, key) || !same(left[key], right[key])) return false;
    surplus--;
  }
  return surplus === 0;
}
