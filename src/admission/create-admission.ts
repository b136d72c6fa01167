/** Admission of writes to the six kinds: the rules of the webhook as one function (spec/api.md §17). */
import type { Admission, AdmissionRequest, AdmissionResponse, Authorize } from '../api/admission.ts';
import type { KubeObject } from '../api/meta.ts';
import { CsrReader } from '../pki/x509/csr-reader.ts';
import { builtInSigner, isApproving, validateApprover, type FindSigner } from './approval.ts';
import { validateCertificateRequest, validateCertificateRequestUpdate } from './certificate-request.ts';
import { validateCertificate } from './certificate.ts';
import { FieldErrors } from './field-errors.ts';
import { Field } from './field.ts';
import { validateIssuer } from './issuer.ts';
import { validateChallengeUpdate, validateOrderUpdate } from './order.ts';
import { renderAggregate } from './render.ts';
import { stampIdentity, validateIdentity, validateIdentityUpdate } from './requester-identity.ts';

export interface AdmissionOptions {
  /** Absent: everybody may approve and deny. */
  authorize?: Authorize;
  /** Finds the kind of a signer; absent: only Issuer and ClusterIssuer exist. Asked only where `authorize` is given. */
  signerExists?: FindSigner;
  /** Shared with the signers of the same process, if there are any. */
  csrs?: CsrReader;
  /** False: the requester was stamped before, and what the object says is held against who asks. Default true. */
  stamp?: boolean;
}

const groups: ReadonlySet<string> = new Set(['cert-manager.io', 'acme.cert-manager.io']);

/** Objects of other groups, and deletions, pass untouched. Never throws because of what an object contains. */
export function createAdmission(options: AdmissionOptions = {}): Admission {
  const csrs = options.csrs ?? new CsrReader();
  return async (request) => {
    if (!groups.has(request.resource.group) || request.operation === 'DELETE') return { allowed: true };
    if (request.object === undefined) {
      return { allowed: false, code: 400, message: 'there is no object in the request' };
    }
    const errors = new FieldErrors();
    const mutated = options.stamp === false ? undefined : stampRequester(request);
    const object = new Field(mutated ?? request.object);
    await review(request, object, { ...options, csrs }, errors);
    return answer(errors, mutated);
  };
}

/** A new CertificateRequest with the requester in it; undefined for every other write. */
export function stampRequester(request: AdmissionRequest): KubeObject | undefined {
  const { resource, operation, subresource, user, object } = request;
  const creating = operation === 'CREATE' && (subresource ?? '') === '' && object !== undefined;
  return creating && resource.kind === 'CertificateRequest' ? stampIdentity(object, user) : undefined;
}

async function review(
  request: AdmissionRequest,
  object: Field,
  options: AdmissionOptions & { csrs: CsrReader },
  errors: FieldErrors,
): Promise<void> {
  const { csrs } = options;
  const before = request.operation === 'UPDATE' ? new Field(request.oldObject) : undefined;
  // A status write cannot change the spec. Holding it up because of an old spec would hide why the object is broken.
  // Nor may what is on its way out be held by its finalizers.
  const leaving = before !== undefined && object.at('metadata', 'deletionTimestamp').present;
  const specMayChange = request.subresource !== 'status' && !leaving;
  switch (request.resource.kind) {
    case 'Certificate':
      if (specMayChange) validateCertificate(object.at('spec'), errors);
      break;
    case 'Issuer':
    case 'ClusterIssuer':
      if (specMayChange) validateIssuer(object.at('spec'), errors);
      break;
    case 'CertificateRequest':
      if (before === undefined) {
        validateIdentity(object.at('spec'), request.user, errors);
        validateCertificateRequest(object, csrs, errors);
      } else await reviewRequestUpdate(request, before, object, options, errors);
      break;
    case 'Order':
      if (before !== undefined) validateOrderUpdate(before, object, errors);
      break;
    case 'Challenge':
      if (before !== undefined) validateChallengeUpdate(before, object, errors);
      break;
    default:
  }
}

async function reviewRequestUpdate(
  request: AdmissionRequest,
  before: Field,
  after: Field,
  { authorize, signerExists = builtInSigner }: AdmissionOptions,
  errors: FieldErrors,
): Promise<void> {
  validateIdentityUpdate(before.at('spec'), after.at('spec'), errors);
  if (authorize !== undefined && request.subresource === 'status' && isApproving(before, after)) {
    await validateApprover(after, request.user, authorize, signerExists, errors);
  }
  validateCertificateRequestUpdate(before, after, errors);
}

function answer(errors: FieldErrors, mutated: KubeObject | undefined): AdmissionResponse {
  const warnings = errors.warnings.length === 0 ? {} : { warnings: errors.warnings };
  if (errors.list.length === 0) return { allowed: true, ...warnings, ...(mutated && { object: mutated }) };
  return {
    allowed: false,
    code: errors.undecodable ? 400 : 403,
    errors: errors.list,
    message: renderAggregate(errors.list),
    ...warnings,
  };
}
