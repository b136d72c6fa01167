/** Time as a dependency, so that tests move it instead of waiting for it. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that nobody sets; it stands still while the machine sleeps. Absent: there is only `now`. */
  steady?(): number;
  /** Runs `task` once after `delayMs` (any length; not limited to 2^31 ms). Never keeps the process alive. */
  after(delayMs: number, task: () => void): Timer;
  /**
   * Tells when the wall clock left elapsed time by a second or more: set by hand, by NTP, or ahead after the machine
   * slept. `byMs` is positive when it went forward. Answers a function that ends this. Absent: nobody can tell.
   */
  onStep?(listener: (byMs: number) => void): () => void;
}

/** How often the machine's clock is looked at, and how far it may drift meanwhile. */
const stepCheckMs = 10_000;
const stepToleranceMs = 1_000;

/** setTimeout fires at once for longer delays, so long waits are walked in legs. */
const longestLegMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(delayMs, task) {
    // Date.now may be stepped by an administrator: the legs count elapsed time, not wall-clock time.
    let remaining = Math.max(0, delayMs);
    let timeout: NodeJS.Timeout;
    const leg = (): void => {
      const step = Math.min(remaining, longestLegMs);
      remaining -= step;
      timeout = setTimeout(remaining > 0 ? leg : task, step);
      timeout.unref();
    };
    leg();
    return { cancel: () => clearTimeout(timeout) };
  },
  onStep(listener) {
    // The monotonic clock stands still while the machine sleeps, so a sleep shows as a step forward.
    let offset = Date.now() - performance.now();
    const check = (): void => {
      const by = Date.now() - performance.now() - offset;
      if (Math.abs(by) < stepToleranceMs) return;
      offset += by;
      listener(by);
    };
    const interval = setInterval(check, stepCheckMs).unref();
    return () => clearInterval(interval);
  },
};

/** Waits on a clock; rejects with the signal's reason when it aborts first. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const stop = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}
