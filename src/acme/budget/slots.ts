/** The memory of the ledger: levels, refusals of the CA and the queue for each slot, each of bounded number. */
import type { CaLimit } from './ca-limits.ts';
import { available, fullAt, givenBack, notAhead, slotAt, used, type Level } from './level.ts';

/** One limit for one subject. */
export interface Slot {
  key: string;
  limit: CaLimit;
  subject: string;
  directory: string;
}

/** A few megabytes at most. The least used are forgotten first: the CA still counts them. */
const maxLevels = 50_000;
const maxWaiting = 50_000;
/** Who does not come back so long after the promised time has gone away. */
const patienceMs = 10 * 60_000;
const sweepMs = 30_000;
/** No refusal of a CA is believed for longer. */
export const longestHoldMs = 7 * 24 * 3_600_000;

/** NUL is in no URL, no name and no limit. */
export const slotKey = (directory: string, limit: string, subject: string): string =>
  `${directory}\0${limit}\0${subject}`;

export class Slots {
  readonly #levels: Map<string, Level>;
  readonly #holds: Map<string, number>;
  /** Key to the ids that wait for it and the time that each was promised. */
  readonly #waiting = new Map<string, { due: Map<string, number>; swept: number }>();
  #waitingCount = 0;

  constructor(levels: Iterable<[string, Level]> = [], holds: Iterable<[string, number]> = []) {
    this.#levels = new Map(levels);
    this.#holds = new Map(holds);
  }

  get levels(): ReadonlyMap<string, Level> {
    return this.#levels;
  }
  get holds(): ReadonlyMap<string, number> {
    return this.#holds;
  }

  available(slot: Slot, now: number): number {
    if (this.heldUntil(slot.key, now) > now) return 0;
    return available(slot.limit, this.#level(slot, now), now);
  }
  fullAt(slot: Slot, now: number): number {
    return Math.max(this.heldUntil(slot.key, now), fullAt(slot.limit, this.#level(slot, now), now));
  }
  slotAt(slot: Slot, count: number, now: number): number {
    const held = this.heldUntil(slot.key, now);
    return slotAt(slot.limit, this.#level(slot, now), count, Math.max(now, held));
  }
  /** A clock that was ahead and was set right leaves uses in the future: they count from now on, not for years. */
  #level({ key, limit }: Slot, now: number): Level | undefined {
    const level = this.#levels.get(key);
    const sane = notAhead(limit, level, now);
    if (sane !== undefined && sane !== level) this.#levels.set(key, sane);
    return sane;
  }
  waiting(key: string): number {
    return this.#waiting.get(key)?.due.size ?? 0;
  }

  use(slot: Slot, at: number): void {
    this.#levels.set(slot.key, used(slot.limit, this.#levels.get(slot.key), at));
    if (this.#levels.size > maxLevels) this.#forgetLeastUsed(at);
  }
  giveBack(slot: Slot, at: number): void {
    const level = givenBack(slot.limit, this.#levels.get(slot.key), at);
    if (level !== undefined) this.#levels.set(slot.key, level);
  }
  reset(key: string): void {
    this.#levels.delete(key);
  }

  /** The CA said no until then; a later no wins. */
  hold(key: string, until: number, now: number): void {
    this.#holds.set(key, Math.max(until, this.#holds.get(key) ?? 0));
    if (this.#holds.size <= maxLevels) return;
    for (const [other, end] of this.#holds) if (end <= now) this.#holds.delete(other);
    // A tenth at once: this is a pass through all of them.
    for (const other of this.#holds.keys()) {
      if (this.#holds.size <= maxLevels * 0.9) return;
      this.#holds.delete(other);
    }
  }
  heldUntil(key: string, now: number): number {
    const until = this.#holds.get(key);
    if (until === undefined) return 0;
    // Nothing is held for longer: the clock was ahead then. The CA says so again where it still holds.
    if (until > now && until <= now + longestHoldMs) return until;
    this.#holds.delete(key);
    return 0;
  }

  /**
   * May this wish have the slot now? Those who were promised it for now come first; who comes new waits behind all that
   * wait. Undefined: yes. Else: when to ask again.
   */
  askFor(slot: Slot, id: string, now: number): number | undefined {
    const free = this.available(slot, now);
    const queue = this.#queueOf(slot.key, now);
    const told = queue?.due.get(id);
    const others = (queue?.due.size ?? 0) - (told === undefined ? 0 : 1);
    // Further away than the whole line needs: told by a clock that was ahead.
    const isAhead = told !== undefined && told - now > (others + 2) * slot.limit.windowMs + longestHoldMs;
    const promised = isAhead ? undefined : told;
    if (free > others || (free > 0 && promised !== undefined && promised <= now)) return undefined;
    if (promised !== undefined && promised > now && this.heldUntil(slot.key, now) <= promised)
      return promised;
    // Its time has come and somebody else was quicker: next in line. New ones go to the end.
    const until = Math.max(now + 1, this.slotAt(slot, promised === undefined ? others + 1 : 1, now));
    this.#enqueue(slot.key, id, until, now);
    return until;
  }

  /** It waits no longer, for whatever it waited. */
  leave(key: string, id: string): void {
    const queue = this.#waiting.get(key);
    if (queue?.due.delete(id) !== true) return;
    this.#waitingCount -= 1;
    if (queue.due.size === 0) this.#waiting.delete(key);
  }

  #enqueue(key: string, id: string, until: number, now: number): void {
    const queue = this.#waiting.get(key) ?? { due: new Map<string, number>(), swept: now };
    if (!queue.due.has(id)) {
      // Beyond the bound nobody is remembered; they still are told a time.
      if (this.#waitingCount >= maxWaiting) return;
      this.#waitingCount += 1;
    }
    queue.due.set(id, until);
    this.#waiting.set(key, queue);
  }

  #queueOf(key: string, now: number): { due: Map<string, number>; swept: number } | undefined {
    const queue = this.#waiting.get(key);
    if (queue === undefined || Math.abs(now - queue.swept) < sweepMs) return queue;
    queue.swept = now;
    for (const [id, due] of queue.due) if (due + patienceMs < now) this.leave(key, id);
    return this.#waiting.get(key);
  }

  /** One pass when there are too many: what is whole again goes, then the quarter that is fullest of slots. */
  #forgetLeastUsed(now: number): void {
    const until = (level: Level): number => (typeof level === 'number' ? level : (level.at(-1) ?? 0));
    const byAge = [...this.#levels].toSorted(([, a], [, b]) => until(a) - until(b));
    for (const [key, level] of byAge.slice(0, byAge.length / 4)) {
      this.#levels.delete(key);
      if (until(level) > now && this.#levels.size <= maxLevels * 0.75) break;
    }
  }
}
