/**
 * Approvals that the API server refuses because it serves no such issuer (api.md: approval needs the signer's CRD). Nothing
 * can be written into the request then, so events have to tell; each refusal once, however often it is tried again.
 */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { OwnerReference } from '../../api/meta.ts';
import { ForbiddenError } from '../../kube/errors.ts';
import { ownGroup } from '../certificate/constants.ts';
import { issuerReference } from './decide.ts';

export class RefusedApprovals {
  /** By key of the request: what was said about it last. */
  readonly #told = new Map<string, string>();

  /**
   * What to tell about `error`: undefined when it is no such refusal, `news: false` when it was told already.
   * Refusals of our own kinds are not among them: what is missing there is a permission of ours, which the log says.
   */
  look(
    key: string,
    request: CertificateRequest,
    error: unknown,
  ): { message: string; news: boolean } | undefined {
    if (!(error instanceof ForbiddenError)) return undefined;
    const { group, kind, name } = issuerReference(request);
    if (group === ownGroup && (kind === 'Issuer' || kind === 'ClusterIssuer')) return undefined;
    const remedy =
      group === ownGroup
        ? 'correct spec.issuerRef.kind (Issuer or ClusterIssuer), or set spec.issuerRef.group'
        : 'where the API does not know that kind, install the CRD of its issuer, or correct spec.issuerRef.group and kind; where it does, let Certwright approve for it (approveSignerNames of the chart)';
    const message = `Approval for ${kind} "${name}" of group ${group} was refused, so nobody signs this: ${remedy}. It is tried again by and by. The API server says: ${error.message}`;
    const news = this.#told.get(key) !== message;
    this.#told.set(key, message);
    return { message, news };
  }

  forget(key: string): void {
    this.#told.delete(key);
  }
}

/** The Certificate that a request is for, where people look first. */
export function owningCertificate(request: CertificateRequest): OwnerReference | undefined {
  return request.metadata?.ownerReferences?.find(
    ({ controller, kind }) => controller === true && kind === 'Certificate',
  );
}
