/** What is known of private keys by the hash of their PEM, so that a key we made a moment ago is not loaded to learn what it is. */
import { createHash } from 'node:crypto';
import { decodePrivateKey } from '../../pki/keys.ts';
import type { PrivateKeyFacts } from './secret-facts.ts';
import { privateKeyFacts } from './private-key-facts.ts';

/** Keys on their way into a Secret, and some more. */
const remembered = 256;

/** Holds hashes and facts, no key material. */
export class KeyFacts {
  readonly #known = new Map<string, PrivateKeyFacts>();

  /** @throws PkiError for what is no private key, or one that contradicts itself */
  of(pem: Uint8Array): PrivateKeyFacts {
    const hash = hashOf(pem);
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    return privateKeyFacts(decodePrivateKey(pem));
  }

  /** Of a key that we have: `pem` is its encoding. */
  remember(pem: Uint8Array, facts: PrivateKeyFacts): void {
    this.#known.set(hashOf(pem), facts);
    const [oldest] = this.#known.keys();
    if (this.#known.size > remembered) this.#known.delete(oldest!);
  }
}

function hashOf(pem: Uint8Array): string {
  return createHash('sha256').update(pem).digest('base64');
}
