/** SafeBags and their attributes (RFC 7292 §4.2), written. */

import { explicit, element, objectIdentifier, octetString, sequence, setOf } from '../asn1/der-writer.ts';
import { contextPrimitive, tags } from '../asn1/tags.ts';
import type { Encrypted } from './pkcs12-cipher.ts';
import { pkcs12Oids } from './pkcs12-oids.ts';

export function certificateBag(certificate: Uint8Array, attributes: readonly Buffer[] = []): Buffer {
  const bag = sequence(objectIdentifier(pkcs12Oids.x509Certificate), explicit(0, octetString(certificate)));
  return safeBag(pkcs12Oids.certBag, bag, attributes);
}

export function shroudedKeyBag(key: Encrypted, attributes: readonly Buffer[]): Buffer {
  return safeBag(pkcs12Oids.shroudedKeyBag, sequence(key.algorithm, octetString(key.cipherText)), attributes);
}

function safeBag(oid: string, value: Buffer, attributes: readonly Buffer[]): Buffer {
  return sequence(
    objectIdentifier(oid),
    explicit(0, value),
    attributes.length === 0 ? undefined : setOf(attributes),
  );
}

/** Ties a certificate to its key. */
export function localKeyId(id: Uint8Array): Buffer {
  return attribute(pkcs12Oids.localKeyId, octetString(id));
}

/** What Java shows as the alias. A BMPString: UTF-16 in network order. */
export function friendlyName(name: string): Buffer {
  const text = Buffer.from(name.toWellFormed(), 'utf16le').swap16();
  return attribute(pkcs12Oids.friendlyName, element(tags.bmpString, text));
}

/** Java's mark of a trusted certificate, for any use. */
export function trustedForAnyUse(): Buffer {
  return attribute(pkcs12Oids.trustedKeyUsage, objectIdentifier(pkcs12Oids.anyExtendedKeyUsage));
}

function attribute(oid: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), setOf([value]));
}

/** ContentInfo of type data (RFC 2315 §8) around complete DER. */
export function dataContent(content: Uint8Array): Buffer {
  return sequence(objectIdentifier(pkcs12Oids.data), explicit(0, octetString(content)));
}

/** ContentInfo of type encryptedData (RFC 2315 §13). */
export function encryptedContent(content: Encrypted): Buffer {
  const info = sequence(
    objectIdentifier(pkcs12Oids.data),
    content.algorithm,
    element(contextPrimitive(0), content.cipherText),
  );
  const version = Buffer.from([tags.integer, 1, 0]);
  return sequence(objectIdentifier(pkcs12Oids.encryptedData), explicit(0, sequence(version, info)));
}
