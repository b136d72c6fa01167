/** Certificate extensions (RFC 5280 §4.2): the envelope, and the small ones in both directions. */
import { hash } from 'node:crypto';
import { DerReader } from '../asn1/der-reader.ts';
import {
  boolean,
  constructed,
  element,
  ia5String,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  smallInteger,
} from '../asn1/der-writer.ts';
import { oids } from '../asn1/oids.ts';
import { contextConstructed, contextPrimitive, tags } from '../asn1/tags.ts';
import { CertificateError } from '../errors.ts';
import { encodeExtKeyUsage } from './key-usage.ts';

export interface Extension {
  oid: string;
  critical: boolean;
  /** Content of the OCTET STRING. */
  value: Buffer;
}

/** RFC 5280 needs a dozen, certificates in use have at most thirty. */
const maxExtensions = 256;

const encodedOids: ReadonlyMap<string, Buffer> = new Map(
  Object.values(oids)
    .filter((oid) => oid.startsWith('2.5.29.') || oid.startsWith('1.3.6.1.5.5.7.'))
    .map((oid) => [oid, objectIdentifier(oid)]),
);
const criticalFlag = boolean(true);
const ocspMethod = objectIdentifier(oids.ocsp);
const caIssuersMethod = objectIdentifier(oids.caIssuers);
const emptyBasicConstraints = sequence();
const caBasicConstraints = sequence(boolean(true));

export function encodeExtension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(
    encodedOids.get(oid) ?? objectIdentifier(oid),
    critical ? criticalFlag : undefined,
    octetString(value),
  );
}

/** Reads a SEQUENCE OF Extension. The same identifier twice is refused (RFC 5280 §4.2). */
export function readExtensions(reader: DerReader): Extension[] {
  const list = reader.sequence();
  const found: Extension[] = [];
  const seen = new Set<string>();
  while (!list.atEnd) {
    if (found.length >= maxExtensions) throw new CertificateError(`More than ${maxExtensions} extensions`);
    const extension = list.sequence();
    const oid = extension.oid();
    const critical = extension.flag();
    const value = extension.octetString();
    extension.end();
    if (seen.has(oid)) throw new CertificateError(`The extension ${oid} appears twice`);
    seen.add(oid);
    found.push({ oid, critical, value });
  }
  return found;
}

/** Key usage, always critical; undefined for an empty mask. */
export function keyUsageExtension(mask: number): Buffer | undefined {
  return mask === 0 ? undefined : encodeExtension(oids.keyUsage, true, namedBits(mask));
}

export function extKeyUsageExtension(extKeyUsage: readonly string[]): Buffer | undefined {
  if (extKeyUsage.length === 0) return undefined;
  return encodeExtension(oids.extKeyUsage, false, encodeExtKeyUsage(extKeyUsage));
}

/** Critical, with the CA flag and, for a CA, an optional path length. */
export function basicConstraintsExtension(isCA: boolean, pathLength?: number): Buffer {
  const plain = isCA ? caBasicConstraints : emptyBasicConstraints;
  const value = isCA && pathLength !== undefined ? sequence(criticalFlag, smallInteger(pathLength)) : plain;
  return encodeExtension(oids.basicConstraints, true, value);
}

export interface BasicConstraints {
  isCA: boolean;
  pathLength?: number;
}

export function parseBasicConstraints(value: Uint8Array): BasicConstraints {
  const outer = DerReader.over(value);
  const reader = outer.sequence();
  outer.end();
  const isCA = reader.flag();
  const pathLength = reader.peek() === tags.integer ? reader.smallInteger(0x7fffffff) : undefined;
  reader.end();
  return pathLength === undefined ? { isCA } : { isCA, pathLength };
}

/** Subject key identifier by RFC 7093 §2 method 1: leftmost 160 bits of SHA-256 over the public key's bit string. */
export function subjectKeyIdentifier(spki: Uint8Array): Buffer {
  const outer = DerReader.over(spki);
  const reader = outer.sequence();
  outer.end();
  reader.rawOf(tags.sequence);
  const { bytes } = reader.bitString();
  reader.end();
  return hash('sha256', bytes, 'buffer').subarray(0, 20);
}

export function subjectKeyIdentifierExtension(identifier: Uint8Array): Buffer {
  return encodeExtension(oids.subjectKeyIdentifier, false, octetString(identifier));
}

export function authorityKeyIdentifierExtension(identifier: Uint8Array): Buffer {
  return encodeExtension(
    oids.authorityKeyIdentifier,
    false,
    sequence(element(contextPrimitive(0), identifier)),
  );
}

/** The keyIdentifier field, the only one that matching uses; undefined when absent. */
export function parseAuthorityKeyIdentifier(value: Uint8Array): Buffer | undefined {
  const outer = DerReader.over(value);
  const reader = outer.sequence();
  outer.end();
  const identifier = reader.peek() === contextPrimitive(0) ? reader.value(contextPrimitive(0)) : undefined;
  if (reader.peek() === contextConstructed(1)) reader.raw();
  if (reader.peek() === contextPrimitive(2)) reader.raw();
  reader.end();
  return identifier;
}

/** Authority information access: OCSP responders first, then the issuing certificate's addresses. */
export function authorityInfoAccessExtension(
  ocspServers: readonly string[],
  issuingCertificateUrls: readonly string[],
): Buffer | undefined {
  if (ocspServers.length + issuingCertificateUrls.length === 0) return undefined;
  const description = (method: Buffer, url: string): Buffer =>
    sequence(method, ia5String(url, contextPrimitive(6)));
  const value = sequence(
    ...ocspServers.map((url) => description(ocspMethod, url)),
    ...issuingCertificateUrls.map((url) => description(caIssuersMethod, url)),
  );
  return encodeExtension(oids.authorityInfoAccess, false, value);
}

/** One distribution point per address. */
export function crlDistributionPointsExtension(urls: readonly string[]): Buffer | undefined {
  if (urls.length === 0) return undefined;
  const points = urls.map((url) => {
    const fullName = constructed(contextConstructed(0), [ia5String(url, contextPrimitive(6))]);
    return sequence(element(contextConstructed(0), fullName));
  });
  return encodeExtension(oids.crlDistributionPoints, false, sequence(...points));
}
