/** A work queue of keys: de-duplicating, delayed, with per-key back-off; fresh changes go before re-listed ones. */
import type { Clock, Timer } from './clock.ts';
import { Line } from './line.ts';
import type { WorkObserver } from './observe.ts';

export interface Backoff {
  baseMs: number;
  maxMs: number;
}

/** Certificates: failures are retried quickly (certificate-lifecycle spec §2). */
export const fastBackoff: Backoff = { baseMs: 1_000, maxMs: 30_000 };
/** CertificateRequests, CertificateSigningRequests and issuers. */
export const itemBackoff: Backoff = { baseMs: 5_000, maxMs: 5 * 60_000 };
/** ACME orders and challenges. */
export const slowBackoff: Backoff = { baseMs: 5_000, maxMs: 30 * 60_000 };

export interface QueueOptions {
  clock: Clock;
  /** `fastBackoff` when absent. */
  backoff?: Backoff;
  observer?: WorkObserver;
}

export interface Queue {
  /**
   * Asks for `key` to be worked on. A key waits at most once; a key that is being worked on is worked on again
   * afterwards. `relisted` keys (from a list, not from a watch) wait behind fresh ones, but are never starved.
   */
  add(key: string, options?: { relisted?: boolean }): void;
  /** Adds `key` once `delayMs` have passed. One pending timer per key: a new schedule replaces the old one. */
  addAfter(key: string, delayMs: number): void;
  /** Adds `key` after its back-off, which doubles with every call until `forget`; returns the delay. */
  addBackoff(key: string, atLeastMs?: number): number;
  /** The key succeeded: its back-off starts from the beginning. */
  forget(key: string): void;
  /** How often `addBackoff` was called since the last `forget`. */
  failures(key: string): number;
  /** The next key; undefined once the queue is shut down. A pending timer of the key is dropped. Call `done` after. */
  take(): Promise<string | undefined>;
  done(key: string): void;
  /** Drops everything waiting; `take` answers undefined from now on. */
  shutDown(): void;
  /** Keys that wait to be taken. */
  readonly length: number;
  /** Keys with a pending timer. */
  readonly delayed: number;
  /** Keys taken and not done. */
  readonly active: number;
}

/** After this many fresh keys in a row one re-listed key is served. */
const freshPerRelisted = 8;

interface Scheduled {
  key: string;
  due: number;
}

/** Timers of all keys behind one clock timer: a binary heap with lazily dropped entries. */
class Schedule {
  #clock: Clock;
  #fire: (key: string) => void;
  #heap: Scheduled[] = [];
  #current = new Map<string, Scheduled>();
  #timer: Timer | undefined;
  #timerDue = Infinity;
  readonly #endSteps: (() => void) | undefined;

  constructor(clock: Clock, fire: (key: string) => void) {
    this.#clock = clock;
    this.#fire = fire;
    this.#endSteps = clock.onStep?.((byMs) => this.#stepped(byMs));
  }
  get size(): number {
    return this.#current.size;
  }
  set(key: string, delayMs: number): void {
    const entry = { key, due: this.#clock.now() + delayMs };
    this.#current.set(key, entry);
    if (this.#heap.length > 64 + 2 * this.#current.size) this.#rebuild();
    else this.#push(entry);
    this.#arm();
  }
  drop(key: string): void {
    this.#current.delete(key);
  }
  clear(): void {
    this.#endSteps?.();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDue = Infinity;
    this.#heap = [];
    this.#current.clear();
  }

  #rebuild(): void {
    this.#heap = [];
    for (const entry of this.#current.values()) this.#push(entry);
  }
  #push(entry: Scheduled): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.due <= entry.due) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }
  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.due < heap[child]!.due) child++;
      if (heap[child]!.due >= last.due) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
  #head(): Scheduled | undefined {
    while (this.#heap.length > 0 && this.#current.get(this.#heap[0]!.key) !== this.#heap[0]) this.#pop();
    return this.#heap[0];
  }
  #arm(): void {
    const head = this.#head();
    if (head === undefined || head.due === this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = head.due;
    this.#timer = this.#clock.after(Math.max(0, head.due - this.#clock.now()), () => this.#run());
  }
  /**
   * Forward: what has become due is served now. Back: every wait is moved along, or a back-off of a second would last
   * until the clock is where it was; what waited for a moment of the day is then looked at early, and waits again.
   */
  #stepped(byMs: number): void {
    if (byMs < 0) for (const entry of this.#current.values()) entry.due += byMs;
    this.#rebuild();
    this.#timerDue = Infinity;
    this.#arm();
  }
  #run(): void {
    this.#timerDue = Infinity;
    const now = this.#clock.now();
    for (let head = this.#head(); head !== undefined && head.due <= now; head = this.#head()) {
      this.#pop();
      this.#current.delete(head.key);
      this.#fire(head.key);
    }
    this.#arm();
  }
}

export function createQueue(options: QueueOptions): Queue {
  const backoff = options.backoff ?? fastBackoff;
  const fresh = new Line<string>();
  const relisted = new Line<string>();
  const active = new Set<string>();
  /** Added while being worked on; the value says whether only re-lists asked. */
  const again = new Map<string, boolean>();
  const failures = new Map<string, number>();
  const waiting: ((key: string | undefined) => void)[] = [];
  let freshInARow = 0;
  let closed = false;
  const { observer, clock } = options;
  /** Since when each key waits; only kept where somebody asks. */
  const since = new Map<string, number>();

  const next = (): string | undefined => {
    if (relisted.size > 0 && (fresh.size === 0 || freshInARow >= freshPerRelisted)) {
      freshInARow = 0;
      return relisted.shift();
    }
    freshInARow++;
    return fresh.shift();
  };
  const serve = (): void => {
    while (waiting.length > 0 && fresh.size + relisted.size > 0) {
      const key = next()!;
      take(key);
      waiting.shift()!(key);
    }
  };
  const take = (key: string): void => {
    active.add(key);
    schedule.drop(key);
    if (observer === undefined) return;
    observer.taken(Math.max(0, clock.now() - (since.get(key) ?? clock.now())));
    since.delete(key);
  };
  const add = (key: string, isRelisted: boolean): void => {
    if (closed) return;
    if (active.has(key)) {
      again.set(key, isRelisted && again.get(key) !== false);
      return;
    }
    if (fresh.has(key)) return;
    if (observer !== undefined && !since.has(key)) {
      since.set(key, clock.now());
      observer.added();
    }
    if (isRelisted) relisted.add(key);
    else {
      relisted.delete(key);
      fresh.add(key);
    }
    serve();
  };
  const schedule = new Schedule(options.clock, (key) => add(key, false));
  const addAfter = (key: string, delayMs: number): void => {
    if (!closed) schedule.set(key, Math.max(0, delayMs));
  };

  const queue: Queue = {
    add: (key, addOptions) => add(key, addOptions?.relisted === true),
    addAfter,
    addBackoff(key, atLeastMs = 0) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      const delay = Math.max(atLeastMs, Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(count, 40)));
      addAfter(key, delay);
      observer?.retried();
      return delay;
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
    async take() {
      if (closed) return undefined;
      if (fresh.size + relisted.size > 0) {
        const key = next()!;
        take(key);
        return key;
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    done(key) {
      active.delete(key);
      const relistedAgain = again.get(key);
      if (relistedAgain === undefined) return;
      again.delete(key);
      add(key, relistedAgain);
    },
    shutDown() {
      closed = true;
      fresh.clear();
      relisted.clear();
      again.clear();
      since.clear();
      schedule.clear();
      for (const resolve of waiting.splice(0)) resolve(undefined);
    },
    get length() {
      return fresh.size + relisted.size;
    },
    get delayed() {
      return schedule.size;
    },
    get active() {
      return active.size;
    },
  };
  observer?.queue(queue);
  return queue;
}
