/** What is asked about keys: do two belong together, does one fit a spec, what identifies it. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { curveOfSize, type KeyRequest } from './key-generator.ts';

export { createKeyGenerator, generateKey, type KeyGenerator, type KeyRequest } from './key-generator.ts';
export { decodePrivateKey, encodePrivateKey, type KeyEncoding } from './private-key.ts';

const algorithmTypes: Readonly<Record<string, string>> = { RSA: 'rsa', ECDSA: 'ec', Ed25519: 'ed25519' };

/**
 * Fields of a Certificate spec that the key does not satisfy: `spec.privateKey.algorithm` or `spec.privateKey.size`,
 * in the spelling of lifecycle §7 check 6. Empty when it fits. An unknown algorithm never fits.
 */
export function keyMismatches(key: KeyObject, spec: { privateKey?: KeyRequest }): string[] {
  const algorithm = spec.privateKey?.algorithm || 'RSA';
  const size = spec.privateKey?.size ?? 0;
  if (key.asymmetricKeyType !== algorithmTypes[algorithm]) return ['spec.privateKey.algorithm'];
  const details = key.asymmetricKeyDetails;
  if (algorithm === 'RSA') {
    return details?.modulusLength === (size > 0 ? size : 2048) ? [] : ['spec.privateKey.size'];
  }
  if (algorithm === 'ECDSA') {
    return details?.namedCurve === curveOfSize(size > 0 ? size : 256) ? [] : ['spec.privateKey.size'];
  }
  return [];
}

/** True when both are, or belong to, the same public key. Either may be private. */
export function publicKeysEqual(a: KeyObject, b: KeyObject): boolean {
  if (a.asymmetricKeyType !== b.asymmetricKeyType) return false;
  return publicKeyOf(a).equals(publicKeyOf(b));
}

/** The public half of a private key; a public key as it is. */
export function publicKeyOf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

/** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in DER. */
export function spkiOf(key: KeyObject): Buffer {
  return publicKeyOf(key).export({ type: 'spki', format: 'der' });
}

/** SHA-256 of the SubjectPublicKeyInfo in lower-case hex: names a key without showing it. */
export function spkiHash(keyOrSpki: KeyObject | Uint8Array): string {
  const spki = keyOrSpki instanceof Uint8Array ? keyOrSpki : spkiOf(keyOrSpki);
  return createHash('sha256').update(spki).digest('hex');
}
