/** Tells whether two keystores say the same in the same way, though salts make every encoding differ. */

import type { KeyObject } from 'node:crypto';

import { objectIdentifier } from '../asn1/der-writer.ts';
import { PkiError } from '../errors.ts';
import { readJks } from './jks-reader.ts';
import { pkcs12Oids } from './pkcs12-oids.ts';
import { readPkcs12 } from './pkcs12-reader.ts';

/** They stand outside of what is encrypted, and no two profiles use the same ones equally often. */
const schemes = [
  pkcs12Oids.pbeSha1Rc2With40Bits,
  pkcs12Oids.pbeSha1TripleDes,
  pkcs12Oids.pbes2,
  pkcs12Oids.pbmac1,
].map((oid) => objectIdentifier(oid));

/** True when both open with the password and hold the same keys, certificates and names under the same ciphers. */
export function samePkcs12(one: Uint8Array, other: Uint8Array, password: string): boolean {
  return (
    schemes.every((oid) => occurrences(one, oid) === occurrences(other, oid)) &&
    sameContent(one, other, (store) => {
      const { keys, certificates } = readPkcs12(store, password);
      return [...keys, ...certificates];
    })
  );
}

/** True when both open with the password and hold the same entries; when they were created does not matter. */
export function sameJks(one: Uint8Array, other: Uint8Array, password: string): boolean {
  return sameContent(one, other, (store) =>
    readJks(store, password).map((entry) => ({ ...entry, created: 0 })),
  );
}

type Read = (store: Uint8Array) => readonly object[];

function sameContent(one: Uint8Array, other: Uint8Array, read: Read): boolean {
  let stores: [readonly object[], readonly object[]];
  try {
    stores = [read(one), read(other)];
  } catch (error) {
    // Damaged, foreign, or under another password: not the same.
    if (error instanceof PkiError) return false;
    throw error;
  }
  const [mine, others] = stores;
  return mine.length === others.length && mine.every((entry, index) => sameEntry(entry, others[index]));
}

function sameEntry(one: object, other: object | undefined): boolean {
  const fields = new Map<string, unknown>(Object.entries(other ?? {}));
  const mine = Object.entries(one);
  return mine.length === fields.size && mine.every(([name, value]) => sameValue(value, fields.get(name)));
}

function sameValue(one: unknown, other: unknown): boolean {
  if (one instanceof Uint8Array) return other instanceof Uint8Array && Buffer.compare(one, other) === 0;
  if (Array.isArray(one)) {
    const others: unknown[] = Array.isArray(other) ? other : [];
    return one.length === others.length && one.every((value, index) => sameValue(value, others[index]));
  }
  if (isKey(one)) return isKey(other) && one.equals(other);
  return one === other;
}

function isKey(value: unknown): value is KeyObject {
  return typeof value === 'object' && value !== null && 'asymmetricKeyType' in value && 'equals' in value;
}

function occurrences(store: Uint8Array, oid: Uint8Array): number {
  const bytes = Buffer.from(store.buffer, store.byteOffset, store.byteLength);
  let count = 0;
  for (let at = bytes.indexOf(oid); at !== -1; at = bytes.indexOf(oid, at + oid.length)) count++;
  return count;
}
