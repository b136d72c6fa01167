/** Everything known about one Certificate at one moment: the input of `decide`. */
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import { parseDuration } from '../../api/duration.ts';
import type { Claimant } from './ownership.ts';
import type { RenewalNews } from './renewal-info/renewal-info.ts';
import type { IssuerChain } from './fallback/issuer-chain.ts';
import type { IssuerRef } from './issuer-match.ts';
import type { RenewalPolicy } from './renewal.ts';
import type { RequestFacts } from './request-facts.ts';
import type { SecretFacts } from './secret-facts.ts';

/**
 * How this Certificate would be issued now. `fast`: its issuer answers in process, is Ready, and approval is ours.
 * `wait`: it would be, once the issuer is there and Ready, and the time to wait for that (`untilMs`) is not over.
 * `durable`: anything else.
 */
export type Route = { kind: 'fast' } | { kind: 'wait'; untilMs: number; why: string } | { kind: 'durable' };

/** One issuer of the chain. */
export interface Candidate {
  ref: IssuerRef;
  /** `external`: of another group; nobody here knows. */
  readiness: 'ready' | 'not-ready' | 'missing' | 'external';
  /** Since when it is Ready, or is not, in milliseconds since the epoch. */
  sinceMs?: number;
  /** Who has to issue for new names first (annotation of the issuer). Has none itself. */
  canary?: Candidate;
}

/** What an ACME order says about why it does not go on, or ended. */
export interface Hold {
  /** Type of the problem document; undefined: none is known. */
  problem?: string;
  /** For people. */
  reason?: string;
  /** Nothing is tried before, in milliseconds since the epoch. */
  until?: number;
}

/** The certificate in the Secret is from an ACME CA, as the Secret's annotations and the issuers say. */
export interface AcmeFacts {
  /** Absent: that CA is not asked when to renew. */
  renewalInfo?: {
    /** What the CA has answered and no status says yet. */
    news?: RenewalNews;
    /** The CA is being asked, or could not be asked and is asked again by itself. */
    asked: boolean;
  };
}

/**
 * Which requests are whose. Times in requests are the issuer's, those of the Issuing condition may be a user's: neither
 * tells for sure to which attempt a request belongs.
 */
export interface Attempt {
  /** uid of the request that was made last. */
  made?: string;
  /** uid of the request whose failure was counted last. */
  booked?: string;
  /** Issuers that this attempt asks no more: the next of the chain stands in. */
  turnedFrom?: readonly IssuerRef[];
}

export interface Facts {
  certificate: Certificate;
  /** The Secret `spec.secretName`; undefined when it does not exist. */
  secret: SecretFacts | undefined;
  /** `spec.issuerRef` and its fallbacks. */
  chain: IssuerChain;
  /** The same, with what is known of each. */
  candidates: readonly Candidate[];
  /** By uid of the request; only of requests that are on their way or ended badly, and whose ACME order is known. */
  holds?: ReadonlyMap<string, Hold>;
  /** Requests that rehearse with a canary. */
  canaries: readonly RequestFacts[];
  /** CertificateRequests whose controller is this Certificate; those being deleted, and canaries, are left out. */
  requests: readonly RequestFacts[];
  /** Secrets labelled as next private key whose controller is this Certificate. */
  nextKeys: readonly SecretFacts[];
  /** All Certificates of the namespace with this `spec.secretName`, this one included. */
  claimants: readonly Claimant[];
  route: Route;
  /** When the circuit breaker lets us repeat, in milliseconds; undefined: now. */
  blockedUntil: { issue: number | undefined; repair: number | undefined; brokeOff?: string };
  /** Since when this process waits for an issuer or its answer; undefined: it does not, or begins to. */
  waitingSinceMs?: number;
  /** What this process knows about its own attempts; empty after a restart. */
  attempt: Attempt;
  /** Absent: no ACME CA is known to have issued what the Secret holds. */
  acme?: AcmeFacts;
  /** `--enable-certificate-owner-ref`. */
  ownerRef: boolean;
  minBackoffMs: number;
  maxBackoffMs: number;
}

/** The spec's renewal settings with durations in milliseconds; what does not parse counts as not set. */
export function renewalPolicyOf(spec: CertificateSpec): RenewalPolicy {
  const policy: RenewalPolicy = {};
  if (spec.renewBefore !== undefined) policy.renewBeforeMs = parseDuration(spec.renewBefore);
  if (spec.renewBeforePercentage !== undefined) policy.renewBeforePercentage = spec.renewBeforePercentage;
  if (spec.renewal !== undefined) {
    policy.renewal = {
      policy: spec.renewal.policy ?? 'RenewBefore',
      windows: (spec.renewal.windows ?? []).map((window) => ({
        cron: window.cron,
        timezone: window.timezone,
        windowMs: parseDuration(window.windowDuration) ?? 0,
      })),
    };
  }
  return policy;
}
