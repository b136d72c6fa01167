/** Asks the API server whether whoever made a request may reference an issuer of a namespace (lifecycle §24). */
import type {
  CertificateSigningRequest,
  SubjectAccessReview,
} from '../../api/certificate-signing-request.ts';
import { subjectAccessReviews } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { SignerReference } from './signer-name.ts';

/**
 * By the issuer's name first, then for all of the namespace. The requester is who the API server stamped into the spec.
 * Rejects when the API cannot answer.
 */
export async function mayReference(
  client: KubeClient,
  { spec }: CertificateSigningRequest,
  signer: SignerReference,
  fieldManager: string,
): Promise<boolean> {
  const { username, uid, groups, extra } = spec;
  for (const name of [signer.name, '*']) {
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: username,
        uid,
        groups,
        extra,
        resourceAttributes: {
          group: 'cert-manager.io',
          resource: 'signers',
          verb: 'reference',
          namespace: signer.namespace,
          name,
        },
      },
    };
    const { status } = await client.create(subjectAccessReviews, review, { fieldManager });
    if (status?.allowed === true) return true;
  }
  return false;
}
