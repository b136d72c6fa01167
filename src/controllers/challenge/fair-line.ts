/**
 * Those who may take the next free slot: first of the issuer that holds fewest, there of the zone that holds fewest, there
 * the oldest. Kept in order with each change, so that asking who is next costs nothing however many wait.
 */
import { Heap } from './heap.ts';

export interface Place {
  /** `namespace/name`. */
  key: string;
  /** `issuerLane` of its issuer. */
  issuer: string;
  zone: string;
  /** Name and type (`laneOf`): two Challenges of one lane never work at the same time. */
  lane: string;
  /** What is put in place for it (`answerOf`); everybody with one answer is in one lane. */
  answer: string;
  /** Since when it waits, or holds its slot. Milliseconds. */
  since: number;
}

/** A place in line. */
export interface Waiter {
  readonly place: Place;
  /** Creation times are whole seconds: who came with the same one keeps the order of arrival. */
  readonly order: number;
}

export function isBefore(a: Waiter, b: Waiter): boolean {
  const [first, second] = [a.place.since, b.place.since];
  return first === second ? a.order < b.order : first < second;
}

interface Zone {
  name: string;
  issuer: Issuer;
  held: number;
  waiters: Heap<Waiter>;
}

interface Issuer {
  name: string;
  held: number;
  waiting: number;
  zones: Map<string, Zone>;
  /** Zones in which somebody waits. */
  open: Heap<Zone>;
}

export class FairLine {
  readonly #share: number;
  readonly #issuers = new Map<string, Issuer>();
  /** Issuers for which somebody waits. */
  readonly #open = new Heap<Issuer>((a, b) =>
    a.held === b.held ? isBefore(firstOf(a.open.first!), firstOf(b.open.first!)) : a.held < b.held,
  );
  /** Issuers that hold their whole share. */
  readonly #full = new Set<Issuer>();
  #size = 0;

  /** @param share what one issuer may hold at most */
  constructor(share: number) {
    this.#share = share;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** Undefined: nobody waits whose issuer may have one more. */
  get next(): Waiter | undefined {
    const issuer = this.#open.first;
    return issuer === undefined || issuer.held >= this.#share ? undefined : firstOf(issuer.open.first!);
  }

  /** Issuers that hold their whole share, and how many wait there. */
  *full(): IterableIterator<[issuer: string, waiting: number]> {
    for (const { name, waiting } of this.#full) yield [name, waiting];
  }

  /** Slots that this issuer holds. */
  held(issuer: string): number {
    return this.#issuers.get(issuer)?.held ?? 0;
  }

  add(waiter: Waiter): void {
    const zone = this.#zoneOf(waiter.place);
    zone.waiters.place(waiter);
    this.#size++;
    zone.issuer.waiting++;
    this.#settle(zone);
  }

  delete(waiter: Waiter): void {
    const zone = this.#zoneOf(waiter.place);
    if (zone.waiters.delete(waiter)) {
      this.#size--;
      zone.issuer.waiting--;
    }
    this.#settle(zone);
  }

  /** A slot goes to this place, which is not in line. */
  take(place: Place): void {
    this.#load(place, 1);
  }

  giveBack(place: Place): void {
    this.#load(place, -1);
  }

  #load(place: Place, change: number): void {
    const zone = this.#zoneOf(place);
    zone.held += change;
    zone.issuer.held += change;
    this.#settle(zone);
  }

  #zoneOf(place: Place): Zone {
    let issuer = this.#issuers.get(place.issuer);
    if (issuer === undefined) {
      const open = new Heap<Zone>((a, b) =>
        a.held === b.held ? isBefore(firstOf(a), firstOf(b)) : a.held < b.held,
      );
      issuer = { name: place.issuer, held: 0, waiting: 0, zones: new Map(), open };
      this.#issuers.set(place.issuer, issuer);
    }
    let zone = issuer.zones.get(place.zone);
    if (zone === undefined) {
      zone = { name: place.zone, issuer, held: 0, waiters: new Heap(isBefore) };
      issuer.zones.set(place.zone, zone);
    }
    return zone;
  }

  /** After a change of a zone: where it and its issuer belong now, and whether they are still needed. */
  #settle(zone: Zone): void {
    const { issuer } = zone;
    if (zone.waiters.size > 0) issuer.open.place(zone);
    else issuer.open.delete(zone);
    if (issuer.open.size > 0) this.#open.place(issuer);
    else this.#open.delete(issuer);
    if (issuer.held >= this.#share) this.#full.add(issuer);
    else this.#full.delete(issuer);
    if (zone.held === 0 && zone.waiters.size === 0) issuer.zones.delete(zone.name);
    if (issuer.zones.size === 0) this.#issuers.delete(issuer.name);
  }
}

function firstOf(zone: Zone): Waiter {
  return zone.waiters.first!;
}
