/**
 * Time that passed, by two clocks that are wrong in different ways: the wall clock may be set, and the steady one stands
 * still while the machine sleeps. Whoever holds a lease believes the one that says more, whoever waits for it to expire
 * the one that says less: then no step of a clock lets two believe that they hold it.
 */
import type { Clock } from './clock.ts';

export interface Moment {
  wallMs: number;
  steadyMs: number;
}

export function momentOf(clock: Pick<Clock, 'now' | 'steady'>): Moment {
  const wallMs = clock.now();
  return { wallMs, steadyMs: clock.steady?.() ?? wallMs };
}

/** Milliseconds that passed for certain. */
export function atLeastSince(clock: Pick<Clock, 'now' | 'steady'>, { wallMs, steadyMs }: Moment): number {
  const now = momentOf(clock);
  return Math.min(now.wallMs - wallMs, now.steadyMs - steadyMs);
}

/** Milliseconds that may have passed. */
export function atMostSince(clock: Pick<Clock, 'now' | 'steady'>, { wallMs, steadyMs }: Moment): number {
  const now = momentOf(clock);
  return Math.max(now.wallMs - wallMs, now.steadyMs - steadyMs);
}
