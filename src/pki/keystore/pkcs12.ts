/** Writes PKCS#12 stores (RFC 7292): a key with its chain, or certificates to trust. */

import { hash, type KeyObject } from 'node:crypto';

import { sequence, smallInteger } from '../asn1/der-writer.ts';
import { KeystoreError } from './keystore-error.ts';
import {
  certificateBag,
  dataContent,
  encryptedContent,
  friendlyName,
  localKeyId,
  shroudedKeyBag,
  trustedForAnyUse,
} from './pkcs12-bags.ts';
import { encrypt, type Encryption, type RandomBytes } from './pkcs12-cipher.ts';
import { encodeMac } from './pkcs12-mac.ts';
import { type Pkcs12Profile, pkcs12Profiles, type Pkcs12Scheme } from './pkcs12-profile.ts';
import { trustAliases } from './trust-aliases.ts';

export type { RandomBytes } from './pkcs12-cipher.ts';
export type { Pkcs12Profile } from './pkcs12-profile.ts';

export interface Pkcs12Options {
  /** Empty is allowed and means the empty string, not "no encryption". */
  readonly password: string;
  readonly profile: Pkcs12Profile;
  /** Salts and initialization vectors; `randomBytes` of node:crypto outside tests. */
  readonly random: RandomBytes;
}

export interface Pkcs12Keystore extends Pkcs12Options {
  readonly key: KeyObject;
  /** DER, the leaf first. */
  readonly chain: readonly Uint8Array[];
  /** DER of the issuer's CA certificates; they follow the chain. */
  readonly ca?: readonly Uint8Array[];
}

export interface Pkcs12Truststore extends Pkcs12Options {
  /** DER of the certificates to trust. */
  readonly ca: readonly Uint8Array[];
}

/**
 * One key entry. The leaf and the key carry a localKeyId, the SHA-1 of the leaf; nothing carries a friendlyName, so that
 * Java names the entry `1`.
 *
 * @returns DER of the PFX
 * @throws KeystoreError `input` without a leaf or with a key that is not private; `password` when it cannot be encoded
 */
export function encodePkcs12(store: Pkcs12Keystore): Buffer {
  const [leaf, ...rest] = store.chain;
  if (leaf === undefined) throw new KeystoreError('input', 'A keystore needs the certificate of its key');
  if (store.key.type !== 'private') throw new KeystoreError('input', 'A keystore needs a private key');
  const scheme = schemeOf(store.profile);
  const id = localKeyId(hash('sha1', leaf, 'buffer'));
  const certificates = [
    certificateBag(leaf, [id]),
    ...[...rest, ...(store.ca ?? [])].map((der) => certificateBag(der)),
  ];
  const pkcs8 = store.key.export({ type: 'pkcs8', format: 'der' });
  const shrouded = encrypt(scheme.key, pkcs8, encryptionOf(scheme, store));
  pkcs8.fill(0);
  return pfx(scheme, store, [
    encryptedContent(encrypt(scheme.certificates, sequence(...certificates), encryptionOf(scheme, store))),
    dataContent(sequence(shroudedKeyBag(shrouded, [id]))),
  ]);
}

/**
 * Trusted certificates, each with its subject as friendlyName and Java's mark of trust for any use.
 *
 * @returns DER of the PFX
 * @throws KeystoreError `input` without a certificate, or with one that cannot be read
 */
export function encodePkcs12Truststore(store: Pkcs12Truststore): Buffer {
  if (store.ca.length === 0) throw new KeystoreError('input', 'A truststore needs a certificate to trust');
  const scheme = schemeOf(store.profile);
  const names = trustAliases(store.ca);
  const bags = store.ca.map((der, index) =>
    certificateBag(der, [friendlyName(names[index] ?? ''), trustedForAnyUse()]),
  );
  return pfx(scheme, store, [
    encryptedContent(encrypt(scheme.certificates, sequence(...bags), encryptionOf(scheme, store))),
  ]);
}

function schemeOf(profile: Pkcs12Profile): Pkcs12Scheme {
  // The profile comes out of an API object, whose schema may be newer than this program.
  if (!Object.hasOwn(pkcs12Profiles, profile)) {
    throw new KeystoreError('input', `There is no PKCS#12 profile "${profile}"`);
  }
  return pkcs12Profiles[profile];
}

function encryptionOf(scheme: Pkcs12Scheme, { password, random }: Pkcs12Options): Encryption {
  return { password, random, iterations: scheme.cipherIterations, saltLength: scheme.saltLength };
}

function pfx(scheme: Pkcs12Scheme, { password, random }: Pkcs12Options, contents: Buffer[]): Buffer {
  const authenticatedSafe = sequence(...contents);
  return sequence(
    smallInteger(3),
    dataContent(authenticatedSafe),
    encodeMac(scheme, authenticatedSafe, password, random),
  );
}
