/** A first-in first-out set. Its iterator stays open: asking a Set for its first element again and again is quadratic. */

export class Line<T> {
  #keys = new Set<T>();
  #iterator: SetIterator<T> = this.#keys.values();

  get size(): number {
    return this.#keys.size;
  }
  has(item: T): boolean {
    return this.#keys.has(item);
  }
  add(item: T): void {
    this.#keys.add(item);
  }
  delete(item: T): boolean {
    return this.#keys.delete(item);
  }
  clear(): void {
    this.#keys.clear();
  }
  shift(): T | undefined {
    if (this.#keys.size === 0) return undefined;
    let next = this.#iterator.next();
    if (next.done === true) {
      this.#iterator = this.#keys.values();
      next = this.#iterator.next();
    }
    if (next.done === true) return undefined;
    this.#keys.delete(next.value);
    return next.value;
  }
}
