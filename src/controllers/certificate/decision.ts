/** What `decide` answers: one thing to do, why, and when to look again. */
import type { CertificateStatus } from '../../api/certificate.ts';
import type { IssuerRef } from './issuer-match.ts';
import type { RequestFacts } from './request-facts.ts';

/** An event on the Certificate. */
export interface CertificateEvent {
  component: string;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** Where the key of the next certificate comes from (lifecycle §10). */
export type KeySource = 'generate' | 'reuse';

export type Action =
  /** Write the status if it changed, and nothing else. */
  | { kind: 'none' }
  /** Key in memory, request, signature, Secret: all in one go. `stale` requests are deleted first. */
  | { kind: 'issue'; revision: number; key: KeySource; stale: readonly RequestFacts[]; repeated: boolean }
  /** Store the next private key in a Secret of its own. `quiet`: a new one is no news. */
  | { kind: 'store-key'; key: KeySource; name: string | undefined; quiet: boolean }
  | { kind: 'delete-keys'; names: readonly string[] }
  | {
      kind: 'create-request';
      revision: number;
      keySecret: string;
      /** Absent: `spec.issuerRef`. */
      issuerRef?: IssuerRef;
      /** The CA has asked for this renewal early, and for so many in a row before and with it. */
      earlyRenewals?: number;
      /** A rehearsal with the issuer's canary. */
      canary?: true;
    }
  | { kind: 'delete-requests'; requests: readonly RequestFacts[] }
  /** Put the certificate of `request` and the stored key into the target Secret. */
  | { kind: 'write-secret'; request: RequestFacts; keySecret: string; repeated: boolean }
  /** Put a throw-away certificate for the stored key into the target Secret. */
  | { kind: 'write-temporary'; keySecret: string }
  /** Apply the target Secret again with what it holds. */
  | { kind: 'repair-secret' };

export interface Decision {
  action: Action;
  /** One word: a policy's reason, or `UpToDate`, `Waiting`, `BackingOff`, `NotOwner`, ... */
  reason: string;
  message: string;
  /** The whole next status, valid once the action is done. */
  status: CertificateStatus;
  /** Field manager of the status write. */
  manager: string;
  /** To be sent after the status write (or, for `issue`, after its first write). */
  events: readonly CertificateEvent[];
  /** When to look again although nothing changed, in milliseconds since the epoch. */
  recheckAt?: number;
  /** The status counts a failure of the request with this uid. */
  booked?: string;
  /** This attempt does not ask this issuer any more. */
  turnedFrom?: IssuerRef;
  /** The CA is to be asked when to renew (RFC 9773); the answer comes with the next facts. */
  askCa?: true;
  /** There is more to do right after the status is written. */
  again?: boolean;
}
