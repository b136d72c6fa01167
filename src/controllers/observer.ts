/** What controllers tell whoever measures them; handed in with the context, so that no metric code is among decisions. */
import type { ControllerName } from '../api/components.ts';
import type { Cache } from '../kube/cache.ts';
import type { EventCounts } from '../kube/events.ts';
import type { WorkObserver } from '../kube/observe.ts';

/** Everything here is called from the middle of work: it must not throw, and must not wait. */
export interface ControllersObserver {
  /**
   * Of one queue and its workers: hand it to `createQueue` and to `runWorkers`.
   * @param controller which one; a `ControllerName` counts each reconcile as a sync of that controller, anything else
   *   (`certificates`, `certificaterequests`) leaves that to `step`
   */
  work(controller: string): WorkObserver;
  /** One decision about one object, in whose part of the work it falls, and whether carrying it out failed. */
  step(controller: ControllerName, decision: string, failed: boolean): void;
  /** A cache was made; `name` says of what. */
  cache(name: string, cache: Pick<Cache<unknown>, 'size' | 'synced'>): void;
  events(counts: Readonly<EventCounts>): void;
  /** A list or watch ended by a failure and is begun again. */
  watchFailed(resource: string, error: unknown): void;
  keyGenerated(algorithm: string, durationMs: number): void;
  /** Certificate `namespace/name` is kept from another issuance until then; undefined: not (any more). */
  breaker(certificate: string, untilMs: number | undefined): void;
}

const nobody: WorkObserver = {
  queue: () => undefined,
  added: () => undefined,
  taken: () => undefined,
  retried: () => undefined,
  finished: () => undefined,
};

/** For those who measure nothing. */
export const unobserved: ControllersObserver = {
  work: () => nobody,
  step: () => undefined,
  cache: () => undefined,
  events: () => undefined,
  watchFailed: () => undefined,
  keyGenerated: () => undefined,
  breaker: () => undefined,
};
