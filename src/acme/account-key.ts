/** An account key as JWS sees it: its algorithm, its public JWK, its thumbprint (RFC 7518 §3.1, RFC 7638, RFC 8037). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { PkiError } from '../pki/errors.ts';
import { decodePrivateKey } from '../pki/keys.ts';
import { AcmeConfigurationError } from './errors.ts';

export interface AccountKey {
  readonly privateKey: KeyObject;
  readonly algorithm: 'RS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA';
  /** Required members only, in the order of RFC 7638 §3.2. */
  readonly jwk: Readonly<Record<string, string>>;
  /** base64url of SHA-256. */
  readonly thumbprint: string;
}

const ecAlgorithms = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' } as const;
const members: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/** @throws AcmeConfigurationError for what is no usable key; it carries no key material */
export function readAccountKey(pem: string): AccountKey {
  let privateKey: KeyObject;
  try {
    privateKey = decodePrivateKey(pem);
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause;
    throw new AcmeConfigurationError(`The account key cannot be used: ${cause.message}`, { cause });
  }
  const exported = createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string>;
  const jwk = Object.fromEntries(
    (members[exported['kty'] ?? ''] ?? []).map((name) => [name, exported[name] ?? '']),
  );
  return {
    privateKey,
    algorithm: algorithmOf(privateKey),
    jwk,
    thumbprint: createHash('sha256').update(JSON.stringify(jwk)).digest('base64url'),
  };
}

function algorithmOf(key: KeyObject): AccountKey['algorithm'] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && Object.hasOwn(ecAlgorithms, namedCurve))
    return ecAlgorithms[namedCurve as keyof typeof ecAlgorithms];
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RS256';
  throw new AcmeConfigurationError(
    'The account key is an RSA key below 2048 bits, which no CA accepts: use RSA 2048, P-256 or P-384',
  );
}
