/** Reading a certificate signing request (RFC 2986) strictly, since it is what a stranger hands in. */
import type { KeyObject } from 'node:crypto';
import { DerReader } from '../asn1/der-reader.ts';
import { oids } from '../asn1/oids.ts';
import { contextConstructed, tags } from '../asn1/tags.ts';
import { CsrError, PkiError } from '../errors.ts';
import { decodeFirstPem, defaultPemLimits } from '../pem.ts';
import { assertSupported } from '../private-key.ts';
import { readExtensions, type Extension } from './extensions.ts';
import { isKnownExtKeyUsage, keyUsagesOf, namesOfExtKeyUsage, namesOfKeyUsage } from './key-usage.ts';
import { fieldsOfName, parseName, type Name, type SubjectFields } from './name.ts';
import { decodeExtensions, type ParsedExtensions } from './parsed-extensions.ts';
import { loadPublicKey, readSpki } from './public-key.ts';
import { verifyBytes } from './signature-algorithm.ts';

export interface ParsedCsr extends ParsedExtensions {
  readonly der: Buffer;
  /** CertificationRequestInfo: the bytes that are signed. */
  readonly info: Buffer;
  readonly subjectDer: Buffer;
  readonly subject: Name;
  /** The subject by field, common name included. */
  readonly subjectFields: SubjectFields & { commonName?: string };
  readonly spki: Buffer;
  /** AlgorithmIdentifier of the signature. */
  readonly signatureAlgorithm: Buffer;
  readonly signature: Buffer;
  /** Loaded on first use. @throws KeyError */
  readonly publicKey: KeyObject;
  /** Whether the signature verifies; found out on first use. @throws SignatureError or KeyError when it cannot be checked */
  readonly isVerified: boolean;
}

const maxAttributes = 64;

/**
 * Parses a PEM `CERTIFICATE REQUEST` (a string, or bytes that start with text) or DER. The signature is checked by
 * {@link verifyCsrSignature}, not here.
 * @throws CsrError with the cause; TooLargeError beyond `maxBytes`
 */
export function parseCsr(input: string | Uint8Array, maxBytes = defaultPemLimits.certificate): ParsedCsr {
  return parse(input, maxBytes);
}

/**
 * As {@link parseCsr}, for one that the caller signed a moment ago with the private half of `publicKey`: what it proves
 * need not be proven again, nor its key loaded. Never for bytes that came from anywhere else.
 */
export function parseOwnCsr(input: string | Uint8Array, publicKey: KeyObject): ParsedCsr {
  return parse(input, defaultPemLimits.certificate, publicKey);
}

function parse(input: string | Uint8Array, maxBytes: number, proven?: KeyObject): ParsedCsr {
  const der = typeof input === 'string' || input[0] !== tags.sequence ? csrFromPem(input, maxBytes) : input;
  try {
    return readCsr(DerReader.over(der, { maxBytes }), proven);
  } catch (cause) {
    if (!(cause instanceof PkiError) || cause instanceof CsrError) throw cause;
    if (cause.code === 'ERR_PKI_TOO_LARGE') throw cause;
    throw new CsrError(`The certificate signing request is malformed: ${cause.message}`, { cause });
  }
}

function csrFromPem(input: string | Uint8Array, maxBytes: number): Buffer {
  const { label, der } = decodeFirstPem(input, maxBytes);
  if (label !== 'CERTIFICATE REQUEST' && label !== 'NEW CERTIFICATE REQUEST') {
    throw new CsrError(`Expected a PEM block "CERTIFICATE REQUEST", found "${label}"`);
  }
  return der;
}

function readCsr(outer: DerReader, proven: KeyObject | undefined): ParsedCsr {
  const der = outer.rawOf(tags.sequence);
  outer.end();
  const request = DerReader.over(der).sequence();
  const infoDer = request.rawOf(tags.sequence);
  const signatureAlgorithm = request.rawOf(tags.sequence);
  const signature = request.bitString();
  request.end();
  if (signature.unusedBits !== 0) throw new CsrError('The signature is not a whole number of bytes');

  const info = DerReader.over(infoDer).sequence();
  info.smallInteger(0);
  const subjectDer = info.rawOf(tags.sequence);
  const subject = parseName(subjectDer);
  const spki = readSpki(info);
  const attributes = info.enter(contextConstructed(0));
  info.end();
  const extensions = readAttributes(attributes);
  const csr = new Csr(
    der,
    infoDer,
    subjectDer,
    subject,
    spki,
    signatureAlgorithm,
    signature.bytes,
    extensions,
  );
  if (proven !== undefined) csr.trust(proven);
  return csr;
}

/** Finds the extension request; other attributes (challenge passwords and the like) are skipped. */
function readAttributes(attributes: DerReader): Extension[] {
  let found: Extension[] | undefined;
  for (let count = 0; !attributes.atEnd; count++) {
    if (count >= maxAttributes) throw new CsrError(`More than ${maxAttributes} attributes`);
    const attribute = attributes.sequence();
    const isExtensions = attribute.oid() === oids.extensionRequest;
    const values = attribute.set();
    attribute.end();
    if (!isExtensions) continue;
    if (found !== undefined) throw new CsrError('The extension request appears twice');
    found = readExtensions(values);
    values.end();
  }
  return found ?? [];
}

class Csr implements ParsedCsr {
  readonly der: Buffer;
  readonly info: Buffer;
  readonly subjectDer: Buffer;
  readonly subject: Name;
  readonly subjectFields: SubjectFields & { commonName?: string };
  readonly spki: Buffer;
  readonly signatureAlgorithm: Buffer;
  readonly signature: Buffer;
  readonly extensions!: readonly Extension[];
  readonly subjectAltNames!: ParsedExtensions['subjectAltNames'];
  #publicKey: KeyObject | undefined;
  #isVerified: boolean | undefined;

  constructor(
    der: Buffer,
    info: Buffer,
    subjectDer: Buffer,
    subject: Name,
    spki: Buffer,
    signatureAlgorithm: Buffer,
    signature: Buffer,
    extensions: Extension[],
  ) {
    this.der = der;
    this.info = info;
    this.subjectDer = subjectDer;
    this.subject = subject;
    this.subjectFields = fieldsOfName(subject);
    this.spki = spki;
    this.signatureAlgorithm = signatureAlgorithm;
    this.signature = signature;
    Object.assign(this, decodeExtensions(extensions));
  }

  trust(publicKey: KeyObject): void {
    assertSupported(publicKey);
    this.#publicKey = publicKey;
    this.#isVerified = true;
  }

  get publicKey(): KeyObject {
    if (this.#publicKey === undefined) {
      const key = loadPublicKey(this.spki);
      assertSupported(key);
      this.#publicKey = key;
    }
    return this.#publicKey;
  }

  get isVerified(): boolean {
    this.#isVerified ??= verifyBytes(this.signatureAlgorithm, this.publicKey, this.info, this.signature);
    return this.#isVerified;
  }
}

/**
 * Proves that the requester holds the private key.
 * @throws CsrError when the signature does not verify, SignatureError or KeyError when it cannot be checked
 */
export function verifyCsrSignature(csr: ParsedCsr): void {
  if (!csr.isVerified) {
    throw new CsrError('The signature of the certificate signing request does not verify');
  }
}

/**
 * What in the CSR contradicts the request beside it (api.md §10), or undefined. Used on admission and before signing.
 * @throws UsageError for an unknown usage
 */
export function csrContradiction(
  csr: ParsedCsr,
  asked: { isCA?: boolean; usages?: readonly string[]; exactUsages?: boolean },
): string | undefined {
  const isCA = asked.isCA ?? false;
  if (csr.basicConstraints !== undefined && csr.basicConstraints.isCA !== isCA) {
    return `encoded CSR error: IsCA ${csr.basicConstraints.isCA} does not match expected value ${isCA}`;
  }
  if (csr.keyUsage === undefined && csr.extKeyUsage === undefined) return undefined;
  const want = keyUsagesOf(asked.usages, isCA && asked.exactUsages !== true);
  const keyUsage = csr.keyUsage ?? 0;
  if (keyUsage !== want.keyUsage) {
    const [have, expected] = [namesOfKeyUsage(keyUsage), namesOfKeyUsage(want.keyUsage)].map(printList);
    return `encoded CSR error: the KeyUsages ${have} do not match the expected KeyUsages ${expected}`;
  }
  const known = (csr.extKeyUsage ?? []).filter(isKnownExtKeyUsage);
  if (known.length !== want.extKeyUsage.length || known.some((oid, at) => oid !== want.extKeyUsage[at])) {
    const [have, expected] = [namesOfExtKeyUsage(known), namesOfExtKeyUsage(want.extKeyUsage)].map(printList);
    return `encoded CSR error: the ExtKeyUsages ${have} do not match the expected ExtKeyUsages ${expected}`;
  }
  return undefined;
}

function printList(names: readonly string[]): string {
  return names.length === 0 ? '[]' : `[${names.map((name) => ` '${name}'`).join(',')} ]`;
}
