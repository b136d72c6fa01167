/** Removes events an hour after their last write, as Kubernetes does (kube-apiserver `--event-ttl`, default 1h0m0s). */
import { eventEntry } from '../resources/builtin/event.ts';
import { metaOf, type JsonObject } from '../resources/resource-entry.ts';
import { ApiError } from '../rest/api-error.ts';
import type { ObjectDeleter } from '../rest/object-deleter.ts';
import type { ServerLog } from '../server-log.ts';
import type { ObjectStore, RowKey } from '../storage/object-store.ts';
import { COLLECTOR_USER } from './collector-steps.ts';

export interface EventExpiryOptions {
  store: ObjectStore;
  deleter: ObjectDeleter;
  /** Milliseconds since the epoch. */
  now: () => number;
  log: ServerLog | undefined;
}

const TTL_MS = 3_600_000;
const TICK_MS = 60_000;
/** Events removed before requests get their turn. */
const BATCH = 128;

/** "Everything up to this revision was written at or before this time". */
interface Checkpoint {
  at: number;
  revision: number;
}

/**
 * Remembers one revision for each minute instead of one time for each event: what is as old as a checkpoint and was
 * not written since is as old as its time. Driven by writes (no events, nothing to remove) and by a timer for the rest.
 */
export class EventExpiry {
  readonly #options: EventExpiryOptions;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #checkpoints: Checkpoint[] = [];
  /** Nothing up to this revision is left to remove. */
  #cleared = 0;
  #lastTick: number;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: EventExpiryOptions) {
    this.#options = options;
    this.#lastTick = options.now();
    this.#checkpoints.push({ at: this.#lastTick, revision: options.store.revision });
    this.#unsubscribe = options.store.onCommit(() => this.#tick());
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Events that outlived their hour while the process was down go by the times that they carry. */
  start(): void {
    this.#run(() => this.#removeByTime());
  }

  /** Resolves when what is due now is removed. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    clearInterval(this.#timer);
    await this.#running;
  }

  #tick(): void {
    const now = this.#options.now();
    const behind = this.#lastTick - now;
    // The clock was set back: ages are kept, not the hours that they were counted from.
    if (behind > 0) for (const checkpoint of this.#checkpoints) checkpoint.at -= behind;
    else if (-behind < TICK_MS) return;
    this.#lastTick = now;
    this.#checkpoints.push({ at: now, revision: this.#options.store.revision });
    if (this.#running !== undefined) return;
    let due: Checkpoint | undefined;
    while (this.#checkpoints[0] !== undefined && this.#checkpoints[0].at + TTL_MS <= now) {
      due = this.#checkpoints.shift();
    }
    if (due === undefined || due.revision <= this.#cleared) return;
    const { revision } = due;
    this.#run(() => this.#removeUpTo(revision));
  }

  #run(work: () => Promise<void>): void {
    this.#running = work()
      .catch((error: unknown) => {
        this.#options.log?.warn(
          { err: error },
          'old events could not be removed; the next try is in a minute',
        );
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #removeUpTo(revision: number): Promise<void> {
    const { store } = this.#options;
    for (;;) {
      // Requests go first.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#stopped) return;
      const batch = store.untouched(eventEntry.storageKey, this.#cleared, revision, BATCH);
      await this.#remove(batch);
      this.#cleared = batch.length < BATCH ? revision : batch.at(-1)!.rv;
      if (batch.length < BATCH) return;
    }
  }

  async #removeByTime(): Promise<void> {
    const { store, now } = this.#options;
    const resource = eventEntry.storageKey;
    let after: { namespace: string; name: string } | undefined;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#stopped) return;
      const page = store.list(resource, { at: store.revision, limit: BATCH, ...(after && { after }) });
      const old = page.rows.filter(
        (row) => lastWritten(JSON.parse(row.json) as JsonObject) + TTL_MS <= now(),
      );
      await this.#remove(old);
      after = page.rows.at(-1);
      if (!page.more) return;
    }
  }

  async #remove(keys: readonly RowKey[]): Promise<void> {
    const { deleter } = this.#options;
    const gone = keys.map(({ namespace, name }) =>
      deleter.delete({ entry: eventEntry, namespace, name }, { dryRun: false }, COLLECTOR_USER, []),
    );
    for (const outcome of await Promise.allSettled(gone)) {
      const reason: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
      // Somebody else deleted it first.
      if (reason !== undefined && !(reason instanceof ApiError && reason.httpCode === 404)) throw reason;
    }
  }
}

/** The newest of the times that an event carries; one without any is as old as can be. */
function lastWritten(event: JsonObject): number {
  const series = event['series'] as { lastObservedTime?: unknown } | undefined;
  const times = [
    metaOf(event).creationTimestamp,
    event['lastTimestamp'],
    event['eventTime'],
    series?.lastObservedTime,
  ].map((time) => (typeof time === 'string' ? Date.parse(time) : Number.NaN));
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}
