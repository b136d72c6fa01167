/** The key derivation of PKCS#12 (RFC 7292 appendix B), used by its old encryption schemes and its classic MAC. */

import { hash } from 'node:crypto';

import { KeystoreError } from './keystore-error.ts';

/** What the derived bytes are for (appendix B.3). */
export const kdfPurpose = { key: 1, iv: 2, mac: 3 } as const;

export interface Pkcs12Kdf {
  readonly digest: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly purpose: (typeof kdfPurpose)[keyof typeof kdfPurpose];
  /** The password as `bmpPassword` makes it. */
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Bytes wanted. */
  readonly length: number;
}

/** Block size of each digest: `v` of appendix B.2. */
const BLOCK = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 } as const;

export function derivePkcs12(kdf: Pkcs12Kdf): Buffer {
  const block = BLOCK[kdf.digest];
  const diversifier = Buffer.alloc(block, kdf.purpose);
  const input = Buffer.concat([repeated(kdf.salt, block), repeated(kdf.password, block)]);
  const parts: Buffer[] = [];
  for (let have = 0; have < kdf.length;) {
    let digest = hash(kdf.digest, Buffer.concat([diversifier, input]), 'buffer');
    for (let round = 1; round < kdf.iterations; round++) digest = hash(kdf.digest, digest, 'buffer');
    parts.push(digest);
    have += digest.length;
    if (have < kdf.length) advance(input, repeated(digest, block).subarray(0, block), block);
  }
  return Buffer.concat(parts).subarray(0, kdf.length);
}

/** Copies of `data` up to the next multiple of `block`; nothing stays nothing. */
function repeated(data: Uint8Array, block: number): Buffer {
  const out = Buffer.alloc(block * Math.ceil(data.length / block));
  for (let at = 0; at < out.length; at++) out[at] = data[at % data.length] ?? 0;
  return out;
}

/** Adds `step` + 1 to each block of `input`, as big-endian numbers modulo the block size (appendix B.2 step 6C). */
function advance(input: Buffer, step: Uint8Array, block: number): void {
  for (let start = 0; start < input.length; start += block) {
    let carry = 1;
    for (let at = block - 1; at >= 0; at--) {
      carry += (input[start + at] ?? 0) + (step[at] ?? 0);
      input[start + at] = carry & 0xff;
      carry >>= 8;
    }
  }
}

/**
 * A password as the classic schemes take it: big-endian UTF-16 with two zero bytes at the end (appendix B.1).
 *
 * Characters beyond the BMP become surrogate pairs, as in OpenSSL and Java. An empty password is the two zero bytes.
 *
 * @throws KeystoreError `password` for half a surrogate pair or a NUL, which other readers would cut it at
 */
export function bmpPassword(password: string): Buffer {
  checkPassword(password);
  return Buffer.from(`${password}\0`, 'utf16le').swap16();
}

/** A password as PBES2 and PBMAC1 take it: plain UTF-8 (RFC 8018, RFC 9579 §5). */
export function utf8Password(password: string): Buffer {
  checkPassword(password);
  return Buffer.from(password, 'utf8');
}

function checkPassword(password: string): void {
  if (!password.isWellFormed() || password.includes('\0')) {
    throw new KeystoreError(
      'password',
      'The password holds a NUL or half a surrogate pair, which no keystore can carry',
    );
  }
  if (password.length > 4096)
    throw new KeystoreError('password', 'The password is longer than 4096 characters');
}
