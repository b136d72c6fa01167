/** The MAC over a PKCS#12 store: HMAC with the classic derivation (RFC 7292 §4) or PBMAC1 (RFC 9579). */

import { createHmac, timingSafeEqual } from 'node:crypto';

import type { DerReader } from '../asn1/der-reader.ts';
import { nullValue, objectIdentifier, octetString, sequence, smallInteger } from '../asn1/der-writer.ts';
import { oids } from '../asn1/oids.ts';
import { tags } from '../asn1/tags.ts';
import type { IterationBudget } from './iteration-budget.ts';
import { KeystoreError } from './keystore-error.ts';
import type { RandomBytes } from './pkcs12-cipher.ts';
import {
  derivePbkdf2,
  encodePbkdf2,
  type HmacDigest,
  hmacIdentifier,
  readHmac,
  readPbkdf2,
} from './pbkdf2-parameters.ts';
import { bmpPassword, derivePkcs12, kdfPurpose, utf8Password } from './pkcs12-kdf.ts';
import { pkcs12Oids } from './pkcs12-oids.ts';
import type { Pkcs12Scheme } from './pkcs12-profile.ts';

const DIGEST_LENGTH: Readonly<Record<HmacDigest, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

const CLASSIC: Readonly<Record<string, HmacDigest>> = {
  [oids.sha1]: 'sha1',
  [oids.sha256]: 'sha256',
  [oids.sha384]: 'sha384',
  [oids.sha512]: 'sha512',
};

/** MacData over `content`, the octets of the AuthenticatedSafe. */
export function encodeMac(
  scheme: Pkcs12Scheme,
  content: Uint8Array,
  password: string,
  random: RandomBytes,
): Buffer {
  const salt = random(scheme.saltLength);
  if (scheme.mac === 'pbmac1-sha256') return encodePbmac1(scheme, content, password, salt);
  const digest = scheme.mac === 'hmac-sha1' ? 'sha1' : 'sha256';
  const iterations = scheme.macIterations;
  const value = classicMac({ digest, salt, iterations }, content, password);
  return sequence(
    sequence(sequence(objectIdentifier(oids[digest]), nullValue()), octetString(value)),
    octetString(salt),
    // DEFAULT 1 is left out in DER.
    iterations === 1 ? undefined : smallInteger(iterations),
  );
}

function encodePbmac1(scheme: Pkcs12Scheme, content: Uint8Array, password: string, salt: Uint8Array): Buffer {
  const iterations = scheme.macIterations;
  const key = derivePbkdf2(utf8Password(password), { salt, iterations, prf: 'sha256' }, 32);
  const parameters = sequence(encodePbkdf2({ salt, iterations, keyLength: 32 }), hmacIdentifier());
  const value = createHmac('sha256', key).update(content).digest();
  return sequence(
    sequence(sequence(objectIdentifier(pkcs12Oids.pbmac1), parameters), octetString(value)),
    // Readers of PBMAC1 ignore salt and count out here (RFC 9579 §4); its own vectors fill them so.
    octetString(Buffer.from('NOT USED', 'latin1')),
  );
}

/** @throws KeystoreError `password` when the MAC does not fit, which a changed store looks like as well */
export function verifyMac(
  macData: DerReader,
  content: Uint8Array,
  password: string,
  budget: IterationBudget,
): void {
  const info = macData.sequence();
  const algorithm = info.sequence();
  const expected = info.octetString();
  info.end();
  const salt = macData.octetString();
  const iterations = macData.peek() === tags.integer ? macData.smallInteger(0x7fff_ffff) : 1;
  macData.end();
  const oid = algorithm.oid();
  let actual: Buffer;
  if (oid === pkcs12Oids.pbmac1) {
    actual = pbmac1(algorithm, content, password, budget);
  } else {
    const digest = CLASSIC[oid];
    if (digest === undefined) throw new KeystoreError('unsupported', `The store's MAC uses ${oid}`);
    if (!algorithm.atEnd) algorithm.null();
    algorithm.end();
    actual = classicMac({ digest, salt, iterations: budget.spend(iterations) }, content, password);
  }
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new KeystoreError(
      'password',
      'The password is wrong, or the store was changed after it was written',
    );
  }
}

function pbmac1(
  algorithm: DerReader,
  content: Uint8Array,
  password: string,
  budget: IterationBudget,
): Buffer {
  const parameters = algorithm.sequence();
  algorithm.end();
  const kdf = readPbkdf2(parameters.sequence(), budget);
  const digest = readHmac(parameters.sequence());
  parameters.end();
  // RFC 9579 §5: without a stated length a reader could be led to a key of its own choice; below 20 bytes is too weak.
  if (kdf.keyLength === undefined || kdf.keyLength < 20) {
    throw new KeystoreError('malformed', 'PBMAC1 must state a key length of at least 20 bytes');
  }
  return createHmac(digest, derivePbkdf2(utf8Password(password), kdf, kdf.keyLength))
    .update(content)
    .digest();
}

function classicMac(
  kdf: { readonly digest: HmacDigest; readonly salt: Uint8Array; readonly iterations: number },
  content: Uint8Array,
  password: string,
): Buffer {
  const length = DIGEST_LENGTH[kdf.digest];
  const key = derivePkcs12({ ...kdf, purpose: kdfPurpose.mac, password: bmpPassword(password), length });
  return createHmac(kdf.digest, key).update(content).digest();
}
