/** Whole objects that this process has just written and of which its caches keep facts only: whoever needs one next need not read it. */
import type { KubeObject } from '../api/meta.ts';
import { cacheKey } from './cache.ts';

/** More are read again: this is for what follows at once. */
const mostKept = 256;

/** Nothing with private keys belongs in here. */
export class FreshObjects<T extends KubeObject> {
  readonly #kept = new Map<string, T>();

  /** `object` is an answer of the API server, which nobody changes. */
  keep(object: T): void {
    const key = keyOf(object);
    this.#kept.delete(key);
    this.#kept.set(key, object);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** Once: the object that a cache holds as `seen`, in the very version that the cache saw last. */
  take(seen: KubeObject): T | undefined {
    const key = keyOf(seen);
    const found = this.#kept.get(key);
    this.#kept.delete(key);
    const { uid, resourceVersion } = found?.metadata ?? {};
    const isSame = uid === seen.metadata?.uid && resourceVersion === seen.metadata?.resourceVersion;
    return isSame && uid !== undefined && resourceVersion !== undefined ? found : undefined;
  }
}

function keyOf({ metadata }: KubeObject): string {
  return cacheKey(metadata?.namespace, metadata?.name ?? '');
}
