/** A work queue for each issuer: a CA that is slow, or busy with a thousand names, holds up nobody else's. */
import type { Clock } from '../kube/clock.ts';
import type { WorkObserver } from '../kube/observe.ts';
import { createQueue, type Backoff, type Queue } from '../kube/queue.ts';
import { runWorkers, type Reconcile, type WorkResult, type Workers } from '../kube/worker.ts';

export interface LanesOptions {
  clock: Clock;
  backoff: Backoff;
  /** In each lane. */
  workers: number;
  observer: WorkObserver;
  reconcile: Reconcile;
  onResult: (result: WorkResult) => void;
}

/** Soon enough for whoever finds its key at work in another lane. */
const againMs = 250;

/** A key is worked on once at a time, also when its lane changes: as its issuer appears, or is removed. */
export class IssuerLanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, { queue: Queue; workers: Workers }>();
  readonly #laneOf = new Map<string, string>();
  readonly #active = new Set<string>();
  #closed = false;

  constructor(options: LanesOptions) {
    this.#options = options;
    const lanes = this.#lanes;
    const sum = (count: (queue: Queue) => number): number => {
      let total = 0;
      for (const { queue } of lanes.values()) total += count(queue);
      return total;
    };
    options.observer.queue({
      get length() {
        return sum((queue) => queue.length);
      },
      get delayed() {
        return sum((queue) => queue.delayed);
      },
      get active() {
        return sum((queue) => queue.active);
      },
    });
  }

  /** @param lane such as an `issuerIndexKey`; choose it among what exists, so that strangers cannot open lanes at will */
  add(lane: string, key: string, options?: { relisted?: boolean }): void {
    if (this.#closed) return;
    this.#laneOf.set(key, lane);
    this.#lane(lane).add(key, options);
  }

  /** Drops what is remembered of a key that is gone. */
  forget(key: string): void {
    const lane = this.#laneOf.get(key);
    if (lane !== undefined) this.#lanes.get(lane)?.queue.forget(key);
    this.#laneOf.delete(key);
  }

  /** Begins nothing new; resolves when the work in flight is done. */
  async stop(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes.values()].map(({ workers }) => workers.stop()));
  }

  #lane(name: string): Queue {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known.queue;
    const { clock, backoff, observer, reconcile, onResult, workers } = this.#options;
    // Depth is told once, for all lanes together.
    const told: WorkObserver = {
      queue: () => undefined,
      added: () => observer.added(),
      taken: (waitedMs) => observer.taken(waitedMs),
      retried: () => observer.retried(),
      finished: (result) => observer.finished(result),
    };
    const queue = createQueue({ clock, backoff, observer: told });
    const once: Reconcile = async (key, signal) => {
      if (this.#active.has(key)) return { after: againMs };
      this.#active.add(key);
      try {
        return await reconcile(key, signal);
      } finally {
        this.#active.delete(key);
      }
    };
    const running = runWorkers(queue, once, { clock, workers, observer: told, onResult });
    this.#lanes.set(name, { queue, workers: running });
    return queue;
  }
}
