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
  const publicKey = publicKeyOf(key);
  return p256Spki(publicKey) ?? publicKey.export({ type: 'spki', format: 'der' });
}

/** The only key size whose public half has 65 bytes behind this algorithm (RFC 5480 §2.1.1, named curve P-256). */
const p256Header = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

/** By way of the coordinates: OpenSSL's encoder takes three times as long for the same bytes. */
function p256Spki(publicKey: KeyObject): Buffer | undefined {
  if (publicKey.asymmetricKeyType !== 'ec') return undefined;
  const { crv, x = '', y = '' } = publicKey.export({ format: 'jwk' });
  if (crv !== 'P-256') return undefined;
  const spki = Buffer.alloc(p256Header.length + 64);
  p256Header.copy(spki);
  // Padded to the size of the field (RFC 7518 §6.2.1.2).
  if (spki.write(x, p256Header.length, 'base64url') !== 32) return undefined;
  return spki.write(y, p256Header.length + 32, 'base64url') === 32 ? spki : undefined;
}

/** SHA-256 of the SubjectPublicKeyInfo in lower-case hex: names a key without showing it. */
export function spkiHash(keyOrSpki: KeyObject | Uint8Array): string {
  const spki = keyOrSpki instanceof Uint8Array ? keyOrSpki : spkiOf(keyOrSpki);
  return createHash('sha256').update(spki).digest('hex');
}
