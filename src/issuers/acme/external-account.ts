/** External account binding of an issuer: the MAC key that the CA gave out, read from its Secret (RFC 8555 §7.3.4). */
import type { ExternalAccount } from '../../acme/acme-client.ts';
import type { ExternalAccountBinding } from '../../api/issuer-acme.ts';
import type { Secret } from '../../api/core.ts';

/** Longer than any CA gives out. */
const longestKey = 4096;

/**
 * Where padded or not URL-safe text is found, the message says which form is wanted: CAs show both.
 * @param secret undefined: it does not exist
 * @returns text for people when it cannot be used; it never quotes the key
 */
export function externalAccountIn(
  binding: ExternalAccountBinding,
  secret: Secret | undefined,
): ExternalAccount | string {
  const { name, key: entry = '' } = binding.keySecretRef;
  if (secret === undefined)
    return `failed to get External Account Binding key from secret: secret ${JSON.stringify(name)} not found; create it with the key that the CA gave out`;
  const value = secret.data?.[entry];
  if (value === undefined)
    return `failed to find external account binding key data in Secret ${JSON.stringify(name)} at index ${JSON.stringify(entry)}`;
  const text = Buffer.from(value, 'base64')
    .toString('utf8')
    .replaceAll(/[\r\n]/gu, '');
  if (!/^[A-Za-z0-9_-]+$/u.test(text) || text.length > longestKey || text.length % 4 === 1) {
    const problem = /[+/=]/u.test(text)
      ? 'it is base64 with padding, or with + or /: write it as base64url without padding'
      : 'it is no base64url without padding';
    return `failed to decode external account binding key data: entry ${JSON.stringify(entry)} of Secret ${JSON.stringify(name)}: ${problem}`;
  }
  return {
    keyId: binding.keyID,
    key: Buffer.from(text, 'base64url'),
    algorithm: binding.keyAlgorithm ?? 'HS256',
  };
}
