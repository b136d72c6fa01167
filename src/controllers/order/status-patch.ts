/** What one step writes into the status of an Order: a merge patch, so that null takes a field away. */
import { secondsText } from '../../api/seconds-text.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Order, OrderStatus } from '../../api/order.ts';
import { boundedText } from '../bounded-text.ts';

export type StatusPatch = { [Field in keyof OrderStatus]?: OrderStatus[Field] | null };

/** The end without a certificate. */
export function ended(
  state: 'invalid' | 'expired' | 'errored',
  reason: string,
  problem: string | undefined,
  now: number,
): StatusPatch {
  return {
    state,
    reason: boundedText(reason),
    problem: problem ?? null,
    nextAttemptAt: null,
    failureTime: secondsText(now),
  };
}

/** It goes on by itself later. The state stays. */
export function waiting(reason: string, problem: string | undefined, at: number): StatusPatch {
  return { reason: boundedText(reason), problem: problem ?? null, nextAttemptAt: secondsText(at + 999) };
}

/** News from the CA: whatever was waited for is over. */
export function news(patch: StatusPatch): StatusPatch {
  return { reason: null, problem: null, nextAttemptAt: null, ...patch };
}

/** The fields of the patch that change something; undefined: none does. */
export function changes(status: Order['status'], patch: StatusPatch): StatusPatch | undefined {
  const current: Record<string, unknown> = { ...status };
  const entries = Object.entries(patch).filter(([field, value]) => {
    const before = current[field];
    if (value === null) return before !== undefined && before !== null && before !== '';
    // Servers order fields their own way.
    return !isDeepStrictEqual(before, value);
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
