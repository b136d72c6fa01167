/** PBKDF2 as an AlgorithmIdentifier (RFC 8018 appendix A.2), shared by PBES2 and PBMAC1. */

import { pbkdf2Sync } from 'node:crypto';

import type { DerReader } from '../asn1/der-reader.ts';
import { nullValue, objectIdentifier, octetString, sequence, smallInteger } from '../asn1/der-writer.ts';
import { tags } from '../asn1/tags.ts';
import type { IterationBudget } from './iteration-budget.ts';
import { KeystoreError } from './keystore-error.ts';
import { pkcs12Oids } from './pkcs12-oids.ts';

export type HmacDigest = 'sha1' | 'sha256' | 'sha384' | 'sha512';

const DIGESTS: Readonly<Record<string, HmacDigest>> = {
  [pkcs12Oids.hmacSha1]: 'sha1',
  [pkcs12Oids.hmacSha256]: 'sha256',
  [pkcs12Oids.hmacSha384]: 'sha384',
  [pkcs12Oids.hmacSha512]: 'sha512',
};

export interface Pbkdf2Parameters {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Bytes; PBMAC1 must say it, PBES2 leaves it to the cipher. */
  readonly keyLength?: number;
  readonly prf: HmacDigest;
}

/** Always with HMAC-SHA256, the only one that the profiles use. */
export function encodePbkdf2(parameters: Omit<Pbkdf2Parameters, 'prf'>): Buffer {
  return sequence(
    objectIdentifier(pkcs12Oids.pbkdf2),
    sequence(
      octetString(parameters.salt),
      smallInteger(parameters.iterations),
      parameters.keyLength === undefined ? undefined : smallInteger(parameters.keyLength),
      hmacIdentifier(),
    ),
  );
}

export function hmacIdentifier(): Buffer {
  return sequence(objectIdentifier(pkcs12Oids.hmacSha256), nullValue());
}

export function readPbkdf2(identifier: DerReader, budget: IterationBudget): Pbkdf2Parameters {
  const oid = identifier.oid();
  if (oid !== pkcs12Oids.pbkdf2)
    throw new KeystoreError('unsupported', `Key derivation ${oid} is not PBKDF2`);
  const parameters = identifier.sequence();
  identifier.end();
  const salt = parameters.octetString();
  const iterations = budget.spend(parameters.smallInteger(0x7fff_ffff));
  const keyLength = parameters.peek() === tags.integer ? parameters.smallInteger(512) : undefined;
  // An absent PRF means HMAC-SHA1 (RFC 8018 appendix A.2).
  const prf = parameters.atEnd ? 'sha1' : readHmac(parameters.sequence());
  parameters.end();
  return { salt, iterations, prf, ...(keyLength === undefined ? {} : { keyLength }) };
}

export function readHmac(identifier: DerReader): HmacDigest {
  const oid = identifier.oid();
  const digest = DIGESTS[oid];
  if (digest === undefined) throw new KeystoreError('unsupported', `${oid} is no HMAC that we know`);
  if (!identifier.atEnd) identifier.null();
  identifier.end();
  return digest;
}

export function derivePbkdf2(password: Uint8Array, parameters: Pbkdf2Parameters, length: number): Buffer {
  return pbkdf2Sync(password, parameters.salt, parameters.iterations, length, parameters.prf);
}
