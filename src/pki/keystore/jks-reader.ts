/** Reads Java KeyStores (JKS) strictly: integrity first, then every entry, with nothing left over. */

import { createPrivateKey, type KeyObject, timingSafeEqual } from 'node:crypto';

import { DerReader } from '../asn1/der-reader.ts';
import { PkiError, TooLargeError } from '../errors.ts';
import {
  fromModifiedUtf8,
  JKS_KEY_PROTECTOR,
  JKS_MAGIC,
  JKS_VERSION,
  jksDigest,
  jksEntry,
  recoverKey,
  widenPassword,
} from './jks-format.ts';
import { KeystoreError } from './keystore-error.ts';

export type JksEntry =
  | {
      readonly kind: 'key';
      readonly alias: string;
      readonly created: number;
      readonly key: KeyObject;
      readonly chain: Buffer[];
    }
  | {
      readonly kind: 'trusted';
      readonly alias: string;
      readonly created: number;
      readonly certificate: Buffer;
    };

const MAX_BYTES = 4 * 1024 * 1024;
const DIGEST = 20;

/**
 * Entries in the order of the store. `created` is in milliseconds since the epoch.
 *
 * @throws KeystoreError with the fault; TooLargeError beyond 4 MiB
 */
export function readJks(store: Uint8Array, password: string): JksEntry[] {
  if (store.length > MAX_BYTES) throw new TooLargeError('The keystore', MAX_BYTES, store.length);
  const wide = widenPassword(password);
  const bytes = Buffer.from(store.buffer, store.byteOffset, store.byteLength);
  if (bytes.length < 12 + DIGEST || bytes.readUInt32BE(0) !== JKS_MAGIC) {
    throw new KeystoreError('malformed', 'This is no JKS store: it does not begin with FEEDFEED');
  }
  const content = bytes.subarray(0, bytes.length - DIGEST);
  if (!timingSafeEqual(jksDigest(wide, content), bytes.subarray(content.length))) {
    throw new KeystoreError(
      'password',
      'The password is wrong, or the store was changed after it was written',
    );
  }
  if (content.readUInt32BE(4) !== JKS_VERSION)
    throw new KeystoreError('unsupported', 'Only version 2 of JKS is read');
  const cursor = new Cursor(content, 8);
  const count = cursor.uint32();
  const entries: JksEntry[] = [];
  for (let index = 0; index < count; index++) entries.push(readEntry(cursor, wide));
  if (!cursor.atEnd) throw new KeystoreError('malformed', 'The store has bytes after its last entry');
  return entries;
}

function readEntry(cursor: Cursor, password: Buffer): JksEntry {
  const tag = cursor.uint32();
  const alias = cursor.text();
  const created = cursor.date();
  if (tag === jksEntry.trusted) return { kind: 'trusted', alias, created, certificate: cursor.certificate() };
  if (tag !== jksEntry.privateKey)
    throw new KeystoreError('malformed', `The store has an entry of kind ${tag}`);
  const key = readKey(cursor.sized(), password);
  const count = cursor.uint32();
  const chain: Buffer[] = [];
  // Each certificate takes bytes, so a made-up count ends at the end of the store and not in memory.
  for (let index = 0; index < count; index++) chain.push(cursor.certificate());
  return { kind: 'key', alias, created, key, chain };
}

function readKey(protectedInfo: Buffer, password: Buffer): KeyObject {
  let octets: Buffer;
  try {
    const outer = DerReader.over(protectedInfo);
    const info = outer.sequence();
    outer.end();
    const algorithm = info.sequence();
    const oid = algorithm.oid();
    if (oid !== JKS_KEY_PROTECTOR) throw new KeystoreError('unsupported', `The key is protected with ${oid}`);
    if (!algorithm.atEnd) algorithm.null();
    algorithm.end();
    octets = info.octetString();
    info.end();
  } catch (error) {
    if (error instanceof KeystoreError || !(error instanceof PkiError)) throw error;
    throw new KeystoreError('malformed', `A key entry is damaged: ${error.message}`, { cause: error });
  }
  const pkcs8 = recoverKey(octets, password);
  if (pkcs8 === undefined) throw new KeystoreError('password', 'The password does not recover the key');
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch {
    // OpenSSL's own error may describe key bytes; it stays here.
    throw new KeystoreError('malformed', 'The private key in the store is damaged');
  }
}

/** Reads Java's DataOutput forms and never past the end. */
class Cursor {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at)
      throw new KeystoreError('malformed', 'The store ends inside an entry');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint32(): number {
    return this.take(4).readUInt32BE(0);
  }

  date(): number {
    return Number(this.take(8).readBigInt64BE(0));
  }

  sized(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    const text = fromModifiedUtf8(this.take(this.take(2).readUInt16BE(0)));
    if (text === undefined)
      throw new KeystoreError('malformed', 'The store has a name that is not modified UTF-8');
    return text;
  }

  certificate(): Buffer {
    const type = this.text();
    if (type !== 'X509' && type !== 'X.509') {
      throw new KeystoreError('unsupported', `The store holds a certificate of type "${type.slice(0, 32)}"`);
    }
    return this.sized();
  }
}
