/** Watches: every watcher follows the committed changes of one resource, from memory while it keeps up, from the log when it does not. */
import { messageOf } from '../../api/message-of.ts';
import type { ObjectStore, StoredChange } from '../storage/object-store.ts';
import { expired, internal, tooManyRequests } from './api-error.ts';
import type { Sink, Streaming } from './exchange.ts';
import { eventLine, type WatchView } from './watch-event.ts';

export interface WatchRequest {
  resource: string;
  view: WatchView;
  /** Undefined: begin with the present state. */
  from: number | undefined;
  /** Say with a bookmark when the present state has been sent. */
  initialEventsEnd: boolean;
  bookmarks: boolean;
  timeoutMs: number;
  /** An object that holds nothing but its revision. */
  renderBookmark: (rv: number, initialEventsEnd: boolean) => string;
}

const BATCH = 128;
const BOOKMARK_MS = 60_000;
/** Each costs a connection, two timers and a place in every delivery. */
export const MAX_WATCHES = 2000;

export class WatchHub {
  readonly #store: ObjectStore;
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #unsubscribe: () => void;
  readonly #limit: number;
  #closed = false;

  constructor(store: ObjectStore, limit = MAX_WATCHES) {
    this.#store = store;
    this.#limit = limit;
    this.#unsubscribe = store.onCommit((changes) => this.#deliver(changes));
  }

  /** Watchers at present. */
  get size(): number {
    let size = 0;
    for (const set of this.#watchers.values()) size += set.size;
    return size;
  }

  /** @throws ApiError 429 when there are as many watches as the server carries */
  open(request: WatchRequest): Streaming {
    if (this.size >= this.#limit) {
      throw tooManyRequests(
        `the server already carries ${this.#limit} watches, which is its limit; end some or try again later`,
      );
    }
    return {
      start: (sink) => {
        const set = this.#watchers.get(request.resource) ?? new Set<Watcher>();
        this.#watchers.set(request.resource, set);
        const watcher = new Watcher(this.#store, request, sink, () => set.delete(watcher));
        set.add(watcher);
        if (this.#closed) watcher.stop();
        else watcher.run();
        return { ready: () => watcher.ready(), stop: () => watcher.stop() };
      },
    };
  }

  /** Ends the watches of one resource: its definition changed or went away. */
  endResource(resource: string): void {
    for (const watcher of this.#watchers.get(resource) ?? []) watcher.stop();
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    for (const resource of this.#watchers.keys()) this.endResource(resource);
  }

  #deliver(changes: readonly StoredChange[]): void {
    for (const [resource, changed] of Map.groupBy(changes, (change) => change.resource)) {
      for (const watcher of this.#watchers.get(resource) ?? []) watcher.offer(changed);
    }
  }
}

type Phase = 'initial' | 'behind' | 'live' | 'ended';

class Watcher {
  readonly #store: ObjectStore;
  readonly #request: WatchRequest;
  readonly #sink: Sink;
  readonly #onEnd: () => void;
  readonly #timers: NodeJS.Timeout[] = [];
  #phase: Phase;
  #cursor: number;
  #after: { namespace: string; name: string } | undefined;
  #writable = true;
  #unpin: (() => void) | undefined;

  constructor(store: ObjectStore, request: WatchRequest, sink: Sink, onEnd: () => void) {
    this.#store = store;
    this.#request = request;
    this.#sink = sink;
    this.#onEnd = onEnd;
    this.#phase = request.from === undefined ? 'initial' : 'behind';
    this.#cursor = request.from ?? store.committedRevision;
    if (this.#phase === 'initial') this.#unpin = store.pin(this.#cursor);
  }

  run(): void {
    this.#timers.push(setTimeout(() => this.#timeOut(), this.#request.timeoutMs).unref());
    if (this.#request.bookmarks) {
      this.#timers.push(setInterval(() => this.#bookmark(), BOOKMARK_MS).unref());
    }
    this.#pump();
  }

  /** Committed changes of the resource, in order. */
  offer(changes: readonly StoredChange[]): void {
    for (const change of changes) {
      if (this.#phase !== 'live') return; // The log has them; the pump reads on from there.
      if (change.rv <= this.#cursor) continue;
      if (!this.#writable) {
        this.#phase = 'behind';
        return;
      }
      this.#cursor = change.rv;
      this.#guarded(() => this.#send(change));
    }
  }

  ready(): void {
    this.#writable = true;
    this.#pump();
  }

  stop(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    for (const timer of this.#timers) clearTimeout(timer);
    this.#unpin?.();
    this.#onEnd();
    this.#sink.end();
  }

  #pump(): void {
    this.#guarded(() => {
      while (this.#writable && this.#phase === 'initial') this.#sendState();
      while (this.#writable && this.#phase === 'behind') this.#sendLog();
    });
  }

  /** Nobody waits for what goes wrong here, neither commit nor socket: the client is told, and may ask again. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const { status } = internal(messageOf(error));
      this.#write(`{"type":"ERROR","object":${JSON.stringify(status)}}\n`);
      this.stop();
    }
  }

  #sendState(): void {
    const { resource, view } = this.#request;
    if (this.#cursor < this.#store.horizon) return this.#expire();
    const page = this.#store.list(resource, {
      at: this.#cursor,
      limit: BATCH,
      ...(view.namespace === undefined ? {} : { namespace: view.namespace }),
      ...(this.#after === undefined ? {} : { after: this.#after }),
    });
    for (const row of page.rows) {
      if (!this.#writable) return; // Nothing is piled up for a client that does not read.
      this.#after = { namespace: row.namespace, name: row.name };
      this.#send({ ...row, type: 'ADDED' });
    }
    if (page.more) return;
    this.#unpin?.();
    this.#unpin = undefined;
    if (this.#request.initialEventsEnd) this.#writeBookmark(true);
    this.#phase = 'behind';
  }

  #sendLog(): void {
    const { horizon, committedRevision } = this.#store;
    if (this.#cursor < horizon) return this.#expire();
    const changes = this.#store
      .changes(this.#request.resource, this.#cursor, BATCH)
      .filter((change) => change.rv <= committedRevision);
    for (const change of changes) {
      if (!this.#writable) return;
      this.#cursor = change.rv;
      this.#send(change);
    }
    if (changes.length === BATCH) return;
    this.#cursor = Math.max(this.#cursor, committedRevision);
    this.#phase = 'live';
  }

  /** History went on without this watch: the client has to list again. */
  #expire(): void {
    const { status } = expired(this.#cursor, this.#store.horizon);
    this.#write(`{"type":"ERROR","object":${JSON.stringify(status)}}\n`);
    this.stop();
  }

  #send(change: StoredChange): void {
    const line = eventLine(change, this.#request.view);
    if (line !== undefined) this.#write(line);
  }

  #write(line: string): void {
    if (!this.#sink.write(line)) this.#writable = false;
  }

  #bookmark(): void {
    if (this.#phase === 'live' && this.#writable) {
      this.#cursor = Math.max(this.#cursor, this.#store.committedRevision);
      this.#writeBookmark(false);
    }
  }

  #writeBookmark(initialEventsEnd: boolean): void {
    this.#write(
      `{"type":"BOOKMARK","object":${this.#request.renderBookmark(this.#cursor, initialEventsEnd)}}\n`,
    );
  }

  #timeOut(): void {
    if (this.#request.bookmarks) this.#bookmark();
    this.stop();
  }
}
