/** Writes Java KeyStores (JKS): a key with its chain and the CA beside it, or the CA alone. */

import type { KeyObject } from 'node:crypto';

import { nullValue, objectIdentifier, octetString, sequence } from '../asn1/der-writer.ts';
import {
  JKS_KEY_PROTECTOR,
  JKS_MAGIC,
  JKS_VERSION,
  jksDigest,
  jksEntry,
  modifiedUtf8,
  protectKey,
  widenPassword,
} from './jks-format.ts';
import { KeystoreError } from './keystore-error.ts';
import type { RandomBytes } from './pkcs12-cipher.ts';

export interface JksOptions {
  /** Protects the store and the key. */
  readonly password: string;
  /** Milliseconds since the epoch; the creation date of every entry. */
  readonly now: number;
}

export interface JksKeystore extends JksOptions {
  /** Stored in lower case, as Java looks it up. */
  readonly alias: string;
  readonly key: KeyObject;
  /** DER, the leaf first. */
  readonly chain: readonly Uint8Array[];
  /** DER; each becomes a trusted entry `ca`, `ca-1`, `ca-2`, … */
  readonly ca?: readonly Uint8Array[];
  readonly random: RandomBytes;
}

export interface JksTruststore extends JksOptions {
  readonly ca: readonly Uint8Array[];
}

/** @throws KeystoreError `input` without a leaf, with a key that is not private or an alias that cannot be stored */
export function encodeJks(store: JksKeystore): Buffer {
  if (store.chain.length === 0)
    throw new KeystoreError('input', 'A keystore needs the certificate of its key');
  if (store.key.type !== 'private') throw new KeystoreError('input', 'A keystore needs a private key');
  if (!store.alias.isWellFormed()) throw new KeystoreError('input', 'The alias holds half a surrogate pair');
  const alias = store.alias.toLowerCase();
  const password = widenPassword(store.password);
  const pkcs8 = store.key.export({ type: 'pkcs8', format: 'der' });
  const key = sequence(
    sequence(objectIdentifier(JKS_KEY_PROTECTOR), nullValue()),
    octetString(protectKey(pkcs8, password, store.random(20))),
  );
  pkcs8.fill(0);
  const entry = Buffer.concat([
    uint32(jksEntry.privateKey),
    modifiedUtf8(alias),
    date(store.now),
    sized(key),
    uint32(store.chain.length),
    ...store.chain.map(certificate),
  ]);
  return finish([entry, ...trustedEntries(store.ca ?? [], store.now, alias)], password);
}

/** @throws KeystoreError `input` without a certificate */
export function encodeJksTruststore(store: JksTruststore): Buffer {
  if (store.ca.length === 0) throw new KeystoreError('input', 'A truststore needs a certificate to trust');
  return finish(trustedEntries(store.ca, store.now), widenPassword(store.password));
}

/**
 * `taken` is the alias of the key: Java keeps one entry per alias, so a CA of the same name would replace the key.
 */
function trustedEntries(ca: readonly Uint8Array[], now: number, taken?: string): Buffer[] {
  let number = 0;
  return ca.map((der) => {
    const name = (): string => (number === 0 ? 'ca' : `ca-${number}`);
    if (name() === taken) number++;
    const alias = name();
    number++;
    return Buffer.concat([uint32(jksEntry.trusted), modifiedUtf8(alias), date(now), certificate(der)]);
  });
}

function finish(entries: Buffer[], password: Buffer): Buffer {
  const content = Buffer.concat([uint32(JKS_MAGIC), uint32(JKS_VERSION), uint32(entries.length), ...entries]);
  return Buffer.concat([content, jksDigest(password, content)]);
}

/** The type is `X509`, as the peer writes it; Java knows it as another name of `X.509`. */
function certificate(der: Uint8Array): Buffer {
  return Buffer.concat([modifiedUtf8('X509'), sized(der)]);
}

function sized(bytes: Uint8Array): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function date(milliseconds: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(Math.trunc(milliseconds)));
  return bytes;
}
