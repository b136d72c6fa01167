/** A token bucket for requests, used where the server has no priority and fairness of its own. */
import { pause, type Clock } from './clock.ts';

export interface RateLimiter {
  /** Resolves when the request may go; in the order of the calls. */
  acquire(signal?: AbortSignal): Promise<void>;
}

/** 20 requests a second and bursts of 50 when absent (certificate-lifecycle spec §2). */
export function createRateLimiter(
  clock: Clock,
  options: { perSecond?: number; burst?: number } = {},
): RateLimiter {
  const perSecond = options.perSecond ?? 20;
  const burst = options.burst ?? 50;
  let tokens = burst;
  let filledAt = clock.now();

  return {
    async acquire(signal) {
      const now = clock.now();
      // A wall clock that steps back must not take tokens away.
      tokens = Math.min(burst, tokens + (Math.max(0, now - filledAt) / 1000) * perSecond);
      filledAt = now;
      // Going below zero books a place in the line: the next caller waits behind this one.
      tokens -= 1;
      if (tokens >= 0) return;
      try {
        await pause(clock, (-tokens / perSecond) * 1000, signal);
      } catch (error) {
        tokens += 1;
        throw error;
      }
    },
  };
}
