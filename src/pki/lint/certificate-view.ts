/** A certificate opened just far enough for rules to look at every field, invalid ones included. */

import { createPublicKey, type KeyObject } from 'node:crypto';

import { DerReader } from '../asn1/der-reader.ts';
import { decodeTime } from '../asn1/der-time.ts';
import { oids } from '../asn1/oids.ts';
import { contextConstructed, contextPrimitive, tags } from '../asn1/tags.ts';
import { type BasicConstraints, type Extension, parseBasicConstraints } from '../x509/extensions.ts';
import { parseExtKeyUsage, parseKeyUsage } from '../x509/key-usage.ts';
import { type NameAttribute, parseName } from '../x509/name.ts';

export interface ViewedTime {
  readonly tag: number;
  readonly text: string;
  /** Milliseconds since the epoch; undefined when it is not in the one form that RFC 5280 allows. */
  readonly time: number | undefined;
}

export interface ViewedName {
  /** Number of the context tag: 2 is dNSName. */
  readonly kind: number;
  readonly content: Buffer;
  /** The content as Latin-1, which IA5 is a part of. */
  readonly text: string;
}

/** Fields that are read when asked for throw a DerError or CertificateError where they are malformed. */
export class CertificateView {
  readonly version: number;
  /** Content octets. */
  readonly serial: Buffer;
  readonly innerAlgorithm: Buffer;
  /** Undefined when what is linted is not signed yet. */
  readonly outerAlgorithm: Buffer | undefined;
  readonly issuerDer: Buffer;
  readonly subjectDer: Buffer;
  readonly notBefore: ViewedTime;
  readonly notAfter: ViewedTime;
  readonly spki: Buffer;
  readonly hasUniqueIds: boolean;
  readonly extensions: readonly Extension[];
  /** Most fields are asked for by a dozen rules; what throws is not kept and throws again. */
  readonly #read = new Map<string, unknown>();

  /**
   * @param der of a Certificate, or of a TBSCertificate before it is signed
   * @param publicKey the key in it, when it is loaded already
   * @throws DerError
   */
  constructor(der: Uint8Array, publicKey?: KeyObject) {
    if (publicKey !== undefined) this.#read.set('publicKey', publicKey);
    const outer = DerReader.over(der);
    const fields = outer.sequence();
    outer.end();
    // A TBSCertificate begins with [0] or an INTEGER, a Certificate with the SEQUENCE of its TBSCertificate.
    const signed = fields.peek() === tags.sequence;
    const tbs = signed ? fields.sequence() : fields;
    if (signed) {
      this.outerAlgorithm = fields.rawOf(tags.sequence);
      fields.bitString();
      fields.end();
    }
    const version = tbs.optional(contextConstructed(0));
    this.version = (version?.smallInteger(255) ?? 0) + 1;
    version?.end();
    this.serial = tbs.value(tags.integer);
    this.innerAlgorithm = tbs.rawOf(tags.sequence);
    this.issuerDer = tbs.rawOf(tags.sequence);
    const validity = tbs.sequence();
    this.notBefore = viewTime(validity);
    this.notAfter = viewTime(validity);
    validity.end();
    this.subjectDer = tbs.rawOf(tags.sequence);
    this.spki = tbs.rawOf(tags.sequence);
    const uniqueIds = [1, 2].filter(
      (number) => tbs.peek() === contextPrimitive(number) && tbs.raw().length > 0,
    );
    this.hasUniqueIds = uniqueIds.length > 0;
    const wrapper = tbs.optional(contextConstructed(3));
    this.extensions = wrapper === undefined ? [] : readExtensions(wrapper);
    tbs.end();
  }

  get issuer(): NameAttribute[] {
    return this.#once('issuer', () => parseName(this.issuerDer).flat());
  }

  get subject(): NameAttribute[] {
    return this.#once('subject', () => parseName(this.subjectDer).flat());
  }

  /** Values of one attribute of the subject. */
  subjectValues(type: string): string[] {
    return this.subject.filter((attribute) => attribute.type === type).map(({ value }) => value);
  }

  extension(oid: string): Extension | undefined {
    return this.extensions.find((extension) => extension.oid === oid);
  }

  get basicConstraints(): BasicConstraints | undefined {
    return this.#decoded(oids.basicConstraints, parseBasicConstraints);
  }

  get isCA(): boolean {
    return this.basicConstraints?.isCA ?? false;
  }

  /** Issuer and subject are the same, and not empty. */
  get isSelfIssued(): boolean {
    return this.issuerDer.length > 2 && this.issuerDer.equals(this.subjectDer);
  }

  get keyUsage(): number | undefined {
    return this.#decoded(oids.keyUsage, parseKeyUsage);
  }

  get extKeyUsage(): string[] | undefined {
    return this.#decoded(oids.extKeyUsage, parseExtKeyUsage);
  }

  /** Subject alternative names in order; empty without the extension. */
  get altNames(): ViewedName[] {
    return this.#decoded(oids.subjectAltName, generalNames) ?? [];
  }

  altNamesOf(kind: number): ViewedName[] {
    return this.altNames.filter((name) => name.kind === kind);
  }

  /** Undefined when node:crypto cannot load it. */
  get publicKey(): KeyObject | undefined {
    return this.#once('publicKey', () => {
      try {
        return createPublicKey({ key: this.spki, format: 'der', type: 'spki' });
      } catch {
        // A key that cannot be loaded is the finding of a rule of its own.
        return undefined;
      }
    });
  }

  /** OID of the algorithm inside the signed part. */
  get signatureOid(): string {
    return DerReader.over(this.innerAlgorithm).sequence().oid();
  }

  #decoded<T>(oid: string, decode: (value: Buffer) => T): T | undefined {
    const extension = this.extension(oid);
    return extension === undefined ? undefined : this.#once(oid, () => decode(extension.value));
  }

  #once<T>(field: string, read: () => T): T {
    if (this.#read.has(field)) return this.#read.get(field) as T;
    const value = read();
    this.#read.set(field, value);
    return value;
  }
}

function viewTime(validity: DerReader): ViewedTime {
  const tag = validity.peek();
  const content = validity.value(tag);
  let time: number | undefined;
  try {
    time = decodeTime(tag, content, 0);
  } catch {
    // Its own rule reports the text.
    time = undefined;
  }
  return { tag, text: content.toString('latin1').slice(0, 64), time };
}

/** Unlike the strict reader this one lets an identifier appear twice, so that a rule can say so. */
function readExtensions(wrapper: DerReader): Extension[] {
  const list = wrapper.sequence();
  wrapper.end();
  const found: Extension[] = [];
  while (!list.atEnd) {
    const extension = list.sequence();
    found.push({ oid: extension.oid(), critical: extension.flag(), value: extension.octetString() });
    extension.end();
  }
  return found;
}

function generalNames(value: Buffer): ViewedName[] {
  const outer = DerReader.over(value);
  const list = outer.sequence();
  outer.end();
  const names: ViewedName[] = [];
  while (!list.atEnd) {
    const tag = list.peek();
    const content = list.value(tag);
    names.push({ kind: tag & 0x1f, content, text: content.toString('latin1') });
  }
  return names;
}
