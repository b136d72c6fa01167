/**
 * Which Challenges take a slot next, and which stuck ones give theirs up: no clock, no API, fair for issuers and zones
 * (acme.md §7.1). Told of each change, it costs the logarithm of those that wait to ask who is next.
 */
import { FairLine, type Place, type Waiter } from './fair-line.ts';
import { Heap } from './heap.ts';
import { Lanes } from './lanes.ts';

export interface Plan {
  /** Keys that take a free slot, in this order. */
  start: string[];
  /** Keys that are to be cleaned up and to go to the end of the line. Nothing starts in their place before that. */
  yield: string[];
}

/** Why somebody who waits has no slot. */
export type Obstacle =
  /** Of its name and type this one works, or is before it in the line. */
  | { by: 'working' | 'older'; key: string }
  /** Its issuer holds as many as one may have. */
  | { by: 'share'; held: number; share: number; max: number }
  | { by: 'slots'; held: number; max: number };

/** What one issuer may hold at most: a tenth of the slots stays free for issuers that come later. */
export function shareOf(max: number): number {
  return max - Math.floor(max / 10);
}

/** At a time: each one is a clean-up with a DNS provider or an API. */
const yieldsAtOnce = 8;

interface Entry extends Waiter {
  /** It takes no slot before. Milliseconds; 0: at once. */
  notBefore: number;
}

export class Schedule {
  readonly #max: number;
  readonly #share: number;
  readonly #line: FairLine;
  readonly #lanes: Lanes;
  readonly #waiting = new Map<string, Entry>();
  readonly #holding = new Map<string, Place>();
  /** Those whose time has not come. */
  readonly #late = new Heap<Entry>((a, b) => a.notBefore < b.notBefore);
  #arrivals = 0;

  /** @param max slots (`--max-concurrent-challenges`) */
  constructor(max: number) {
    this.#max = max;
    this.#share = shareOf(max);
    this.#line = new FairLine(this.#share);
    this.#lanes = new Lanes(this.#line);
  }

  get waiting(): number {
    return this.#waiting.size;
  }
  /** Of those that wait, how many may take a slot now as far as time goes. */
  get ready(): number {
    return this.#waiting.size - this.#late.size;
  }
  get holding(): number {
    return this.#holding.size;
  }
  /** Keys of those with a slot. */
  holders(): IterableIterator<string> {
    return this.#holding.keys();
  }
  isWaiting(key: string): boolean {
    return this.#waiting.has(key);
  }
  isHolding(key: string): boolean {
    return this.#holding.has(key);
  }

  /** It waits for a slot; said again, what has changed counts, and it keeps its order of arrival. */
  wait(place: Place, notBefore = 0): void {
    const before = this.#waiting.get(place.key);
    if (before?.notBefore === notBefore && isSame(before.place, place)) return;
    this.drop(place.key);
    const entry: Entry = { place, notBefore, order: before?.order ?? this.#arrivals++ };
    this.#waiting.set(place.key, entry);
    if (notBefore > 0) this.#late.place(entry);
    else this.#lanes.join(entry);
  }

  /** It has a slot. */
  hold(place: Place): void {
    const before = this.#holding.get(place.key);
    if (before !== undefined && isSame(before, place)) return;
    this.drop(place.key);
    this.#holding.set(place.key, place);
    this.#occupy(place);
  }

  /** It neither waits nor has a slot. */
  drop(key: string): void {
    const held = this.#holding.get(key);
    if (held !== undefined) {
      this.#holding.delete(key);
      this.#vacate(held);
    }
    const entry = this.#waiting.get(key);
    if (entry === undefined) return;
    this.#waiting.delete(key);
    if (!this.#late.delete(entry)) this.#lanes.leave(entry);
  }

  /** This answer is being taken away: nobody begins to put it in place meanwhile. */
  park(place: Pick<Place, 'lane' | 'answer'>): void {
    this.#lanes.park(place);
  }

  /** That is over; true: somebody waits with it. */
  unpark(place: Pick<Place, 'lane' | 'answer'>): boolean {
    return this.#lanes.unpark(place);
  }

  /** Changes nothing: whoever gets its slot is told of by `hold`. @param patient stuck ones that had their time, longest first */
  plan(now: number, patient: readonly string[]): Plan {
    for (let entry = this.#late.first; entry !== undefined && entry.notBefore <= now;) {
      this.#late.delete(entry);
      this.#lanes.join(entry);
      entry = this.#late.first;
    }
    const taken: Waiter[] = [];
    for (let free = this.#max - this.#holding.size; free > 0; free--) {
      const { next } = this.#line;
      if (next === undefined) break;
      this.#occupy(next.place);
      this.#lanes.leave(next);
      taken.push(next);
    }
    const yields = patient.length === 0 ? [] : this.#yields(patient);
    for (const waiter of taken) {
      this.#lanes.join(waiter);
      this.#vacate(waiter.place);
    }
    return { start: taken.map(({ place }) => place.key), yield: yields };
  }

  /** Undefined: it does not wait, or has its turn, or something else than the others keeps it. */
  obstacleOf(key: string): Obstacle | undefined {
    const entry = this.#waiting.get(key);
    if (entry === undefined || this.#late.has(entry)) return undefined;
    const { lane, issuer } = entry.place;
    const worker = this.#lanes.holderOf(lane);
    if (worker !== undefined) return { by: 'working', key: worker };
    const shown = this.#lanes.shownOf(lane);
    if (shown === undefined) return undefined;
    if (shown !== entry) return { by: 'older', key: shown.place.key };
    const [held, share, max] = [this.#line.held(issuer), this.#share, this.#max];
    if (held >= share && share < max) return { by: 'share', held, share, max };
    return this.#holding.size >= max ? { by: 'slots', held: this.#holding.size, max } : undefined;
  }

  #occupy(place: Place): void {
    this.#lanes.hold(place);
    this.#line.take(place);
  }

  #vacate(place: Place): void {
    this.#line.giveBack(place);
    this.#lanes.release(place);
  }

  #yields(patient: readonly string[]): string[] {
    const stuck = patient.flatMap((key) => this.#holding.get(key) ?? []);
    const chosen = new Set<string>();
    const isFull = (): boolean => chosen.size >= yieldsAtOnce;
    for (const { key, lane } of stuck) if (!isFull() && this.#lanes.isWanted(lane)) chosen.add(key);
    /** For so many who wait: of the issuer that holds most, the longest. */
    const choose = (from: readonly Place[], wanted: number): void => {
      for (let left = wanted; left > 0 && !isFull(); left--) {
        let best: Place | undefined;
        for (const one of from) {
          if (chosen.has(one.key)) continue;
          if (best === undefined || this.#line.held(one.issuer) > this.#line.held(best.issuer)) best = one;
        }
        if (best === undefined) return;
        chosen.add(best.key);
      }
    };
    const full = new Map(this.#line.full());
    choose(stuck, this.#line.size - full.values().reduce((sum, waiting) => sum + waiting, 0));
    // Who has its whole share can only gain what its own Challenges give up.
    for (const issuer of new Set(stuck.map((one) => one.issuer)))
      choose(
        stuck.filter((one) => one.issuer === issuer),
        full.get(issuer) ?? 0,
      );
    return [...chosen];
  }
}

function isSame(a: Place, b: Place): boolean {
  return (
    a.since === b.since &&
    a.issuer === b.issuer &&
    a.zone === b.zone &&
    a.lane === b.lane &&
    a.answer === b.answer
  );
}
