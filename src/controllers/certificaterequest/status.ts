/**
 * What the status of a CertificateRequest becomes: one pure function for the durable and the fast path, so that
 * approval and the signer's answer travel in one write (spec/certificate-lifecycle.md §12, spec/api.md §10).
 */
import { secondsText } from '../../api/seconds-text.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Condition } from '../../api/meta.ts';
import type { SignEvent, SignOutcome } from '../../issuers/issuer.ts';
import { boundedText } from '../bounded-text.ts';
import { setCondition } from './conditions.ts';

export type RequestStatus = NonNullable<CertificateRequest['status']>;

export interface RequestEvent extends SignEvent {
  /** The event source, such as `cert-manager-certificaterequests-issuer-ca`. */
  component: string;
}

export interface StatusChange {
  status: RequestStatus;
  /** Send them after the status has been stored, never before. */
  events: RequestEvent[];
  /** False when the stored status says the same already: skip the write. */
  changed: boolean;
}

/** The source of approval events and its field manager. */
export const approverComponent = 'cert-manager-certificaterequests-approver';
/** Word for word cert-manager's, as its reason is its name: tools that look for who approved find it. */
export const approvedMessage = 'Certificate request has been approved by cert-manager.io';
export const issuedMessage = 'Certificate issued; it is in status.certificate';
export const deniedMessage = 'An approver has denied this request; its Denied condition says why';

/** Event source and field manager of the signer with this suffix (`ca`, `selfsigned`, ...). */
export function signerComponent(suffix: string): string {
  return `cert-manager-certificaterequests-issuer-${suffix}`;
}

export interface RequestStatusOptions {
  now: Date;
  /** Suffix of the issuer type (`IssuerType.component`). */
  component: string;
  /** Set Approved in the same write. Ignored when the request is already approved or denied. */
  approve: boolean;
}

/**
 * The status of `request` once `outcome` is known; `undefined` as outcome only approves.
 * `outcome: 'denied'` closes a request that an approver has denied.
 */
export function requestStatus(
  request: CertificateRequest,
  outcome: SignOutcome | 'denied' | undefined,
  options: RequestStatusOptions,
): StatusChange {
  const before: RequestStatus = request.status ?? {};
  const status: RequestStatus = { ...before };
  const events: RequestEvent[] = [];
  const now = secondsText(options.now.getTime());
  const component = signerComponent(options.component);
  let conditions: readonly Condition[] = before.conditions ?? [];
  const set = (condition: Condition): void => {
    conditions = setCondition(conditions, condition, now);
  };

  if (options.approve && !isTrue(conditions, 'Approved') && !isTrue(conditions, 'Denied')) {
    set({ type: 'Approved', status: 'True', reason: 'cert-manager.io', message: approvedMessage });
    events.push({
      component: approverComponent,
      type: 'Normal',
      reason: 'cert-manager.io',
      message: approvedMessage,
    });
  }

  if (outcome === 'denied') {
    set({ type: 'Ready', status: 'False', reason: 'Denied', message: deniedMessage });
    status.failureTime ??= now;
  } else if (outcome?.kind === 'issued') {
    status.certificate = base64(outcome.certificate);
    if (outcome.ca !== undefined && outcome.ca !== '') status.ca = base64(outcome.ca);
    set({ type: 'Ready', status: 'True', reason: 'Issued', message: issuedText(outcome.warnings) });
    for (const warning of outcome.warnings ?? []) events.push({ component, ...warning });
    events.push({ component, type: 'Normal', reason: 'CertificateIssued', message: issuedMessage });
  } else if (outcome?.kind === 'pending') {
    const wasPending = readyReason(request) === 'Pending';
    set({ type: 'Ready', status: 'False', reason: 'Pending', message: boundedText(outcome.message) });
    if (!wasPending)
      events.push({ component, type: 'Normal', reason: outcome.reason, message: outcome.message });
  } else if (outcome?.kind === 'failed') {
    set({ type: 'Ready', status: 'False', reason: 'Failed', message: boundedText(outcome.message) });
    status.failureTime ??= now;
    events.push({ component, type: 'Warning', reason: outcome.reason, message: outcome.message });
  }

  const changed =
    conditions !== before.conditions ||
    status.certificate !== before.certificate ||
    status.ca !== before.ca ||
    status.failureTime !== before.failureTime;
  return {
    status: { ...status, conditions: [...conditions] },
    events,
    changed: changed && conditions.length > 0,
  };
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** The reason of the Ready condition, which carries the state of a request. */
export function readyReason(request: CertificateRequest): string | undefined {
  return request.status?.conditions?.find((condition) => condition.type === 'Ready')?.reason;
}

/** Lint warnings ride on the Ready message, where `kubectl describe` shows them. */
function issuedText(warnings: readonly SignEvent[] | undefined): string {
  if (warnings === undefined || warnings.length === 0) return issuedMessage;
  return boundedText(`${issuedMessage}; warnings: ${warnings.map((warning) => warning.message).join('; ')}`);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
