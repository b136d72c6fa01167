/** A private key reduced to what decisions compare. */
import type { KeyObject } from 'node:crypto';
import { spkiHash } from '../../pki/keys.ts';
import type { PrivateKeyFacts } from './secret-facts.ts';

/** @param spki SubjectPublicKeyInfo of the key in DER, when the caller has it already */
export function privateKeyFacts(key: KeyObject, spki?: Uint8Array): PrivateKeyFacts {
  const details = key.asymmetricKeyDetails;
  const publicKeyHash = spkiHash(spki ?? key);
  if (key.asymmetricKeyType === 'rsa')
    return { algorithm: 'RSA', size: details?.modulusLength ?? 0, publicKeyHash };
  if (key.asymmetricKeyType === 'ec')
    return { algorithm: 'ECDSA', size: curveSizes.get(details?.namedCurve ?? '') ?? 0, publicKeyHash };
  return { algorithm: 'Ed25519', size: 0, publicKeyHash };
}

const curveSizes: ReadonlyMap<string, number> = new Map([
  ['prime256v1', 256],
  ['secp384r1', 384],
  ['secp521r1', 521],
]);
