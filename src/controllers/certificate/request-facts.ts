/** What decisions need to know of a CertificateRequest, so that the PEMs of finished ones need not stay in memory. */
import type { Condition } from '../../api/meta.ts';
import type { Parsed } from './secret-facts.ts';

export interface SubjectFacts {
  commonName: string;
  serialNumber: string;
  organizations: readonly string[];
  countries: readonly string[];
  localities: readonly string[];
  organizationalUnits: readonly string[];
  postalCodes: readonly string[];
  provinces: readonly string[];
  streetAddresses: readonly string[];
}

export interface CsrFacts {
  subject: SubjectFacts;
  /** DER of the subject, base64: what `literalSubject` is compared with. */
  subjectDer: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  uris: readonly string[];
  emailAddresses: readonly string[];
  /** `oid=value`. */
  otherNames: readonly string[];
  publicKeyHash: string;
}

/** The leaf of `status.certificate`. */
export interface AnswerFacts {
  publicKeyHash: string;
  /** Milliseconds since the epoch. */
  notAfter: number;
  /** SHA-256 over the whole `status.certificate`, base64. */
  chainHash: string;
}

export interface RequestFacts {
  name: string;
  uid: string;
  /** Undefined: no annotation, or not an integer. */
  revision: number | undefined;
  duration?: string;
  issuerRef: { name: string; kind?: string; group?: string };
  isCA: boolean;
  usages: readonly string[];
  csr: Parsed<CsrFacts>;
  denied?: Condition;
  invalid?: Condition;
  ready?: Condition;
  /** Milliseconds since the epoch. */
  failureTime?: number;
  /** When it was made, in milliseconds since the epoch. */
  created?: number;
  /** How many renewals in a row the CA had asked for early, the one by this request included. */
  earlyRenewals?: number;
  /** It rehearses with the issuer's canary; its certificate is thrown away. */
  isCanary?: true;
  /** Absent until there is a certificate in the status. */
  answer?: Parsed<AnswerFacts>;
}

/** The condition that ended this request without a certificate; Denied wins over InvalidRequest over Failed (lifecycle §17, §27.14). */
export function terminalFailure(request: RequestFacts): Condition | undefined {
  if (request.denied !== undefined) return request.denied;
  if (request.invalid !== undefined) return request.invalid;
  return request.ready?.reason === 'Failed' ? request.ready : undefined;
}

/** When the request ended badly, in milliseconds; 0 when nobody wrote it down. */
export function terminalTime(request: RequestFacts): number {
  if (request.failureTime !== undefined) return request.failureTime;
  const transition = terminalFailure(request)?.lastTransitionTime;
  return transition === undefined ? 0 : Date.parse(transition);
}

export function isIssued(request: RequestFacts): boolean {
  return request.denied === undefined && request.invalid === undefined && request.ready?.reason === 'Issued';
}
