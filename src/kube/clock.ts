/** Time as a dependency, so that tests move it instead of waiting for it. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `delayMs` (any length; not limited to 2^31 ms). Never keeps the process alive. */
  after(delayMs: number, task: () => void): Timer;
}
