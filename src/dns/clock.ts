/** Time as the DNS room needs it; `src/kube/clock.ts` fits. */

export interface DnsClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `delayMs`. */
  after(delayMs: number, task: () => void): { cancel(): void };
}
