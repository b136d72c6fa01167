/** Reading X.509 certificates (RFC 5280 §4.1) strictly. */
import type { KeyObject } from 'node:crypto';
import { DerReader } from '../asn1/der-reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../asn1/tags.ts';
import { CertificateError, PkiError } from '../errors.ts';
import { decodePem, defaultPemLimits, encodePem, type PemBlock } from '../pem.ts';
import { readExtensions, type Extension } from './extensions.ts';
import { fieldsOfName, parseName, type Name, type SubjectFields } from './name.ts';
import { decodeExtensions, type ParsedExtensions } from './parsed-extensions.ts';
import { loadPublicKey, readSpki } from './public-key.ts';

export interface ParsedCertificate extends ParsedExtensions {
  readonly der: Buffer;
  /** TBSCertificate: the bytes that are signed. */
  readonly tbs: Buffer;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Content octets of the serial number. */
  readonly serial: Buffer;
  /** The serial number in lower-case hex without leading zeros. */
  readonly serialHex: string;
  readonly issuerDer: Buffer;
  readonly subjectDer: Buffer;
  readonly issuer: Name;
  readonly subject: Name;
  /** The subject by field, common name included. */
  readonly subjectFields: SubjectFields & { commonName?: string };
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Buffer;
  /** AlgorithmIdentifier of the signature. */
  readonly signatureAlgorithm: Buffer;
  readonly signature: Buffer;
  /** The CA flag of basicConstraints; false without the extension. */
  readonly isCA: boolean;
  /** Loaded on first use. @throws KeyError */
  readonly publicKey: KeyObject;
  readonly pem: string;
}

/** Longest serial number read: RFC 5280 allows 20 bytes, CAs have gone beyond. */
const maxSerialBytes = 64;

/**
 * Parses one certificate, in PEM (the first block) or DER.
 * @throws CertificateError with the cause; PemError; TooLargeError beyond `maxBytes`
 */
export function parseCertificate(
  input: string | Uint8Array,
  maxBytes = defaultPemLimits.chain,
): ParsedCertificate {
  if (typeof input !== 'string' && input[0] === tags.sequence) return parseDer(input, maxBytes);
  const [first] = parseCertificates(input, maxBytes, 1);
  if (first === undefined) throw new CertificateError('No certificate was found');
  return first;
}

/**
 * All certificates of a PEM text, in order; an error when there is none or when one is damaged.
 * @param maxBytes api.md §20: the chain limit for `tls.crt`, the bundle limit for roots (default)
 * @param count stop after so many
 */
export function parseCertificates(
  pem: string | Uint8Array,
  maxBytes = defaultPemLimits.bundle,
  count = Infinity,
): ParsedCertificate[] {
  const blocks = decodePem(pem, maxBytes);
  if (blocks.length === 0) throw new CertificateError('No PEM certificate was found');
  return blocks.slice(0, count).map((block, index) => parseBlock(block, index));
}

function parseBlock(block: PemBlock, index: number): ParsedCertificate {
  if (block.label !== 'CERTIFICATE') {
    throw new CertificateError(`PEM block ${index + 1} is "${block.label}", not "CERTIFICATE"`);
  }
  return parseDer(block.der, block.der.length);
}

function parseDer(der: Uint8Array, maxBytes: number): ParsedCertificate {
  try {
    return readCertificate(DerReader.over(der, { maxBytes }));
  } catch (cause) {
    if (!(cause instanceof PkiError) || cause instanceof CertificateError) throw cause;
    if (cause.code === 'ERR_PKI_TOO_LARGE') throw cause;
    throw new CertificateError(`The certificate is malformed: ${cause.message}`, { cause });
  }
}

function readCertificate(outer: DerReader): ParsedCertificate {
  const der = outer.rawOf(tags.sequence);
  outer.end();
  const certificate = DerReader.over(der).sequence();
  const tbs = certificate.rawOf(tags.sequence);
  const signatureAlgorithm = certificate.rawOf(tags.sequence);
  const signature = certificate.bitString();
  certificate.end();
  if (signature.unusedBits !== 0) throw new CertificateError('The signature is not a whole number of bytes');

  const body = DerReader.over(tbs).sequence();
  const version = readVersion(body);
  const serial = body.integerBytes();
  if ((serial[0] ?? 0) >= 0x80) throw new CertificateError('The serial number is negative');
  if (serial.length > maxSerialBytes)
    throw new CertificateError(`The serial number exceeds ${maxSerialBytes} bytes`);
  if (!body.rawOf(tags.sequence).equals(signatureAlgorithm)) {
    throw new CertificateError('The signature algorithms inside and outside of the signed part differ');
  }
  const issuerDer = body.rawOf(tags.sequence);
  const validity = body.sequence();
  const notBefore = new Date(validity.time());
  const notAfter = new Date(validity.time());
  validity.end();
  const subjectDer = body.rawOf(tags.sequence);
  const spki = readSpki(body);
  // Unique identifiers: obsolete, allowed, meaningless.
  for (const number of [1, 2])
    if (body.peek() === contextPrimitive(number)) body.bitString(contextPrimitive(number));
  const wrapper = body.optional(contextConstructed(3));
  const extensions = wrapper === undefined ? [] : readExtensions(wrapper);
  wrapper?.end();
  body.end();
  if (extensions.length > 0 && version !== 3)
    throw new CertificateError('Only version 3 may have extensions');
  return new Certificate(
    {
      der,
      tbs,
      version,
      serial,
      issuerDer,
      subjectDer,
      notBefore,
      notAfter,
      spki,
      signatureAlgorithm,
      signature: signature.bytes,
    },
    extensions,
  );
}

function readVersion(body: DerReader): number {
  const wrapper = body.optional(contextConstructed(0));
  if (wrapper === undefined) return 1;
  const version = wrapper.smallInteger(2) + 1;
  wrapper.end();
  if (version === 1) throw new CertificateError('Version 1 is the default and must be left out');
  return version;
}

type CertificateParts = Pick<
  ParsedCertificate,
  | 'der'
  | 'tbs'
  | 'version'
  | 'serial'
  | 'issuerDer'
  | 'subjectDer'
  | 'notBefore'
  | 'notAfter'
  | 'spki'
  | 'signatureAlgorithm'
  | 'signature'
>;

class Certificate implements ParsedCertificate {
  readonly der!: Buffer;
  readonly tbs!: Buffer;
  readonly version!: number;
  readonly serial!: Buffer;
  readonly issuerDer!: Buffer;
  readonly subjectDer!: Buffer;
  readonly notBefore!: Date;
  readonly notAfter!: Date;
  readonly spki!: Buffer;
  readonly signatureAlgorithm!: Buffer;
  readonly signature!: Buffer;
  readonly extensions!: readonly Extension[];
  readonly subjectAltNames!: ParsedExtensions['subjectAltNames'];
  readonly issuer: Name;
  readonly subject: Name;
  readonly isCA: boolean;
  #publicKey: KeyObject | undefined;

  constructor(parts: CertificateParts, extensions: readonly Extension[]) {
    Object.assign(this, parts, decodeExtensions(extensions));
    this.issuer = parseName(parts.issuerDer);
    this.subject = parts.subjectDer.equals(parts.issuerDer) ? this.issuer : parseName(parts.subjectDer);
    this.isCA = (this as ParsedExtensions).basicConstraints?.isCA ?? false;
  }

  get serialHex(): string {
    return this.serial.toString('hex').replace(/^0+(?=.)/, '');
  }

  get subjectFields(): SubjectFields & { commonName?: string } {
    return fieldsOfName(this.subject);
  }

  get publicKey(): KeyObject {
    return (this.#publicKey ??= loadPublicKey(this.spki));
  }

  get pem(): string {
    return encodePem('CERTIFICATE', this.der);
  }
}
