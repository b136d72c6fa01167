/** The CA/Browser Forum's baseline requirements for TLS server certificates, as of version 2.1 (SC-081). */

import { oids } from '../../asn1/oids.ts';
import { decodeIp } from '../../x509/ip-address.ts';
import { generalNameTags } from '../../x509/general-names.ts';
import type { CertificateView } from '../certificate-view.ts';
import { dnsFault } from '../dns-syntax.ts';
import type { Rule, Severity } from '../finding.ts';
import { isReservedIp } from '../reserved-ip.ts';
import { policies } from './extensions.ts';
import { rsaBits, SHA1_SIGNATURES } from './keys.ts';

const DAY = 86_400_000;
const serverAuth = '1.3.6.1.5.5.7.3.1';

/** Longest validity by the day on which it begins (§6.3.2). */
const LIMITS: readonly (readonly [from: number, days: number])[] = [
  [Date.UTC(2029, 2, 15), 47],
  [Date.UTC(2027, 2, 15), 100],
  [Date.UTC(2026, 2, 15), 200],
  [Date.UTC(2020, 8, 1), 398],
  [0, 825],
];

/** Top-level names that no public CA may sign: reserved by RFC 2606, 6761, 6762, 7686 or ICANN, or in private use. */
const INTERNAL = new Set([
  'local',
  'localhost',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'mail',
  'private',
  'test',
  'example',
  'invalid',
  'alt',
]);

/** The rules for certificates that are no CA; a CA is only held to the strength of its key and signature. */
export const cabfRules: readonly Rule[] = [
  leaf('cabf_validity_too_long', '6.3.2', ({ notBefore, notAfter }) => {
    if (notBefore.time === undefined || notAfter.time === undefined) return undefined;
    const start = notBefore.time;
    const days = LIMITS.find(([from]) => start >= from)?.[1] ?? 825;
    // Both ends count, and each further second is a further day (§6.3.2).
    const length = notAfter.time - start + 1000;
    return length > days * DAY
      ? `valid for ${(length / DAY).toFixed(2)} days, at most ${days} are allowed`
      : undefined;
  }),
  leaf('cabf_san_missing', '7.1.2.7.12', (view) =>
    view.altNames.length === 0 ? 'a subject alternative name is required' : undefined,
  ),
  leaf('cabf_san_kind', '7.1.2.7.12', (view) => {
    const kinds: number[] = [generalNameTags.dns, generalNameTags.ip];
    return view.altNames.some(({ kind }) => !kinds.includes(kind))
      ? 'only DNS names and IP addresses are allowed'
      : undefined;
  }),
  leaf('cabf_common_name_not_in_san', '7.1.4.3', (view) => {
    const names = new Set(view.altNames.map((name) => spelled(name)));
    const bad = view.subjectValues(oids.commonName).find((name) => !names.has(name.toLowerCase()));
    return bad === undefined ? undefined : `the common name ${quote(bad)} is no subject alternative name`;
  }),
  leaf(
    'cabf_common_name_present',
    '7.1.4.3',
    (view) => (view.subjectValues(oids.commonName).length > 0 ? 'common names are discouraged' : undefined),
    'notice',
  ),
  leaf('cabf_internal_name', '4.2.2', (view) =>
    dns(view, (name) => {
      const labels = name.toLowerCase().replace(/\.$/u, '').split('.');
      return labels.length < 2 || INTERNAL.has(labels.at(-1) ?? '') ? 'is not a public name' : undefined;
    }),
  ),
  leaf('cabf_dns_syntax', '7.1.4.2.1', (view) =>
    dns(view, (name) =>
      dnsFault(name) === undefined ? undefined : `has a fault of syntax (${dnsFault(name)})`,
    ),
  ),
  leaf('cabf_reserved_ip', '4.2.2', (view) => {
    const bad = view.altNamesOf(generalNameTags.ip).find(({ content }) => isReservedIp(content));
    return bad && `the IP address ${decodeIp(bad.content) ?? bad.content.toString('hex')} is not public`;
  }),
  leaf('cabf_server_auth_missing', '7.1.2.7.10', (view) =>
    view.extKeyUsage?.includes(serverAuth) === true
      ? undefined
      : 'the extended key usage "server auth" is required',
  ),
  leaf('cabf_foreign_ext_key_usage', '7.1.2.7.10', (view) => {
    const forbidden = [
      '2.5.29.37.0',
      '1.3.6.1.5.5.7.3.3',
      '1.3.6.1.5.5.7.3.4',
      '1.3.6.1.5.5.7.3.8',
      '1.3.6.1.5.5.7.3.9',
    ];
    const bad = view.extKeyUsage?.find((purpose) => forbidden.includes(purpose));
    return bad && `the extended key usage ${bad} must not stand beside "server auth"`;
  }),
  leaf('cabf_organizational_unit', '7.1.4.2.2', (view) =>
    view.subjectValues(oids.organizationalUnit).length > 0
      ? 'organizational units are no longer allowed'
      : undefined,
  ),
  leaf('cabf_serial_entropy', '7.1.2.7', ({ serial }) => {
    const bytes = serial[0] === 0 ? serial.length - 1 : serial.length;
    return bytes < 8 ? `the serial number has ${bytes} bytes, 64 random bits do not fit` : undefined;
  }),
  leaf(
    'cabf_policy_missing',
    '7.1.2.7.9',
    (view) => (policies(view).length === 0 ? 'a certificate policy is required' : undefined),
    'warning',
  ),
  leaf(
    'cabf_revocation_missing',
    '7.1.2.7.7',
    (view) =>
      view.extension(oids.crlDistributionPoints) === undefined &&
      view.extension(oids.authorityInfoAccess) === undefined
        ? 'there is neither a CRL distribution point nor an OCSP address'
        : undefined,
    'warning',
  ),
  every('cabf_sha1', '7.1.3.2', (view) =>
    SHA1_SIGNATURES.has(view.signatureOid) ? 'SHA-1 is not allowed' : undefined,
  ),
  every('cabf_rsa_size', '6.1.5', (view) => rsaBits(view, (bits) => bits < 2048 || bits % 8 !== 0)),
  every('cabf_key_type', '6.1.5', (view) => {
    const key = view.publicKey;
    const curve = key?.asymmetricKeyDetails?.namedCurve ?? '';
    const known =
      key?.asymmetricKeyType === 'rsa' || ['prime256v1', 'secp384r1', 'secp521r1'].includes(curve);
    return key === undefined || known
      ? undefined
      : `keys of type ${key.asymmetricKeyType} ${curve} are not allowed`;
  }),
];

function leaf(code: string, section: string, check: Rule['check'], severity: Severity = 'error'): Rule {
  return every(code, section, (view) => (view.isCA ? undefined : check(view)), severity);
}

function every(code: string, section: string, check: Rule['check'], severity: Severity = 'error'): Rule {
  return { code, severity, source: `CA/B BR §${section}`, check };
}

function dns(view: CertificateView, fault: (name: string) => string | undefined): string | undefined {
  for (const { text } of view.altNamesOf(generalNameTags.dns)) {
    const found = fault(text);
    if (found !== undefined) return `the DNS name ${quote(text)} ${found}`;
  }
  return undefined;
}

function spelled({ kind, content, text }: { kind: number; content: Buffer; text: string }): string {
  return kind === generalNameTags.ip ? (decodeIp(content) ?? '') : text.toLowerCase();
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}
