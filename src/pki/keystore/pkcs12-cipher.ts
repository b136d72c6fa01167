/** Password-based encryption inside PKCS#12: RC2-40 and 3DES of RFC 7292 appendix C, AES of PBES2 (RFC 8018 §6.2). */

import { createCipheriv, createDecipheriv } from 'node:crypto';

import type { DerReader } from '../asn1/der-reader.ts';
import { objectIdentifier, octetString, sequence, smallInteger } from '../asn1/der-writer.ts';
import type { IterationBudget } from './iteration-budget.ts';
import { KeystoreError } from './keystore-error.ts';
import { derivePbkdf2, encodePbkdf2, readPbkdf2 } from './pbkdf2-parameters.ts';
import { bmpPassword, derivePkcs12, kdfPurpose, utf8Password } from './pkcs12-kdf.ts';
import { pkcs12Oids } from './pkcs12-oids.ts';
import type { CipherScheme } from './pkcs12-profile.ts';
import { Rc2Cbc } from './rc2.ts';

/** Bytes from a cryptographic source; passed in so that tests can repeat themselves. */
export type RandomBytes = (length: number) => Uint8Array;

export interface Encryption {
  readonly password: string;
  readonly iterations: number;
  readonly saltLength: number;
  readonly random: RandomBytes;
}

export interface Encrypted {
  /** AlgorithmIdentifier, DER. */
  readonly algorithm: Buffer;
  readonly cipherText: Buffer;
}

const AES: Readonly<Record<string, { readonly name: string; readonly keyLength: number }>> = {
  [pkcs12Oids.aes128Cbc]: { name: 'aes-128-cbc', keyLength: 16 },
  [pkcs12Oids.aes192Cbc]: { name: 'aes-192-cbc', keyLength: 24 },
  [pkcs12Oids.aes256Cbc]: { name: 'aes-256-cbc', keyLength: 32 },
};

export function encrypt(scheme: CipherScheme, plain: Uint8Array, with_: Encryption): Encrypted {
  const salt = with_.random(with_.saltLength);
  if (scheme === 'pbes2-aes-256') return encryptPbes2(plain, salt, with_);
  const parameters = sequence(octetString(salt), smallInteger(with_.iterations));
  if (scheme === 'pbe-sha1-rc2-40') {
    return {
      algorithm: sequence(objectIdentifier(pkcs12Oids.pbeSha1Rc2With40Bits), parameters),
      cipherText: rc2With40Bits(with_.password, salt, with_.iterations).encrypt(plain),
    };
  }
  const { key, iv } = keyAndIv(with_.password, salt, with_.iterations, 24);
  const cipher = createCipheriv('des-ede3-cbc', key, iv);
  return {
    algorithm: sequence(objectIdentifier(pkcs12Oids.pbeSha1TripleDes), parameters),
    cipherText: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

function encryptPbes2(plain: Uint8Array, salt: Uint8Array, with_: Encryption): Encrypted {
  const { iterations } = with_;
  const key = derivePbkdf2(utf8Password(with_.password), { salt, iterations, prf: 'sha256' }, 32);
  const iv = with_.random(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return {
    algorithm: sequence(
      objectIdentifier(pkcs12Oids.pbes2),
      sequence(
        encodePbkdf2({ salt, iterations }),
        sequence(objectIdentifier(pkcs12Oids.aes256Cbc), octetString(iv)),
      ),
    ),
    cipherText: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

/** @param algorithm a reader inside the AlgorithmIdentifier @throws KeystoreError `password` when it does not decrypt */
export function decrypt(
  algorithm: DerReader,
  cipherText: Uint8Array,
  password: string,
  budget: IterationBudget,
): Buffer {
  const oid = algorithm.oid();
  const parameters = algorithm.sequence();
  algorithm.end();
  if (oid === pkcs12Oids.pbes2) return decryptPbes2(parameters, cipherText, password, budget);
  if (oid !== pkcs12Oids.pbeSha1Rc2With40Bits && oid !== pkcs12Oids.pbeSha1TripleDes) {
    throw new KeystoreError('unsupported', `The store is encrypted with ${oid}, which we do not read`);
  }
  const salt = parameters.octetString();
  const iterations = budget.spend(parameters.smallInteger(0x7fff_ffff));
  parameters.end();
  if (oid === pkcs12Oids.pbeSha1Rc2With40Bits) {
    const plain = rc2With40Bits(password, salt, iterations).decrypt(cipherText);
    if (plain === undefined) throw wrongPassword();
    return plain;
  }
  const { key, iv } = keyAndIv(password, salt, iterations, 24);
  return decipher('des-ede3-cbc', key, iv, cipherText);
}

function decryptPbes2(
  parameters: DerReader,
  cipherText: Uint8Array,
  password: string,
  budget: IterationBudget,
): Buffer {
  const kdf = readPbkdf2(parameters.sequence(), budget);
  const scheme = parameters.sequence();
  parameters.end();
  const oid = scheme.oid();
  const aes = AES[oid];
  if (aes === undefined) throw new KeystoreError('unsupported', `PBES2 with cipher ${oid} is not read`);
  const iv = scheme.octetString();
  scheme.end();
  if (iv.length !== 16 || (kdf.keyLength !== undefined && kdf.keyLength !== aes.keyLength)) {
    throw new KeystoreError('malformed', `The parameters of ${aes.name} have the wrong size`);
  }
  return decipher(aes.name, derivePbkdf2(utf8Password(password), kdf, aes.keyLength), iv, cipherText);
}

function decipher(name: string, key: Uint8Array, iv: Uint8Array, cipherText: Uint8Array): Buffer {
  const stream = createDecipheriv(name, key, iv);
  try {
    return Buffer.concat([stream.update(cipherText), stream.final()]);
  } catch (cause) {
    throw wrongPassword(cause);
  }
}

function rc2With40Bits(password: string, salt: Uint8Array, iterations: number): Rc2Cbc {
  const { key, iv } = keyAndIv(password, salt, iterations, 5);
  return new Rc2Cbc(key, 40, iv);
}

function keyAndIv(password: string, salt: Uint8Array, iterations: number, keyLength: number) {
  const kdf = { digest: 'sha1', password: bmpPassword(password), salt, iterations } as const;
  return {
    key: derivePkcs12({ ...kdf, purpose: kdfPurpose.key, length: keyLength }),
    iv: derivePkcs12({ ...kdf, purpose: kdfPurpose.iv, length: 8 }),
  };
}

function wrongPassword(cause?: unknown): KeystoreError {
  return new KeystoreError('password', 'The password does not decrypt the store', { cause });
}
