/** Everything known about one Certificate at one moment: the input of `decide`. */
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import { parseDuration } from '../../api/duration.ts';
import type { Claimant } from './ownership.ts';
import type { RenewalPolicy } from './renewal.ts';
import type { RequestFacts } from './request-facts.ts';
import type { SecretFacts } from './secret-facts.ts';

/**
 * How this Certificate would be issued now. `fast`: its issuer answers in process, is Ready, and approval is ours.
 * `wait`: it would be, once the issuer is there and Ready, and the time to wait for that (`untilMs`) is not over.
 * `durable`: anything else.
 */
export type Route = { kind: 'fast' } | { kind: 'wait'; untilMs: number; why: string } | { kind: 'durable' };

/**
 * Which requests are whose. Times in requests are the issuer's, those of the Issuing condition may be a user's: neither
 * tells for sure to which attempt a request belongs.
 */
export interface Attempt {
  /** uid of the request that was made last. */
  made?: string;
  /** uid of the request whose failure was counted last. */
  booked?: string;
}

export interface Facts {
  certificate: Certificate;
  /** The Secret `spec.secretName`; undefined when it does not exist. */
  secret: SecretFacts | undefined;
  /** CertificateRequests whose controller is this Certificate; those being deleted are left out. */
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
