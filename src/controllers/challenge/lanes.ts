/**
 * Who of those with one name and type comes first: nobody while one of them works, nobody whose answer is being taken
 * away right now, else the oldest, who alone stands in the line for slots.
 */
import { isBefore, type FairLine, type Place, type Waiter } from './fair-line.ts';
import { Heap } from './heap.ts';

interface Answer {
  name: string;
  waiters: Heap<Waiter>;
}

interface Lane {
  /** Keys of those with a slot: one, unless other processes see it otherwise. */
  holders: string[];
  /** With how many answers somebody waits. */
  answers: number;
  /** Those that are not being taken away. */
  open: Heap<Answer>;
  /** Who stands in the line. */
  shown: Waiter | undefined;
}

export class Lanes {
  readonly #line: FairLine;
  readonly #lanes = new Map<string, Lane>();
  /** With which somebody waits. */
  readonly #answers = new Map<string, Answer>();
  /** Answers that are being taken away. */
  readonly #parked = new Set<string>();

  constructor(line: FairLine) {
    this.#line = line;
  }

  join(waiter: Waiter): void {
    const { lane: name, answer: text } = waiter.place;
    const lane = this.#laneOf(name);
    let answer = this.#answers.get(text);
    if (answer === undefined) {
      answer = { name: text, waiters: new Heap(isBefore) };
      this.#answers.set(text, answer);
      lane.answers++;
    }
    answer.waiters.place(waiter);
    this.#settle(name, lane, answer);
  }

  leave(waiter: Waiter): void {
    const { lane: name, answer: text } = waiter.place;
    const lane = this.#lanes.get(name);
    const answer = this.#answers.get(text);
    if (lane === undefined || answer?.waiters.delete(waiter) !== true) return;
    if (answer.waiters.size === 0) {
      this.#answers.delete(text);
      lane.answers--;
    }
    this.#settle(name, lane, answer);
  }

  hold({ key, lane: name }: Place): void {
    const lane = this.#laneOf(name);
    if (!lane.holders.includes(key)) lane.holders.push(key);
    this.#settle(name, lane);
  }

  release({ key, lane: name }: Place): void {
    const lane = this.#laneOf(name);
    lane.holders = lane.holders.filter((other) => other !== key);
    this.#settle(name, lane);
  }

  /** Nobody with this answer takes a slot until it is unparked. */
  park(place: Pick<Place, 'lane' | 'answer'>): void {
    this.#parked.add(place.answer);
    this.#settleAnswer(place);
  }

  /** True: somebody waits with it. */
  unpark(place: Pick<Place, 'lane' | 'answer'>): boolean {
    this.#parked.delete(place.answer);
    return this.#settleAnswer(place);
  }

  #settleAnswer({ lane: name, answer: text }: Pick<Place, 'lane' | 'answer'>): boolean {
    const lane = this.#lanes.get(name);
    const answer = this.#answers.get(text);
    if (lane === undefined || answer === undefined) return false;
    this.#settle(name, lane, answer);
    return true;
  }

  /** Whether somebody waits for it who could go on but for those that work. */
  isWanted(name: string): boolean {
    return (this.#lanes.get(name)?.open.size ?? 0) > 0;
  }

  /** Key of the one with a slot; undefined: nobody. */
  holderOf(name: string): string | undefined {
    return this.#lanes.get(name)?.holders[0];
  }

  /** Who of the lane stands in the line. */
  shownOf(name: string): Waiter | undefined {
    return this.#lanes.get(name)?.shown;
  }

  #laneOf(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane: Lane = { holders: [], answers: 0, open: new Heap(comesFirst), shown: undefined };
    this.#lanes.set(name, lane);
    return lane;
  }

  #settle(name: string, lane: Lane, answer?: Answer): void {
    if (answer !== undefined) {
      if (answer.waiters.size === 0 || this.#parked.has(answer.name)) lane.open.delete(answer);
      else lane.open.place(answer);
    }
    const next = lane.holders.length > 0 ? undefined : lane.open.first?.waiters.first;
    if (next !== lane.shown) {
      if (lane.shown !== undefined) this.#line.delete(lane.shown);
      if (next !== undefined) this.#line.add(next);
      lane.shown = next;
    }
    if (lane.holders.length === 0 && lane.answers === 0) this.#lanes.delete(name);
  }
}

function comesFirst(a: Answer, b: Answer): boolean {
  return isBefore(a.waiters.first!, b.waiters.first!);
}
