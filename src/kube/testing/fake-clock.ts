/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from '../clock.ts';

interface Pending {
  due: number;
  order: number;
  task: () => void;
}

export interface FakeClock extends Clock {
  /**
   * Moves time forward by `ms`, running every timer that falls due at its own instant, in order, timers that
   * timers set included. After the timers of one instant it waits for `settle`.
   */
  advance(ms: number): Promise<void>;
  /** Like `advance`, up to an instant (milliseconds since the epoch). */
  advanceTo(ms: number): Promise<void>;
  /**
   * Steps the wall clock without running any timer, as an administrator or NTP does: pending delays keep their length,
   * and whoever asked to be told of steps is told.
   */
  jump(ms: number): void;
  /** When the next timer is due, undefined when there is none. */
  readonly nextDue: number | undefined;
  readonly pendingTimers: number;
}

/** Lets promise chains and in-process requests run: several turns of the event loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * `startMs` is the first value of `now()`. `settle` is awaited after the timers of each instant, before time moves
 * on: pass a function that waits for your system to be idle when work leaves the event loop (key generation,
 * sockets). By default a few turns of the event loop.
 */
export function createFakeClock(startMs: number, settle: () => Promise<void> = turns): FakeClock {
  // Timers count elapsed time; the wall clock is the elapsed time plus an offset that `jump` changes.
  let elapsed = 0;
  let offset = startMs;
  let order = 0;
  const heap: Pending[] = [];
  const live = new Set<Pending>();
  const stepListeners = new Set<(byMs: number) => void>();

  const before = (a: Pending, b: Pending): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);
  const push = (entry: Pending): void => {
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  };
  const pop = (): void => {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  };
  const head = (): Pending | undefined => {
    while (heap.length > 0 && !live.has(heap[0]!)) pop();
    return heap[0];
  };

  const advance = async (ms: number): Promise<void> => {
    const end = elapsed + Math.max(0, ms);
    await settle();
    for (let next = head(); next !== undefined && next.due <= end; next = head()) {
      elapsed = Math.max(elapsed, next.due);
      // Everything due at this instant runs before the system settles.
      for (let now = head(); now !== undefined && now.due <= elapsed; now = head()) {
        pop();
        live.delete(now);
        now.task();
      }
      await settle();
    }
    elapsed = end;
  };

  return {
    now: () => elapsed + offset,
    steady: () => elapsed,
    after(delayMs, task): Timer {
      const entry = { due: elapsed + Math.max(0, delayMs), order: order++, task };
      push(entry);
      live.add(entry);
      return {
        cancel: () => {
          live.delete(entry);
        },
      };
    },
    advance,
    advanceTo: (ms) => advance(ms - (elapsed + offset)),
    jump(ms) {
      offset += ms;
      for (const listener of stepListeners) listener(ms);
    },
    onStep(listener) {
      stepListeners.add(listener);
      return () => stepListeners.delete(listener);
    },
    get nextDue() {
      const next = head();
      return next === undefined ? undefined : next.due + offset;
    },
    get pendingTimers() {
      return live.size;
    },
  };
}
