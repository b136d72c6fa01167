/** Reads PKCS#12 stores strictly: DER only, bounded in size and work, with every part understood or refused. */

import { createPrivateKey, type KeyObject } from 'node:crypto';

import { DerReader } from '../asn1/der-reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../asn1/tags.ts';
import { DerError } from '../errors.ts';
import { IterationBudget } from './iteration-budget.ts';
import { KeystoreError } from './keystore-error.ts';
import { decrypt } from './pkcs12-cipher.ts';
import { verifyMac } from './pkcs12-mac.ts';
import { pkcs12Oids } from './pkcs12-oids.ts';

export interface StoredKey {
  readonly key: KeyObject;
  readonly friendlyName?: string;
  readonly localKeyId?: Buffer;
}

export interface StoredCertificate {
  /** DER. */
  readonly certificate: Buffer;
  readonly friendlyName?: string;
  readonly localKeyId?: Buffer;
  /** Carries Java's mark of a trusted certificate. */
  readonly trusted: boolean;
}

export interface Pkcs12Content {
  readonly keys: StoredKey[];
  /** In the order of the store. */
  readonly certificates: StoredCertificate[];
}

const MAX_BYTES = 4 * 1024 * 1024;

interface Opening {
  readonly password: string;
  readonly budget: IterationBudget;
  readonly content: Pkcs12Content;
}

/**
 * Opens a store that has a MAC (a store without one proves nothing and is refused).
 *
 * @param store DER, at most 4 MiB
 * @throws KeystoreError with the fault; TooLargeError
 */
export function readPkcs12(store: Uint8Array, password: string): Pkcs12Content {
  try {
    return readPfx(store, password);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new KeystoreError('malformed', `This is no PKCS#12 store: ${error.message}`, { cause: error });
  }
}

function readPfx(store: Uint8Array, password: string): Pkcs12Content {
  const opening: Opening = {
    password,
    budget: new IterationBudget(),
    content: { keys: [], certificates: [] },
  };
  const outer = DerReader.over(store, { maxBytes: MAX_BYTES });
  const pfx = outer.sequence();
  outer.end();
  if (pfx.smallInteger(255) !== 3)
    throw new KeystoreError('unsupported', 'Only version 3 of PKCS#12 is read');
  const authSafe = pfx.sequence();
  if (authSafe.oid() !== pkcs12Oids.data) {
    throw new KeystoreError('unsupported', 'Stores with a signature instead of a password are not read');
  }
  const safes = explicitOctets(authSafe);
  if (pfx.atEnd) throw new KeystoreError('unsupported', 'The store has no MAC');
  verifyMac(pfx.sequence(), safes, password, opening.budget);
  pfx.end();
  const list = sequenceIn(safes);
  while (!list.atEnd) readContentInfo(list.sequence(), opening);
  return opening.content;
}

function readContentInfo(info: DerReader, opening: Opening): void {
  const type = info.oid();
  if (type === pkcs12Oids.data) {
    readBags(explicitOctets(info), opening);
    return;
  }
  if (type !== pkcs12Oids.encryptedData) {
    throw new KeystoreError('unsupported', `The store holds content of type ${type}`);
  }
  const wrapper = info.enter(contextConstructed(0));
  info.end();
  const encryptedData = wrapper.sequence();
  wrapper.end();
  if (encryptedData.smallInteger(255) !== 0)
    throw new KeystoreError('malformed', 'EncryptedData must be version 0');
  const content = encryptedData.sequence();
  encryptedData.end();
  if (content.oid() !== pkcs12Oids.data)
    throw new KeystoreError('malformed', 'Encrypted content must be data');
  const algorithm = content.sequence();
  const cipherText = content.value(contextPrimitive(0));
  content.end();
  readBags(decrypt(algorithm, cipherText, opening.password, opening.budget), opening);
}

function readBags(safeContents: Uint8Array, opening: Opening): void {
  const bags = sequenceIn(safeContents);
  while (!bags.atEnd) readBag(bags.sequence(), opening);
}

function readBag(bag: DerReader, { password, budget, content }: Opening): void {
  const type = bag.oid();
  const wrapper = bag.enter(contextConstructed(0));
  const attributes = bag.atEnd ? {} : readAttributes(bag.set());
  bag.end();
  const { trusted = false, ...names } = attributes;
  if (type === pkcs12Oids.certBag) {
    const certBag = wrapper.sequence();
    if (certBag.oid() !== pkcs12Oids.x509Certificate) {
      throw new KeystoreError('unsupported', 'The store holds a certificate that is not X.509');
    }
    content.certificates.push({ certificate: explicitOctets(certBag), trusted, ...names });
  } else if (type === pkcs12Oids.shroudedKeyBag) {
    const info = wrapper.sequence();
    const algorithm = info.sequence();
    const cipherText = info.octetString();
    info.end();
    content.keys.push({ key: privateKey(decrypt(algorithm, cipherText, password, budget)), ...names });
  } else if (type === pkcs12Oids.keyBag) {
    content.keys.push({ key: privateKey(wrapper.rawOf(tags.sequence)), ...names });
  } else {
    throw new KeystoreError('unsupported', `The store holds a bag of type ${type}`);
  }
  wrapper.end();
}

interface Attributes {
  friendlyName?: string;
  localKeyId?: Buffer;
  trusted?: true;
}

function readAttributes(set: DerReader): Attributes {
  const found: Attributes = {};
  while (!set.atEnd) {
    const attribute = set.sequence();
    const type = attribute.oid();
    const values = attribute.set();
    attribute.end();
    if (type === pkcs12Oids.friendlyName) found.friendlyName = bmpText(values.value(tags.bmpString));
    else if (type === pkcs12Oids.localKeyId) found.localKeyId = values.octetString();
    else if (type === pkcs12Oids.trustedKeyUsage) found.trusted = true;
    if (type === pkcs12Oids.friendlyName || type === pkcs12Oids.localKeyId) values.end();
  }
  return found;
}

/** Java and OpenSSL put surrogate pairs into BMPStrings, which the strict decoder of names rightly refuses. */
function bmpText(content: Buffer): string {
  if (content.length % 2 !== 0) throw new KeystoreError('malformed', 'A friendlyName has half a character');
  return Buffer.from(content).swap16().toString('utf16le').toWellFormed();
}

function privateKey(pkcs8: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch {
    // OpenSSL's own error may describe key bytes; it stays here.
    throw new KeystoreError('malformed', 'The private key in the store is damaged');
  }
}

/** `[0] EXPLICIT OCTET STRING` as the last field. */
function explicitOctets(reader: DerReader): Buffer {
  const wrapper = reader.enter(contextConstructed(0));
  reader.end();
  const octets = wrapper.octetString();
  wrapper.end();
  return octets;
}

function sequenceIn(bytes: Uint8Array): DerReader {
  const outer = DerReader.over(bytes, { maxBytes: MAX_BYTES });
  const inner = outer.sequence();
  outer.end();
  return inner;
}
