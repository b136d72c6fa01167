/** Kubernetes' own CertificateSigningRequest (certificates.k8s.io/v1), and the review that asks who may reference a signer. */
import type { KubeObject } from './meta.ts';

export interface SigningCondition {
  /** Approved, Denied, Failed, or a name of somebody else's. */
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
}

export interface CertificateSigningRequest extends KubeObject {
  /** Cannot change after creation; who asked is stamped by the API server. */
  spec: {
    /** Base64 of a PEM CSR (PKCS#10, RFC 2986). */
    request: string;
    signerName: string;
    expirationSeconds?: number;
    usages?: string[];
    username?: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
  };
  status?: {
    conditions?: SigningCondition[];
    /** Base64 of a PEM chain, leaf first. */
    certificate?: string;
  };
}

/** authorization.k8s.io/v1, reduced to questions about resources. */
export interface SubjectAccessReview extends KubeObject {
  spec: {
    user?: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
    resourceAttributes: { group: string; resource: string; verb: string; namespace?: string; name?: string };
  };
  status?: { allowed: boolean; denied?: boolean; reason?: string; evaluationError?: string };
}
