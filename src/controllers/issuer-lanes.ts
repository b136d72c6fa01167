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
  /** Nothing is worked on before (`WorkerOptions`). */
  ready: Promise<void>;
  observer: WorkObserver;
  reconcile: Reconcile;
  onResult: (result: WorkResult) => void;
}

/** Soon enough for whoever finds its key at work in another lane. */
const againMs = 250;

/** A key is worked on once at a time, also when its lane changes: as its issuer appears, or is removed. */
export class IssuerLanes {
  readonly #options: LanesOptions;
  /** `keys`: how many are remembered in it. */
  readonly #lanes = new Map<string, { queue: Queue; workers: Workers; keys: number }>();
  readonly #laneOf = new Map<string, string>();
  readonly #active = new Set<string>();
  /** Work in flight of lanes that are closed. */
  readonly #closing = new Set<Promise<unknown>>();
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

  /** Lanes that are open. */
  get size(): number {
    return this.#lanes.size;
  }

  /** @param lane such as an `issuerIndexKey`; choose it among what exists, so that strangers cannot open lanes at will */
  add(lane: string, key: string, options?: { relisted?: boolean }): void {
    if (this.#closed) return;
    const before = this.#laneOf.get(key);
    const open = this.#lane(lane);
    if (before !== lane) {
      this.#laneOf.set(key, lane);
      open.keys++;
      if (before !== undefined) this.#leave(before);
    }
    open.queue.add(key, options);
  }

  /** Drops what is remembered of a key that is gone. */
  forget(key: string): void {
    const lane = this.#laneOf.get(key);
    if (lane === undefined) return;
    this.#lanes.get(lane)?.queue.forget(key);
    this.#laneOf.delete(key);
    this.#leave(lane);
  }

  /** Lanes that nothing is left in are closed: whoever makes issuers and takes them away must not fill the memory. */
  #leave(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined || --lane.keys > 0) return;
    this.#lanes.delete(name);
    const closing = lane.workers.stop().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Begins nothing new; resolves when the work in flight is done. */
  async stop(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#closing, ...[...this.#lanes.values()].map(({ workers }) => workers.stop())]);
  }

  #lane(name: string): { queue: Queue; keys: number } {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const { clock, backoff, observer, reconcile, onResult, workers, ready } = this.#options;
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
    const running = runWorkers(queue, once, { clock, workers, ready, observer: told, onResult });
    const lane = { queue, workers: running, keys: 0 };
    this.#lanes.set(name, lane);
    return lane;
  }
}
