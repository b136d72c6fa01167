/**
 * What is known of private keys and of chains by the hash of their PEM, so that a key or a certificate that we made a moment
 * ago is not read again to learn what it is.
 */
import { createHash } from 'node:crypto';
import { decodePrivateKey } from '../../pki/keys.ts';
import type { CertificateFacts, PrivateKeyFacts } from './secret-facts.ts';
import { privateKeyFacts } from './private-key-facts.ts';
import { leafFacts } from './x509-facts.ts';

/** Keys on their way into a Secret, and some more. */
const remembered = 256;
/** Chains likewise; their facts are larger. */
const rememberedChains = 64;

/** Holds hashes and facts, no key material. */
export class KeyFacts {
  readonly #known = new Map<string, PrivateKeyFacts>();
  readonly #chains = new Map<string, CertificateFacts>();

  /** @throws PkiError for what is no private key, or one that contradicts itself */
  of(pem: Uint8Array): PrivateKeyFacts {
    const hash = hashOf(pem);
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    return privateKeyFacts(decodePrivateKey(pem));
  }

  /**
   * Facts of the first certificate; nobody changes them.
   *
   * @param hash `hashOf(chain)`, where it is known
   * @throws PkiError
   */
  leaf(chain: Uint8Array, hash = hashOf(chain)): CertificateFacts {
    const known = this.#chains.get(hash);
    if (known !== undefined) return known;
    const facts = leafFacts(chain);
    this.#chains.set(hash, facts);
    const [oldest] = this.#chains.keys();
    if (this.#chains.size > rememberedChains) this.#chains.delete(oldest!);
    return facts;
  }

  /** Of a key that we have: `pem` is its encoding. */
  remember(pem: Uint8Array, facts: PrivateKeyFacts): void {
    this.#known.set(hashOf(pem), facts);
    const [oldest] = this.#known.keys();
    if (this.#known.size > remembered) this.#known.delete(oldest!);
  }
}

/** SHA-256, base64. */
export function hashOf(pem: Uint8Array): string {
  return createHash('sha256').update(pem).digest('base64');
}
