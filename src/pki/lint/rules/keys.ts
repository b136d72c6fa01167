/** Rules over the public key and the signature algorithm (RFC 5280 §4.1.2.7, RFC 3279, RFC 5480, RFC 8301). */

import { DerReader } from '../../asn1/der-reader.ts';
import { oids } from '../../asn1/oids.ts';
import { tags } from '../../asn1/tags.ts';
import type { CertificateView } from '../certificate-view.ts';
import type { Rule } from '../finding.ts';
import { unreadable } from '../unreadable.ts';

/** MD2, MD4 and MD5 with RSA. */
const BROKEN = new Set(['1.2.840.113549.1.1.2', '1.2.840.113549.1.1.3', '1.2.840.113549.1.1.4']);

/** SHA-1 with RSA (two identifiers), DSA and ECDSA. */
export const SHA1_SIGNATURES: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.5',
  '1.3.14.3.2.29',
  '1.2.840.10040.4.3',
  '1.2.840.10045.4.1',
]);

export const keyRules: readonly Rule[] = [
  {
    code: 'key_unreadable',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.7',
    check: (view) => (view.publicKey === undefined ? 'the public key cannot be loaded' : undefined),
  },
  {
    code: 'key_explicit_curve',
    severity: 'error',
    source: 'RFC 5480 §2.1.1',
    check: (view) => {
      const algorithm = DerReader.over(view.spki).sequence().sequence();
      return algorithm.oid() === oids.ecPublicKey && algorithm.peek() !== tags.oid
        ? 'an elliptic curve must be given by name'
        : undefined;
    },
  },
  {
    code: 'key_rsa_below_1024',
    severity: 'error',
    source: 'RFC 8301 §3.2',
    check: (view) => rsaBits(view, (bits) => bits < 1024),
  },
  {
    code: 'key_rsa_below_2048',
    severity: 'warning',
    source: 'NIST SP 800-131A',
    check: (view) => rsaBits(view, (bits) => bits >= 1024 && bits < 2048),
  },
  {
    code: 'key_rsa_exponent',
    severity: 'error',
    source: 'RFC 8017 §3.1',
    check: (view) => {
      const exponent = view.publicKey?.asymmetricKeyDetails?.publicExponent;
      return exponent !== undefined && (exponent < 3n || exponent % 2n === 0n)
        ? `the RSA exponent ${exponent} must be odd and at least 3`
        : undefined;
    },
  },
  {
    code: 'key_curve_weak',
    severity: 'warning',
    source: 'NIST SP 800-131A',
    check: (view) => {
      const curve = view.publicKey?.asymmetricKeyDetails?.namedCurve;
      const bits = Number(/(\d{3})/u.exec(curve ?? '')?.[1] ?? 256);
      return bits < 224 ? `the curve ${curve} is too small` : undefined;
    },
  },
  {
    code: 'signature_algorithm_malformed',
    severity: 'error',
    source: 'RFC 5280 §4.1.1.2',
    check: (view) => unreadable('the signature algorithm', () => view.signatureOid),
  },
  {
    code: 'signature_broken_hash',
    severity: 'error',
    source: 'RFC 6151 §2',
    check: (view) =>
      BROKEN.has(view.signatureOid) ? 'MD2, MD4 and MD5 do not protect a certificate' : undefined,
  },
  {
    code: 'signature_sha1',
    severity: 'warning',
    source: 'RFC 9155 §1',
    check: (view) =>
      SHA1_SIGNATURES.has(view.signatureOid) ? 'SHA-1 signatures are refused by clients' : undefined,
  },
];

export function rsaBits(view: CertificateView, wrong: (bits: number) => boolean): string | undefined {
  const key = view.publicKey;
  const bits = key?.asymmetricKeyType === 'rsa' ? key.asymmetricKeyDetails?.modulusLength : undefined;
  return bits !== undefined && wrong(bits) ? `the RSA key has ${bits} bits` : undefined;
}
