/** A binary heap whose entries can be moved and taken out of the middle, each in the logarithm of their number. */

/** So few are searched through: most heaps hold one entry, and a Map costs more than all else. */
const few = 8;

export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #items: T[] = [];
  /** Where each is, once there are more than a few. */
  #places: Map<T, number> | undefined;

  /** @param isBefore what it looks at may change, if `place` is called for that entry before anything else */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#find(item) >= 0;
  }

  #find(item: T): number {
    return this.#places === undefined ? this.#items.indexOf(item) : (this.#places.get(item) ?? -1);
  }

  /** Adds it, or puts it where it belongs now. */
  place(item: T): void {
    const known = this.#find(item);
    if (known < 0) this.#items.push(item);
    if (this.#places === undefined && this.#items.length > few)
      this.#places = new Map(this.#items.map((one, at) => [one, at]));
    this.#settle(item, known < 0 ? this.#items.length - 1 : known);
  }

  delete(item: T): boolean {
    const at = this.#find(item);
    if (at < 0) return false;
    this.#places?.delete(item);
    const last = this.#items.pop()!;
    if (at < this.#items.length) this.#settle(last, at);
    return true;
  }

  /** Up while it comes before what is above it, else down while something below comes before it. */
  #settle(item: T, from: number): void {
    const items = this.#items;
    let at = from;
    for (let above = (at - 1) >> 1; at > 0 && this.#isBefore(item, items[above]!); above = (at - 1) >> 1) {
      this.#put(items[above]!, at);
      at = above;
    }
    for (let below = 2 * at + 1; below < items.length; below = 2 * at + 1) {
      if (below + 1 < items.length && this.#isBefore(items[below + 1]!, items[below]!)) below++;
      if (!this.#isBefore(items[below]!, item)) break;
      this.#put(items[below]!, at);
      at = below;
    }
    this.#put(item, at);
  }

  #put(item: T, at: number): void {
    this.#items[at] = item;
    this.#places?.set(item, at);
  }
}
