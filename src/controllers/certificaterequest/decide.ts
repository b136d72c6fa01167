/** Decides what to do about one CertificateRequest: pure, over everything known (spec/certificate-lifecycle.md §12). */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { AnyIssuer, IssuerType } from '../../issuers/issuer.ts';
import type { ResolvedType } from '../../issuers/registry.ts';
import { isTrue, readyReason } from './status.ts';

/** The group of our own issuers; other groups belong to external signers. */
const ownGroup = 'cert-manager.io';

export interface RequestFacts {
  request: CertificateRequest;
  /** The issuer that `spec.issuerRef` names; undefined when the cache has none. */
  issuer: AnyIssuer | undefined;
  /** How `issuer` is served; undefined without an issuer. */
  resolved: ResolvedType | undefined;
  /** Our approver is switched on. */
  approver: boolean;
  /** Signer components that are switched on, such as `ca`. */
  signers: ReadonlySet<string>;
  /** Another step of ours is working on this request in memory and will write its status. */
  claimed: boolean;
  /** The one namespace that we serve; undefined: all. */
  namespace?: string;
}

/** `why` is for the log: one line per decision. */
export type RequestDecision =
  | { do: 'nothing'; why: string }
  /** Close a request that an approver denied. */
  | { do: 'close-denied'; why: string }
  /** Only approve: the signer is not us. */
  | { do: 'approve'; why: string }
  /** Tell by an event that approval is awaited; the status stays. */
  | { do: 'wait-for-approval'; component: string; why: string }
  | { do: 'pending'; reason: string; message: string; approve: boolean; component: string; why: string }
  | { do: 'sign'; type: IssuerType; issuer: AnyIssuer; approve: boolean; why: string };

/** Group, kind and name of the issuer with the defaults that every reader applies (spec/api.md §2). */
export function issuerReference(request: CertificateRequest): { group: string; kind: string; name: string } {
  const { group, kind, name } = request.spec.issuerRef;
  return {
    group: group === undefined || group === '' ? ownGroup : group,
    kind: kind === undefined || kind === '' ? 'Issuer' : kind,
    name,
  };
}

export function decide(facts: RequestFacts): RequestDecision {
  const { request } = facts;
  if (request.metadata?.deletionTimestamp !== undefined) return nothing('is being deleted');
  if (facts.claimed) return nothing('is in work on the fast path');

  const conditions = request.status?.conditions;
  const ready = readyReason(request);
  const finished = ready === 'Failed' || ready === 'Issued';
  const approved = isTrue(conditions, 'Approved');
  const denied = isTrue(conditions, 'Denied');
  const approve = facts.approver && !approved && !denied && !finished;
  const reference = issuerReference(request);

  if (reference.group !== ownGroup) {
    if (approve) return { do: 'approve', why: `issuer group ${reference.group} signs it` };
    return nothing(`issuer group ${reference.group} signs it`);
  }
  if (denied) {
    return ready === 'Denied' ? nothing('was denied') : { do: 'close-denied', why: 'an approver denied it' };
  }
  if (isTrue(conditions, 'InvalidRequest')) {
    return approve
      ? { do: 'approve', why: 'marked InvalidRequest by its signer' }
      : nothing('is marked InvalidRequest');
  }
  const component = componentOf(facts.resolved);
  if (!approved && !approve) {
    if (finished) return nothing(`is finished (${ready})`);
    return { do: 'wait-for-approval', component, why: 'nobody approved it yet' };
  }
  if (finished) return nothing(`is finished (${ready})`);

  const wait = (reason: string, message: string): RequestDecision => {
    return { do: 'pending', reason, message, approve, component, why: message };
  };
  if (reference.kind !== 'Issuer' && reference.kind !== 'ClusterIssuer') {
    return wait(
      'IssuerNotFound',
      `spec.issuerRef.kind "${reference.kind}" is not known in group ${ownGroup}: use Issuer or ClusterIssuer`,
    );
  }
  if (reference.kind === 'ClusterIssuer' && facts.namespace !== undefined) {
    return wait(
      'IssuerNotFound',
      `ClusterIssuer "${reference.name}" cannot be used: this controller serves namespace ${facts.namespace} only; use an Issuer there`,
    );
  }
  if (facts.issuer === undefined || facts.resolved === undefined) {
    const where = reference.kind === 'Issuer' ? ` in namespace ${request.metadata?.namespace ?? ''}` : '';
    return wait(
      'IssuerNotFound',
      `Referenced ${reference.kind} "${reference.name}" not found${where}; create it or correct spec.issuerRef`,
    );
  }
  const title = `${reference.kind} "${reference.name}"`;
  if (facts.resolved.kind === 'missing') {
    return wait(
      'IssuerTypeMissing',
      `${title} configures no issuer type: set one of spec.ca, spec.selfSigned, spec.acme, spec.vault, spec.venafi`,
    );
  }
  if (facts.resolved.kind === 'unsupported') {
    return wait(
      'IssuerNotReady',
      `${title} is of type ${facts.resolved.name}, which this version does not include; the request waits`,
    );
  }
  const { type } = facts.resolved;
  if (!facts.signers.has(type.component)) {
    if (approve) return { do: 'approve', why: `the ${type.component} signer is switched off` };
    return nothing(`the ${type.component} signer is switched off`);
  }
  if (!isTrue(facts.issuer.status?.conditions, 'Ready')) {
    const condition = facts.issuer.status?.conditions?.find((candidate) => candidate.type === 'Ready');
    const cause =
      condition?.message === undefined || condition.message === ''
        ? 'it was not checked yet'
        : condition.message;
    return wait('IssuerNotReady', `Referenced ${title} is not Ready: ${cause}`);
  }
  if (request.status?.certificate !== undefined && request.status.certificate !== '') {
    return approve
      ? { do: 'approve', why: 'already carries a certificate' }
      : nothing('already carries a certificate');
  }
  return { do: 'sign', type, issuer: facts.issuer, approve, why: `signed by ${title} (${type.component})` };
}

function nothing(why: string): RequestDecision {
  return { do: 'nothing', why };
}

/** Events before the type is known come from five sources in cert-manager; ours come from one. */
function componentOf(resolved: ResolvedType | undefined): string {
  if (resolved?.kind === 'known') return resolved.type.component;
  if (resolved?.kind === 'unsupported') return resolved.name.toLowerCase();
  return 'ca';
}
