/** Revoking by the certificate's own key, where the account that issued it is lost (RFC 8555 §7.6). */
import type { AcmeError } from '../../../acme/errors.ts';
import { AcmeProblemError } from '../../../acme/errors.ts';
import { PkiError } from '../../../pki/errors.ts';
import { decodePrivateKey, publicKeysEqual } from '../../../pki/keys.ts';
import type { ParsedCertificate } from '../../../pki/x509/parse-certificate.ts';
import { failed, type FoundIssuer } from './find-issuer.ts';

/** PEM of the key. @param where it is, for people. @throws CliError where it is not the certificate's */
export function certificateKey(pem: string, leaf: ParsedCertificate, where: string): string {
  try {
    if (publicKeysEqual(decodePrivateKey(pem), leaf.publicKey)) return pem;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    throw failed(`${where} cannot be used: ${error.message}`, error);
  }
  throw failed(`${where} is not the key of the certificate: give the key that belongs to it by --key-file`);
}

export interface Refused {
  named: FoundIssuer;
  serial: string;
  /** It was asked with the certificate's own key. */
  byKey: boolean;
  /** The same command, by that key. */
  instead: string;
}

/** What an account, or the key in its place, was told by the CA, and what is left to do. */
export function refusedText({ named, serial, byKey, instead }: Refused, error: AcmeError): string {
  const said = `${named.title} could not revoke certificate ${serial}: ${error.message}`;
  const isAccount = error instanceof AcmeProblemError && (error.isAccountMissing || error.is('unauthorized'));
  const isUnknown =
    error instanceof AcmeProblemError && (error.is('malformed') || error.status === 404) && !isAccount;
  if (isUnknown)
    return `${said}. The CA may not have issued it: see whose it is, and name the issuer of that CA by --issuer`;
  if (!isAccount) return said;
  return byKey
    ? `${said}. The CA does not take this key for it either: see that ${named.title} is the issuer of the CA that issued it, or name another by --issuer`
    : `${said}. The account of ${named.title} is not the one that issued it, or is gone: its key was replaced or lost, or the server changed. The certificate's own key counts as well: ${instead}`;
}
