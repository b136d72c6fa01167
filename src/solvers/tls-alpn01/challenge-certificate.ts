/** The certificate that proves control in a handshake: self-signed, one name, the digest in a critical extension (RFC 8737 §3). */
import { createHash, randomBytes, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { octetString, sequence } from '../../pki/asn1/der-writer.ts';
import { spkiOf, generateKey } from '../../pki/keys.ts';
import { encodePem } from '../../pki/pem.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { basicConstraintsExtension, encodeExtension, keyUsageExtension } from '../../pki/x509/extensions.ts';
import { encodeSubjectAltName } from '../../pki/x509/general-names.ts';
import { keyUsagesOf } from '../../pki/x509/key-usage.ts';
import { createSigner, signCertificate } from '../../pki/x509/sign-certificate.ts';

/** id-pe-acmeIdentifier, RFC 8737 §6.1. */
export const acmeIdentifierOid = '1.3.6.1.5.5.7.1.31';

const hourMs = 3_600_000;
/** Clocks of CAs and machines differ; nothing but the digest is looked at, and it is gone after the challenge. */
const validMs = 7 * 24 * hourMs;

export interface ChallengeCertificate {
  certificate: string;
  key: string;
}

/** SHA-256 over the key authorization: what the extension holds. 32 octets. */
export function keyAuthorizationDigest(keyAuthorization: string): Buffer {
  return createHash('sha256').update(keyAuthorization).digest();
}

/**
 * @param identifier DNS name as A-labels, or IP address (RFC 8738 §6)
 * @param digest of {@link keyAuthorizationDigest}
 * @param key to use again; a fresh P-256 key without it
 */
export async function createChallengeCertificate(
  identifier: string,
  digest: Uint8Array,
  now: number,
  key?: KeyObject,
): Promise<ChallengeCertificate> {
  const own = key ?? (await generateKey({ algorithm: 'ECDSA', size: 256 }));
  const names = isIP(identifier) === 0 ? { dnsNames: [identifier] } : { ipAddresses: [identifier] };
  const altName = encodeSubjectAltName(names);
  if (altName === undefined) throw new TypeError('one name is an alternative name');
  const usage = keyUsageExtension(keyUsagesOf(['digital signature'], false).keyUsage);
  const serial = randomBytes(16);
  // Positive, and never zero.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const der = await signCertificate(
    {
      serial,
      // Empty: the name stands in the extension alone, which is critical then (RFC 5280 §4.2.1.6).
      subjectDer: sequence(),
      notBefore: now - hourMs,
      notAfter: now + validMs,
      spki: spkiOf(own),
      extensions: [
        ...(usage === undefined ? [] : [usage]),
        basicConstraintsExtension(false),
        encodeExtension('2.5.29.17', true, altName),
        encodeExtension(acmeIdentifierOid, true, octetString(digest)),
      ],
    },
    createSigner(own),
  );
  return { certificate: encodePem('CERTIFICATE', der), key: encodePrivateKey(own, 'PKCS8') };
}
