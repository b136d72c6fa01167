/** Which keys are due, each once and then again after a while: asked for a bounded number at a time. */
import { Heap } from './heap.ts';

interface Entry {
  key: string;
  dueMs: number;
  /** Who is due at the same time keeps the order of arrival. */
  order: number;
}

export class DueTimes {
  readonly #entries = new Map<string, Entry>();
  readonly #line = new Heap<Entry>((a, b) => (a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs));
  #arrivals = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Keeps the time of a key that is known. */
  add(key: string, dueMs: number): void {
    if (this.#entries.has(key)) return;
    const entry = { key, dueMs, order: this.#arrivals++ };
    this.#entries.set(key, entry);
    this.#line.place(entry);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#line.delete(entry);
  }

  /** Those that are due, the longest first, at most so many; they are due again at `againMs`. */
  take(now: number, most: number, againMs: number): string[] {
    const keys: string[] = [];
    for (let entry = this.#line.first; entry !== undefined && keys.length < most; entry = this.#line.first) {
      if (entry.dueMs > now) break;
      keys.push(entry.key);
      entry.dueMs = againMs;
      this.#line.place(entry);
    }
    return keys;
  }
}
