/** The name of a certificate in renewal information (RFC 9773 §4.1). */
import { PkiError } from '../pki/errors.ts';
import { parseCertificate, type ParsedCertificate } from '../pki/x509/parse-certificate.ts';
import { AcmeCertificateError } from './errors.ts';

/**
 * base64url of the authority key identifier, a dot, base64url of the serial number's content octets (a leading zero
 * byte stays). Undefined: the certificate names no authority key, so it has no such name.
 * @param certificate DER, or PEM with the leaf first
 * @throws AcmeCertificateError for what is no certificate
 */
export function renewalCertId(certificate: string | Uint8Array): string | undefined {
  try {
    return renewalCertIdOf(parseCertificate(certificate));
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause;
    throw new AcmeCertificateError(`No name for renewal information: ${cause.message}`, { cause });
  }
}

/** The same for a leaf that is parsed already. */
export function renewalCertIdOf(
  leaf: Pick<ParsedCertificate, 'authorityKeyId' | 'serial'>,
): string | undefined {
  const { authorityKeyId, serial } = leaf;
  if (authorityKeyId === undefined || authorityKeyId.length === 0) return undefined;
  return `${authorityKeyId.toString('base64url')}.${serial.toString('base64url')}`;
}
