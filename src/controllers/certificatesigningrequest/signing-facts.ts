/** A CertificateSigningRequest as the cache holds it: what is finished, or somebody else's, keeps no request and no certificate. */
import type { CertificateSigningRequest } from '../../api/certificate-signing-request.ts';
import type { KubeObject } from '../../api/meta.ts';
import { issuerIndexKey } from '../context.ts';
import { signerReference } from './signer-name.ts';

export interface SigningFacts extends CertificateSigningRequest {
  /** `status.certificate` is set. */
  issued: boolean;
}

/** Kubelets ask for certificates, too: theirs stay a name. */
export function trimSigningRequest(object: KubeObject): SigningFacts {
  const { metadata, spec, status } = object as CertificateSigningRequest;
  const { managedFields: _managed, ...rest } = metadata ?? {};
  const issued = status?.certificate !== undefined && status.certificate !== '';
  const conditions = status?.conditions ?? [];
  const facts: SigningFacts = { metadata: rest, spec, status: { conditions }, issued };
  if (signerReference(spec.signerName) !== undefined && !issued && !isClosed(facts)) return facts;
  const { name, uid, resourceVersion } = rest;
  return {
    metadata: { name, uid, resourceVersion },
    spec: { request: '', signerName: spec.signerName },
    status: { conditions },
    issued,
  };
}

/** Denied by an approver, or failed for ever. The API server allows these conditions the status True only. */
export function isClosed({ status }: CertificateSigningRequest): boolean {
  return hasCondition(status?.conditions, 'Failed') || hasCondition(status?.conditions, 'Denied');
}

export function isApproved({ status }: CertificateSigningRequest): boolean {
  return hasCondition(status?.conditions, 'Approved');
}

function hasCondition(
  conditions: NonNullable<CertificateSigningRequest['status']>['conditions'],
  type: string,
): boolean {
  return conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
}

/** Values of the `issuer` index: requests that an issuer's change can bring forward. */
export function waitingOn(facts: SigningFacts): string[] {
  const signer = signerReference(facts.spec.signerName);
  if (signer === undefined || facts.issued || isClosed(facts)) return [];
  return [issuerIndexKey(signer.namespace, signer)];
}
