/** What the plumbing tells whoever measures it. Metrics are made elsewhere: nothing here knows what becomes of the news. */
import type { Queue } from './queue.ts';
import type { WorkResult } from './worker.ts';

/** Told of every HTTP exchange with the API server, retried ones each by themselves. Must not throw. */
export interface RequestObserver {
  /**
   * @param verb as Kubernetes' audit log has it: get, list, watch, create, update, patch, apply or delete
   * @param resource the plural, with the subresource behind a slash
   * @param code the HTTP status; 0 when there was no answer
   * @param durationMs until the answer was read; for a watch, until it began
   */
  request(verb: string, resource: string, code: number, durationMs: number): void;
}

/** What an exchange is for, so that it can be counted without its path being read again. */
export interface Purpose {
  verb: string;
  resource: string;
}

/** Told what happens in one queue and to the keys taken from it. Must not throw. */
export interface WorkObserver {
  /** Once, at the start: for depth, which is asked for and not told. */
  queue(queue: Pick<Queue, 'length' | 'delayed' | 'active'>): void;
  /** A key that was not waiting waits now. */
  added(): void;
  /** A key is taken after it waited so long. */
  taken(waitedMs: number): void;
  /** A key comes again after its back-off. */
  retried(): void;
  finished(result: WorkResult): void;
}
