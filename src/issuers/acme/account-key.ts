/** The account key of an ACME issuer: where it is kept, how it is read, and the digest that status.acme names it by (acme.md §3.2). */
import { createHash, type KeyObject } from 'node:crypto';
import type { Secret } from '../../api/core.ts';
import { decodePrivateKey } from '../../pki/private-key.ts';
import type { AnyIssuer } from '../issuer.ts';

export interface AccountKey {
  /** As it is stored. */
  pem: string;
  /** Base64 SHA-256, as `status.acme.lastPrivateKeyHash` has it. */
  fingerprint: string;
}

export const defaultAccountKeyEntry = 'tls.key';

/** Secret and entry of the account key. The name is empty where validation was switched off. */
export function accountKeyReference(issuer: AnyIssuer): { name: string; entry: string } {
  const { name = '', key = '' } = issuer.spec.acme?.privateKeySecretRef ?? {};
  return { name, entry: key === '' ? defaultAccountKeyEntry : key };
}

/** Undefined: the entry is missing. @throws PkiError when it holds no private key that can be used */
export function accountKeyIn(secret: Secret, entry: string): AccountKey | undefined {
  const value = secret.data?.[entry];
  if (value === undefined) return undefined;
  const pem = Buffer.from(value, 'base64').toString('utf8');
  return { pem, fingerprint: fingerprintOf(decodePrivateKey(pem)) };
}

/** Of PKCS#1 for RSA, as cert-manager has it; of PKCS#8 for the kinds of keys that it does not take. */
export function fingerprintOf(key: KeyObject): string {
  const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'pkcs8';
  return createHash('sha256')
    .update(key.export({ type, format: 'der' }))
    .digest('base64');
}
