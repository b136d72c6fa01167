/** The contract of a solver: puts the answer of a Challenge where the CA looks for it, checks that it is seen, takes it away. */
import type { Challenge } from '../api/challenge.ts';

/** What one view saw (RFC 8555 §8: the CA looks from several places, so do we). */
export interface ViewAnswer {
  /** For example `direct`, `route`, `public`, or `ns1.example.com:53`. */
  view: string;
  passed: boolean;
  /** The verdict of the check depends on it. */
  trusted: boolean;
  /** What it saw or what went wrong: bounded, without bodies of others. */
  answer: string;
}

export interface CheckResult {
  passed: boolean;
  views: readonly ViewAnswer[];
  /** Why it has not passed, in one line that names the view and the remedy; empty when it has. */
  problem: string;
  /** The CA may still have to see it: wait this long before it is told to look. Milliseconds. */
  settleMs?: number;
  /** What somebody should see to before it fails one day, in one line; an event of the Challenge. */
  notice?: string;
}

/** A Challenge whose owner chain was proven, with what its issuer grants it. */
export interface SolverContext {
  challenge: Challenge;
  /** Where Secrets and ServiceAccounts of the issuer live (acme.md §3.1). */
  resourceNamespace: string;
  /** Credentials of the machine may be used (acme.md §10.6). */
  ambient: boolean;
  /** URL of the issuer's account at the CA, where it is known (`accounturi` of RFC 8657 and dns-persist-01). */
  accountUri?: string;
  /** Names under which the CA knows itself in a dns-persist-01 record, as its challenge offers them. */
  issuerDomainNames?: readonly string[];
  /** Ends the attempt; what was begun is found again by the next one. */
  signal?: AbortSignal;
}

/**
 * All methods are idempotent: the controller calls them again after a crash, and `present` again before every check.
 * They reject with a SolverError (message for people; `retryable`); `challenge.spec.key` never gets into it.
 */
export interface Solver {
  present(context: SolverContext): Promise<void>;
  check(context: SolverContext): Promise<CheckResult>;
  /** Resolves when nothing is left of it in the world. */
  cleanUp(context: SolverContext): Promise<void>;
}

/** The solvers of this process by challenge type; a missing one refuses with its reason. */
export interface Solvers {
  for(challenge: Challenge): Solver;
}
