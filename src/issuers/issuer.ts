/** The contract of an issuer type: how it becomes ready and how it signs one request. */
import type { KeyObject } from 'node:crypto';
import type { CertificateRequest } from '../api/certificate-request.ts';
import type { Secret } from '../api/core.ts';
import type { ClusterIssuer, Issuer, IssuerStatus } from '../api/issuer.ts';
import type { AcmeSurroundings } from './acme/surroundings.ts';

export type AnyIssuer = Issuer | ClusterIssuer;

/** Everything an issuer type may touch. No clocks, stores or environment beside these. */
export interface IssuerContext {
  issuer: AnyIssuer;
  /** Where the Secrets of this issuer live: its own namespace, or the cluster resource namespace (lifecycle §2). */
  resourceNamespace: string;
  now(): Date;
  /** Reads a Secret live; undefined when it does not exist. Rejects when the API cannot answer. */
  readSecret(namespace: string, name: string): Promise<Secret | undefined>;
  /**
   * The resourceVersion of a Secret as the caller's watch last saw it. With it a type may go on using what it
   * parsed from that very version; without it (absent, or undefined) the Secret is read again for every use.
   */
  secretVersion?(namespace: string, name: string): string | undefined;
  /**
   * There where the request is not approved yet. A type that is not `inProcess` waits for it before it asks anybody for
   * anything: it stores the approval and, in the same write, that the request waits for what `message` says.
   */
  approve?(message: string): Promise<void>;
  /** For the ACME type alone. Absent: this process runs without Orders. */
  acme?: AcmeSurroundings;
}

/** What the Ready condition of an issuer becomes, and the event that goes with it (lifecycle §23). */
export interface Readiness {
  ready: boolean;
  reason: string;
  message: string;
  event?: { type: 'Normal' | 'Warning'; reason: string; message: string };
  /** True when trying again without a change to the API objects can help. */
  retry: boolean;
  /** Time alone changes the answer then, in milliseconds since the epoch: check again. */
  recheckAt?: number;
  /** What `status.acme` becomes; absent: it stays as it is. */
  acme?: NonNullable<IssuerStatus['acme']>;
}

export type SignOutcome =
  /** `certificate`: PEM chain, leaf first; `ca`: PEM of the top of the chain. */
  | { kind: 'issued'; certificate: string; ca?: string; warnings?: SignEvent[] }
  /** Not yet: the request becomes Pending with this event reason. */
  | { kind: 'pending'; reason: string; message: string; retry: boolean }
  /** Terminal for this request. */
  | { kind: 'failed'; reason: string; message: string };

export interface SignEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/**
 * What a type is asked to sign: a CertificateRequest, or a Kubernetes CertificateSigningRequest in the shape of one, with
 * the issuer's resource namespace as its own.
 */
export type SigningRequest = Pick<CertificateRequest, 'metadata' | 'spec'> & {
  /** It was a CertificateSigningRequest: other annotations count, and usages are taken as they are (lifecycle §24). */
  kubernetes?: true;
};

export interface IssuerType {
  /** The key under `spec` that selects this type. */
  readonly name: 'acme' | 'ca' | 'selfSigned' | 'vault' | 'venafi';
  /** `<suffix>` in the event source `cert-manager-certificaterequests-issuer-<suffix>`. */
  readonly component: string;
  /** True when `sign` needs nothing beyond this process and the API server: the fast path is allowed. */
  readonly inProcess: boolean;
  /** Names of the Secrets in the resource namespace that this issuer depends on. */
  referencedSecrets(issuer: AnyIssuer): readonly string[];
  check(context: IssuerContext): Promise<Readiness>;
  /**
   * Signs `request.spec.request`. `privateKey` is the subscriber's key when the caller holds it in memory
   * (fast path of the SelfSigned issuer); otherwise the type reads it where the request says.
   */
  sign(context: IssuerContext, request: SigningRequest, privateKey?: KeyObject): Promise<SignOutcome>;
}
