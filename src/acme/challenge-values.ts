/** What each challenge type puts into the world, from the token and the key authorization (RFC 8555 §8, RFC 8737). */
import { createHash } from 'node:crypto';

/** Token alphabet of RFC 8555 §8.1: base64url. Longer than any CA uses, shorter than a path segment may be. */
const tokenPattern = /^[A-Za-z0-9_-]{1,512}$/u;

/** Whether a CA's token is safe to put into a path, a name of an object or a file name. */
export function isToken(token: string): boolean {
  return tokenPattern.test(token);
}

/** RFC 8555 §8.1: `token.thumbprint`. */
export function keyAuthorization(token: string, thumbprint: string): string {
  return `${token}.${thumbprint}`;
}

/** RFC 8555 §8.3: the path that the CA asks for, on port 80. */
export function http01Path(token: string): string {
  return `/.well-known/acme-challenge/${token}`;
}

/** RFC 8555 §8.4: text of the TXT record at `_acme-challenge.<name>`. */
export function dns01Value(keyAuthorization: string): string {
  return createHash('sha256').update(keyAuthorization).digest('base64url');
}

/** RFC 8737 §3: the 32 bytes inside the critical acmeIdentifier extension. */
export function tlsAlpn01Digest(keyAuthorization: string): Buffer {
  return createHash('sha256').update(keyAuthorization).digest();
}

/** RFC 8737 §3: id-pe-acmeIdentifier. */
export const acmeIdentifierOid = '1.3.6.1.5.5.7.1.31';
/** RFC 8737 §4: the protocol that the CA negotiates. */
export const acmeTlsProtocol = 'acme-tls/1';
