/** Rules over key usage and extended key usage, and how they fit the CA flag and the key (RFC 5280 §4.2.1.3, §4.2.1.12). */

import { oids } from '../../asn1/oids.ts';
import { keyUsageBits } from '../../x509/key-usage.ts';
import type { CertificateView } from '../certificate-view.ts';
import type { Rule } from '../finding.ts';

const any = '2.5.29.37.0';
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

export const usageRules: readonly Rule[] = [
  {
    code: 'key_usage_empty',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.3',
    check: (view) => (view.keyUsage === 0 ? 'a key usage extension must have a bit set' : undefined),
  },
  {
    code: 'cert_sign_without_ca',
    // A MUST NOT; yet the API lets people ask for it and no client takes such a certificate for a CA.
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.9',
    check: (view) =>
      has(view, 'certSign') && !view.isCA ? 'the key usage "cert sign" needs the CA flag' : undefined,
  },
  {
    code: 'ca_key_usage_missing',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.3',
    check: (view) =>
      view.isCA && view.keyUsage === undefined ? 'a CA certificate needs a key usage' : undefined,
  },
  {
    code: 'ca_without_cert_sign',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.3',
    check: (view) =>
      view.isCA && view.keyUsage !== undefined && !has(view, 'certSign')
        ? 'a CA without the key usage "cert sign" cannot sign certificates'
        : undefined,
  },
  {
    code: 'only_without_key_agreement',
    severity: 'notice',
    source: 'RFC 5280 §4.2.1.3',
    check: (view) =>
      (has(view, 'encipherOnly') || has(view, 'decipherOnly')) && !has(view, 'keyAgreement')
        ? '"encipher only" and "decipher only" mean nothing without "key agreement"'
        : undefined,
  },
  {
    code: 'ext_key_usage_empty',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.12',
    check: (view) =>
      view.extension(oids.extKeyUsage)?.value.length === 2
        ? 'an extended key usage must name a purpose'
        : undefined,
  },
  {
    code: 'ext_key_usage_duplicate',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.12',
    check: (view) => {
      const purposes = view.extKeyUsage ?? [];
      return new Set(purposes).size < purposes.length
        ? 'an extended key usage appears more than once'
        : undefined;
    },
  },
  {
    code: 'any_ext_key_usage_critical',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.12',
    check: (view) =>
      view.extension(oids.extKeyUsage)?.critical === true && (view.extKeyUsage ?? []).includes(any)
        ? 'with "any" the extended key usage should not be critical'
        : undefined,
  },
  {
    code: 'any_ext_key_usage_with_others',
    severity: 'notice',
    source: 'RFC 5280 §4.2.1.12',
    check: (view) =>
      (view.extKeyUsage?.length ?? 0) > 1 && view.extKeyUsage?.includes(any) === true
        ? 'beside "any" the other extended key usages say nothing'
        : undefined,
  },
  {
    code: 'server_auth_key_usage',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.12',
    check: (view) =>
      purposeWithout(view, serverAuth, ['digitalSignature', 'keyEncipherment', 'keyAgreement'])
        ? '"server auth" needs "digital signature", "key encipherment" or "key agreement"'
        : undefined,
  },
  {
    code: 'client_auth_key_usage',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.12',
    check: (view) =>
      purposeWithout(view, clientAuth, ['digitalSignature', 'keyAgreement'])
        ? '"client auth" needs "digital signature" or "key agreement"'
        : undefined,
  },
  {
    code: 'rsa_key_agreement',
    severity: 'warning',
    source: 'RFC 4055 §1.2',
    check: (view) =>
      keyType(view) === 'rsa' && has(view, 'keyAgreement') ? 'RSA keys cannot do "key agreement"' : undefined,
  },
  {
    code: 'ec_encipherment',
    // The API's default usages ask for it with every kind of key, so it is everywhere and only worth a notice.
    severity: 'notice',
    source: 'RFC 8813 §3',
    check: (view) =>
      keyType(view) === 'ec' && (has(view, 'keyEncipherment') || has(view, 'dataEncipherment'))
        ? 'ECDSA keys cannot encipher: "key encipherment" should not be asked for'
        : undefined,
  },
  {
    code: 'ed25519_usage',
    severity: 'notice',
    source: 'RFC 8410 §5',
    check: (view) =>
      keyType(view) === 'ed25519' &&
      (has(view, 'keyEncipherment') || has(view, 'dataEncipherment') || has(view, 'keyAgreement'))
        ? 'Ed25519 keys only sign: encipherment and key agreement should not be asked for'
        : undefined,
  },
];

function has(view: CertificateView, bit: keyof typeof keyUsageBits): boolean {
  return ((view.keyUsage ?? 0) & keyUsageBits[bit]) !== 0;
}

/** The purpose is named, a key usage is there, and none of the bits that the purpose lives on is set. */
function purposeWithout(
  view: CertificateView,
  purpose: string,
  bits: (keyof typeof keyUsageBits)[],
): boolean {
  const named = view.extKeyUsage?.includes(purpose) === true && view.keyUsage !== undefined;
  return named && !bits.some((bit) => has(view, bit));
}

function keyType(view: CertificateView): string | undefined {
  return view.publicKey?.asymmetricKeyType;
}
