/** A binary heap whose entries can be moved and taken out of the middle, each in the logarithm of their number. */

export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();

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
    return this.#places.has(item);
  }

  /** Adds it, or puts it where it belongs now. */
  place(item: T): void {
    const known = this.#places.get(item);
    if (known === undefined) this.#items.push(item);
    this.#settle(item, known ?? this.#items.length - 1);
  }

  delete(item: T): boolean {
    const at = this.#places.get(item);
    if (at === undefined) return false;
    this.#places.delete(item);
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
    this.#places.set(item, at);
  }
}
