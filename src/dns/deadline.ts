/** One attempt at one server: it ends by its answer, by its time, or by whoever does not want it any more. */
import type { DnsClock } from './clock.ts';

/** The time was over. The message says after how long. */
export class DeadlineError extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
    this.name = 'DeadlineError';
  }
}

/**
 * Runs `attempt` with a signal that is aborted when the time is over or the caller's signal is. `attempt` has to stop
 * and reject when it is; what it rejects with is what comes out, but for the two reasons to stop.
 */
export async function withDeadline<T>(
  clock: DnsClock,
  ms: number,
  signal: AbortSignal | undefined,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const own = new AbortController();
  const stop = (): void => own.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  const timer = clock.after(ms, () => own.abort(new DeadlineError(ms)));
  try {
    return await attempt(own.signal);
  } catch (error) {
    own.signal.throwIfAborted();
    throw error;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', stop);
  }
}
