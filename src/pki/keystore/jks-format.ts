/** The bytes that JKS writing and reading share: Java's KeyStore format, version 2, as keytool has written it since 1998. */

import { createHash, hash } from 'node:crypto';

import { KeystoreError } from './keystore-error.ts';

export const JKS_MAGIC = 0xfeed_feed;
export const JKS_VERSION = 2;
export const jksEntry = { privateKey: 1, trusted: 2 } as const;

/** OID of Sun's key protector, the algorithm of a protected private key. */
export const JKS_KEY_PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1';

const DIGEST = 20;

/**
 * The password as JKS takes it here: each byte of its UTF-8 form after a zero byte.
 *
 * For ASCII that is UTF-16, which is what Java does with a `char[]`. Beyond ASCII the two differ (`é` is 00 C3 00 A9
 * here and 00 E9 in Java), and cert-manager's stores, which users have configured, take the bytes.
 */
export function widenPassword(password: string): Buffer {
  if (!password.isWellFormed())
    throw new KeystoreError('password', 'The password holds half a surrogate pair');
  const bytes = Buffer.from(password, 'utf8');
  if (bytes.length > 16_384) throw new KeystoreError('password', 'The password is longer than 16384 bytes');
  const wide = Buffer.alloc(bytes.length * 2);
  bytes.forEach((byte, index) => (wide[2 * index + 1] = byte));
  return wide;
}

/** The SHA-1 that ends a store: over the password, a fixed phrase and everything before it. */
export function jksDigest(password: Uint8Array, content: Uint8Array): Buffer {
  return createHash('sha1').update(password).update('Mighty Aphrodite', 'latin1').update(content).digest();
}

/** Protects a key: 20 bytes of salt, the key XORed with a SHA-1 stream, and a SHA-1 of the key. */
export function protectKey(pkcs8: Uint8Array, password: Uint8Array, salt: Uint8Array): Buffer {
  if (salt.length !== DIGEST) throw new RangeError('The key protector takes a salt of 20 bytes');
  return Buffer.concat([salt, xorStream(pkcs8, password, salt), keyCheck(password, pkcs8)]);
}

/** The PKCS#8 bytes, or undefined when the password does not fit. */
export function recoverKey(protectedKey: Uint8Array, password: Uint8Array): Buffer | undefined {
  if (protectedKey.length < 2 * DIGEST) return undefined;
  const salt = protectedKey.subarray(0, DIGEST);
  const check = protectedKey.subarray(protectedKey.length - DIGEST);
  const plain = xorStream(protectedKey.subarray(DIGEST, protectedKey.length - DIGEST), password, salt);
  return keyCheck(password, plain).equals(check) ? plain : undefined;
}

function xorStream(data: Uint8Array, password: Uint8Array, salt: Uint8Array): Buffer {
  const out = Buffer.from(data);
  let stream: Uint8Array = salt;
  for (let at = 0; at < out.length; at++) {
    if (at % DIGEST === 0) stream = hash('sha1', Buffer.concat([password, stream]), 'buffer');
    out[at] = (out[at] ?? 0) ^ (stream[at % DIGEST] ?? 0);
  }
  return out;
}

function keyCheck(password: Uint8Array, plain: Uint8Array): Buffer {
  return hash('sha1', Buffer.concat([password, plain]), 'buffer');
}

/** Java's `writeUTF`: two bytes of length, then UTF-8 of each UTF-16 unit, with NUL as C0 80. */
export function modifiedUtf8(text: string): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit !== 0 && unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  if (bytes.length > 0xffff) throw new KeystoreError('input', 'An alias may have at most 65535 bytes');
  return Buffer.from([bytes.length >> 8, bytes.length & 0xff, ...bytes]);
}

/** Java's `readUTF` without the length; undefined for bytes that are none. */
export function fromModifiedUtf8(bytes: Uint8Array): string | undefined {
  const units: string[] = [];
  const follow = (at: number): number =>
    ((bytes[at] ?? 0) & 0xc0) === 0x80 ? (bytes[at] ?? 0) & 0x3f : Number.NaN;
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const [unit, length] =
      first < 0x80
        ? [first, 1]
        : first >> 5 === 0b110
          ? [((first & 0x1f) << 6) + follow(at + 1), 2]
          : first >> 4 === 0b1110
            ? [((first & 0x0f) << 12) + (follow(at + 1) * 64 + follow(at + 2)), 3]
            : [Number.NaN, 1];
    if (Number.isNaN(unit)) return undefined;
    units.push(String.fromCharCode(unit));
    at += length;
  }
  return units.join('');
}
