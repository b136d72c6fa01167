/** The contract of the ledger of CA limits: who asks for a certificate asks here first, and waits instead of failing. */
import type { AcmeIdentifier, AcmeProblem } from '../acme-client.ts';

/** One certificate that somebody wants. The same `id` is the same wish, however often it is asked for. */
export interface BudgetOrder {
  /** Stable name of the wish, such as the UID of the Order object. */
  id: string;
  /** URL of the directory. */
  directory: string;
  /** URL of the account. */
  account: string;
  identifiers: readonly AcmeIdentifier[];
  /** Sent with `replaces` (RFC 9773 §5): Let's Encrypt counts it against no limit. */
  replaces: boolean;
  /** The same set of names had a certificate before: Let's Encrypt counts it against fewer limits. */
  renewal?: boolean;
}

/** `until` is finite, later than the question, and when to ask again: asking then may still find others in front. */
export type Admission =
  | { admit: true }
  | {
      admit: false;
      /** Milliseconds since the epoch. */
      until: number;
      /** Name of the limit that is used up, such as `new-certificates-per-registered-domain`. */
      limit: string;
      /** For people: limit, numbers, subject, next slot. */
      message: string;
    };

/** How much of one limit is left for one subject. */
export interface BudgetForecast {
  limit: string;
  /** What is counted for: account URL, registered domain, set of names... */
  subject: string;
  allowed: number;
  windowMs: number;
  /** What could be asked for now. */
  available: number;
  /** When there is something again; equal to the time of the question when there is. */
  nextSlotAt: number;
  /** When all of it is there again. */
  fullAt: number;
  /** How many wishes wait for it. */
  waiting: number;
}

/** What `serialise` answers: JSON, of bounded size. Wishes that wait are not in it: they ask again. */
export interface BudgetState {
  version: 1;
  /** Key (directory, limit, subject) to level. */
  levels: Record<string, number | readonly number[]>;
  /** Key to the time until which the CA said no. */
  holds: Record<string, number>;
  /** `id` of the wish to what it took. */
  taken: Record<string, { at: number; keys: readonly string[]; issued: boolean }>;
}

/**
 * Pure: time is handed in, nothing is fetched. `admit` takes the slots at once, so that a hundred askers do not share one.
 * Not for the CA's correctness: the CA counts by itself; this keeps us from asking in vain, and says when.
 */
export interface OrderBudget {
  /** May this order be placed now? Yes takes its slots; asking again with the same `id` answers yes again. */
  admit(order: BudgetOrder, now: number): Admission;
  /**
   * The CA took the order. Also for orders that were placed before this ledger began: then it takes the slots, unasked.
   * Told again of the same order, nothing happens. After a restart without state: oldest first.
   */
  placed(order: BudgetOrder, at: number): void;
  /** The CA issued: the certificate counts for good. */
  issued(order: BudgetOrder, at: number): void;
  /** The order ended without a certificate (or never reached the CA: `sent` false): its slots are given back. */
  released(order: BudgetOrder, sent: boolean, now: number): void;
  /** An authorization of the order failed for this identifier. */
  authorizationFailed(order: BudgetOrder, identifier: AcmeIdentifier, at: number): void;
  /** An authorization succeeded: consecutive failures start again at none. */
  authorizationSucceeded(order: BudgetOrder, identifier: AcmeIdentifier): void;
  /**
   * The CA refused the order by 429, 503 or `rateLimited`; what it took is given back. Answers when to ask again: `retryAt` when there is one, else
   * what the detail says (`retry after 2026-…`), else a while.
   */
  refused(
    order: BudgetOrder,
    refusal: { problem: AcmeProblem; status: number; retryAt?: number },
    now: number,
  ): { until: number; limit: string };
  /** May an account be registered now? Yes takes the slot. */
  admitRegistration(directory: string, now: number): Admission;
  /** For status and metrics: the account's own limits, and the most used of its domains and sets. */
  forecast(directory: string, account: string, now: number): BudgetForecast[];
  serialise(now: number): BudgetState;
}
