/**
 * Parsed CA key pairs by Secret and resourceVersion.
 *
 * The exception that design §11 allows: no cache of API objects holds private keys, but an issuer holds the key it
 * signs with, as an opaque KeyObject, for as long as its Secret stays at the version it was read from. A change of the
 * Secret replaces it at the next use, its disappearance drops it, and the number of entries is bounded.
 */
import type { IssuerContext } from '../issuer.ts';
import { prepareSigner, readKeyPair, type CaKeyPair, type CaSigner } from './key-pair.ts';

const maxEntries = 256;

/** Whatever reading and preparing gave, failures included: they too stay the same as long as the Secret does. */
export interface CachedKeyPair {
  readonly version: string;
  /** @throws KeyPairError */
  pair(): CaKeyPair;
  /** @throws KeyPairError, PkiError */
  signer(): CaSigner;
}

export class KeyPairCache {
  readonly #entries = new Map<string, CachedKeyPair>();

  /** Undefined when there is no such Secret. Rejects when the API cannot answer. */
  async get(context: IssuerContext, name: string): Promise<CachedKeyPair | undefined> {
    const namespace = context.resourceNamespace;
    const key = `${namespace}/${name}`;
    const known = this.#entries.get(key);
    const seen = context.secretVersion?.(namespace, name);
    if (known !== undefined && seen !== undefined && known.version === seen) return known;

    const secret = await context.readSecret(namespace, name);
    if (secret === undefined) {
      this.#entries.delete(key);
      return undefined;
    }
    const version = secret.metadata?.resourceVersion ?? '';
    if (known !== undefined && known.version === version && version !== '') return known;
    const pair = once(() => readKeyPair(secret));
    const entry: CachedKeyPair = { version, pair, signer: once(() => prepareSigner(pair())) };
    attempt(entry);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }
}

/** Parses now, so that the entry does not go on holding the Secret with its PEM key; a failure is kept for the caller. */
function attempt(entry: CachedKeyPair): void {
  try {
    entry.pair();
  } catch {
    // `pair()` throws the same error to whoever asks: it is kept, not lost.
  }
}

/** Runs `make` at the first call and answers the same, value or error, ever after; then lets go of `make`. */
function once<T>(make: () => T): () => T {
  let pending: (() => T) | undefined = make;
  let result: { value: T } | { error: unknown } | undefined;
  return () => {
    if (result === undefined && pending !== undefined) {
      try {
        result = { value: pending() };
      } catch (error) {
        result = { error };
      }
      pending = undefined;
    }
    if (result !== undefined && 'value' in result) return result.value;
    throw result?.error;
  };
}
