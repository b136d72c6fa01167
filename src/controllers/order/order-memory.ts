/** What this process remembers of an Order and the API does not: losing it costs a call to the CA, never a wrong one. */
import type { StatusPatch } from './status-patch.ts';

export interface OrderMemory {
  uid: string;
  /** The generation whose owner chain and names were looked at, and nothing spoke against them. */
  proven?: number;
  /** How often the CA was asked for the same thing since the last news. */
  polls: number;
  /** Calls in a row that failed in a way that passes. */
  failures: number;
  /** This process heard from the CA that the order is ready, and did not finalize it since. */
  ready: boolean;
  /**
   * The CA may have an order for it of which nobody here knows the URL: the answer got lost (`LostOrders.note`), or an earlier
   * life of this process died before it could store it (0).
   */
  perhapsPlaced?: number;
  /** The CA would not hear of what this order replaces: it is asked for without. */
  replacesRefused?: boolean;
  /** What was last written about why nothing is done for it. */
  blockedBy?: string;
  /** This process has told the CA to issue, and heard nothing final since. */
  finalizing: boolean;
  /** When the CA may be asked again how the order stands. Milliseconds since the epoch. */
  pollAtMs: number;
  /** What the CA answered and could not be stored yet. */
  unsaved?: StatusPatch;
}

export class OrderMemories {
  readonly #entries = new Map<string, OrderMemory>();

  /** Of the object that has the key now: another one of the same name starts anew. */
  of(key: string, uid: string): OrderMemory {
    const known = this.#entries.get(key);
    if (known?.uid === uid) return known;
    const fresh: OrderMemory = { uid, polls: 0, failures: 0, ready: false, finalizing: false, pollAtMs: 0 };
    this.#entries.set(key, fresh);
    return fresh;
  }
  forget(key: string): void {
    this.#entries.delete(key);
  }
}

const firstRetryMs = 5_000;
const longestRetryMs = 30 * 60_000;
/** However long a CA asks to be left alone. */
const longestNamedMs = 24 * 3_600_000;

/** When to try again after a failure that passes: as the CA said, else twice as late as the last time. */
export function retryAt(failures: number, now: number, named: number | undefined): number {
  if (named !== undefined) return now + Math.min(longestNamedMs, Math.max(1_000, named - now));
  return now + Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures, 20));
}

/** Between two questions how an order stands. */
export const longestPollMs = 5 * 60_000;

/** How long until the CA is asked again how an order stands: as it said, within bounds; else a little longer each time. */
export function pollDelay(polls: number, now: number, named: number | undefined): number {
  if (named !== undefined) return Math.min(longestPollMs, Math.max(500, named - now));
  const quick = quickPollsMs[polls];
  if (quick !== undefined) return quick;
  const later = polls - quickPollsMs.length;
  return Math.min(60_000, later < 10 ? 1_000 * (1 + later) : 15_000 * (later - 9));
}

/** Most CAs issue within a second, and tell no time. */
const quickPollsMs = [100, 200, 400];

/** The state is not written for what is over in a moment. */
export function isLasting(polls: number, now: number, named: number | undefined): boolean {
  return polls >= quickPollsMs.length || (named ?? now) - now > 10_000;
}
