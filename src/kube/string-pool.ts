/** Keeps one copy of the strings that occur again and again in what caches hold: kinds, reasons, messages, namespaces. */

/** Longer strings are rarely the same twice. */
const longest = 96;
/** Of one generation; two are kept. */
const generationSize = 2048;
/** What caches hold is never deeper where strings repeat. */
const deepest = 12;

/**
 * JSON.parse makes every string anew; in ten thousand objects a third of the memory is the same few hundred strings.
 * Names and uids pass through as well: strings that are not met again drop out with their generation.
 */
export class StringPool {
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  /** Replaces strings in plain objects and arrays, all the way down, by equal ones from the pool. Keys stay as they are. */
  share(value: unknown, depth = 0): void {
    if (typeof value !== 'object' || value === null || depth > deepest || Object.isFrozen(value)) return;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const item: unknown = value[index];
        if (typeof item === 'string') value[index] = this.one(item);
        else this.share(item, depth + 1);
      }
      return;
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return;
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object)) {
      const item = object[key];
      if (typeof item === 'string') object[key] = this.one(item);
      else this.share(item, depth + 1);
    }
  }

  /** The pooled copy of a string; of a long one itself. */
  one(text: string): string {
    if (text.length > longest) return text;
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const shared = this.#old.get(text) ?? text;
    if (this.#young.size >= generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(shared, shared);
    return shared;
  }
}
