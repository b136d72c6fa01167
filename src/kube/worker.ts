/** Runs a reconcile function over a queue with a bounded number of concurrent workers. */
import type { Clock } from './clock.ts';
import { ConflictError } from './errors.ts';
import type { WorkObserver } from './observe.ts';
import type { Queue } from './queue.ts';
import { retryAfterOf } from './retry-after.ts';

/**
 * Looks at everything known about `key` and makes the world match. Level-based: called at least once after every
 * change, possibly for no change at all. Resolve to `{ after }` (milliseconds) to be called again then; anything
 * scheduled before is replaced. Reject to be called again after the key's back-off.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<{ after?: number } | void>;

export interface WorkResult {
  key: string;
  /** `conflict`: somebody else wrote first; retried with back-off but not an error. */
  outcome: 'done' | 'conflict' | 'error';
  durationMs: number;
  error?: unknown;
  /** When the key will be looked at again. */
  nextMs?: number;
  /** Failures in a row, this one included. */
  failures: number;
}

export interface WorkerOptions {
  clock: Clock;
  /** How many keys are worked on at once; 5 when absent. */
  workers?: number;
  /** No key is taken before: what is decided over half-filled caches calls missing what is there. Must not reject. */
  ready?: Promise<void>;
  /** Called after each reconcile: for metrics and logs. Must not throw. */
  onResult?: (result: WorkResult) => void;
  observer?: WorkObserver;
}

export interface Workers {
  /**
   * Takes no new keys and waits for those being worked on. After `graceMs` (10 s when absent) their signal is
   * aborted and the answer is the number of keys still at work; 0 when all ended by themselves.
   */
  stop(graceMs?: number): Promise<number>;
}

export function runWorkers(queue: Queue, reconcile: Reconcile, options: WorkerOptions): Workers {
  const { clock, onResult, observer } = options;
  const abort = new AbortController();
  const stopping = Promise.withResolvers<void>();

  const work = async (key: string): Promise<void> => {
    const started = clock.now();
    let result: Pick<WorkResult, 'outcome' | 'error' | 'nextMs'>;
    try {
      const answer = await reconcile(key, abort.signal);
      queue.forget(key);
      const after = answer?.after;
      if (after !== undefined) queue.addAfter(key, after);
      result = { outcome: 'done', nextMs: after };
    } catch (error) {
      const nextMs = queue.addBackoff(key, retryAfterOf(error));
      result = { outcome: error instanceof ConflictError ? 'conflict' : 'error', error, nextMs };
    }
    const failures = queue.failures(key);
    queue.done(key);
    const told = { key, durationMs: clock.now() - started, failures, ...result };
    observer?.finished(told);
    onResult?.(told);
  };
  const loop = async (): Promise<void> => {
    if (options.ready !== undefined) await Promise.race([options.ready, stopping.promise]);
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) await work(key);
  };
  const loops = Promise.all(Array.from({ length: options.workers ?? 5 }, loop));

  return {
    async stop(graceMs = 10_000) {
      queue.shutDown();
      stopping.resolve();
      // A reconcile that ignores its signal must not hold up the shutdown for ever.
      return new Promise((resolve) => {
        const timer = clock.after(graceMs, () => {
          const late = queue.active;
          abort.abort(new Error('the workers are being stopped'));
          resolve(late);
        });
        void loops.then(() => {
          timer.cancel();
          resolve(0);
        });
      });
    },
  };
}

/** Stops the workers when the signal aborts; resolves when none is at work any more. */
export function stoppedBy(signal: AbortSignal, workers: Workers): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => void workers.stop().then(() => resolve());
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
