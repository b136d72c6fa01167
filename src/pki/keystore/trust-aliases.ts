/** Names for the entries of a PKCS#12 truststore: each certificate's subject, made unique. */

import { DerReader } from '../asn1/der-reader.ts';
import { contextConstructed, tags } from '../asn1/tags.ts';
import { DerError } from '../errors.ts';
import { parseName, printName } from '../x509/name.ts';
import { KeystoreError } from './keystore-error.ts';

/**
 * The subjects as RFC 4514 text, in order.
 *
 * A CA that renews its root has two certificates of one subject. Java folds aliases to lower case and keeps the last of
 * each, so the second would silently replace the first: repeats get ` #2`, ` #3`, …
 *
 * @param certificates DER
 * @throws KeystoreError `input` for bytes that are no certificate
 */
export function trustAliases(certificates: readonly Uint8Array[]): string[] {
  const taken = new Set<string>();
  return certificates.map((der) => {
    const subject = printName(parseName(subjectOf(der)));
    let alias = subject;
    for (let number = 2; taken.has(alias.toLowerCase()); number++) alias = `${subject} #${number}`;
    taken.add(alias.toLowerCase());
    return alias;
  });
}

/** The subject of a certificate (RFC 5280 §4.1): the field after version, serial, algorithm, issuer and validity. */
function subjectOf(der: Uint8Array): Buffer {
  try {
    const tbs = DerReader.over(der).sequence().sequence();
    if (tbs.peek() === contextConstructed(0)) tbs.raw();
    tbs.rawOf(tags.integer);
    for (let field = 0; field < 3; field++) tbs.rawOf(tags.sequence);
    return tbs.rawOf(tags.sequence);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new KeystoreError('input', `A CA certificate cannot be read: ${cause.message}`, { cause });
  }
}
