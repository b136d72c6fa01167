/** What the caches keep of a Secret: everything decisions need, and no key material (design §4, lifecycle §3). */
import type { OwnerReference } from '../../api/meta.ts';

/** A piece of the Secret that could be read, or why it could not. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; error: string };

export interface CertificateFacts {
  commonName: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  uris: readonly string[];
  emailAddresses: readonly string[];
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
  /** SHA-256 over SubjectPublicKeyInfo, base64. */
  publicKeyHash: string;
  /** SHA-256 over the DER, base64. */
  fingerprint: string;
  /** Its name in renewal information (RFC 9773 §4.1); absent: it names no authority key. */
  renewalId?: string;
  /** The certificate-detail annotations that the Secret ought to carry (api.md §18). */
  details: Readonly<Record<string, string>>;
}

export interface PrivateKeyFacts {
  algorithm: 'RSA' | 'ECDSA' | 'Ed25519';
  /** Bits, or the curve's; 0 for Ed25519. */
  size: number;
  publicKeyHash: string;
}

/** Fields of the Secret that our field manager owns by server-side apply (lifecycle §19, checks 3, 5, 7, 9). */
export interface OwnedFields {
  labels: readonly string[];
  annotations: readonly string[];
  data: readonly string[];
  ownerReferences: boolean;
}

/** Who wrote a field manager entry last that covers `data`, for the circuit breaker. */
export interface DataWriter {
  manager: string;
  operation: string;
  /** Milliseconds since the epoch; 0 when the server gave none. */
  time: number;
}

export interface SecretFacts {
  /** `namespace/name`. */
  key: string;
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  type?: string;
  immutable: boolean;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  ownerReferences: readonly OwnerReference[];
  /** Only metadata was watched: read the Secret live before judging it. */
  metadataOnly: boolean;
  /** Keys of `data`. */
  dataKeys: readonly string[];
  /** Absent: no `tls.crt`, or an empty one. */
  certificate?: Parsed<CertificateFacts>;
  /** Absent: no `tls.key`, or an empty one. */
  privateKey?: Parsed<PrivateKeyFacts>;
  /** `ca.crt` exists and is not empty. */
  hasCa: boolean;
  /** Keys of `data` that exist but are empty. */
  emptyKeys: readonly string[];
  /** The entry equals what `tls.key` and `tls.crt` give; absent when there is no such entry. */
  combinedPemRight?: boolean;
  derKeyRight?: boolean;
  /** SHA-256 over tls.crt's bytes, base64: tells whether the Secret holds what a request was answered with. */
  chainHash?: string;
  owned: Parsed<OwnedFields>;
  /** Field managers, other than ours, that own entries, labels or annotations which are ours to write; newest first. */
  foreignWriters: readonly DataWriter[];
}
