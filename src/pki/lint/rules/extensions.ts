/** Rules over extensions as such: form, criticality, presence, identifiers and constraints (RFC 5280 §4.2). */

import { DerReader } from '../../asn1/der-reader.ts';
import { oids } from '../../asn1/oids.ts';
import { tags } from '../../asn1/tags.ts';
import { parseAuthorityKeyIdentifier } from '../../x509/extensions.ts';
import { keyUsageBits } from '../../x509/key-usage.ts';
import { parseNameConstraints } from '../../x509/name-constraints.ts';
import type { CertificateView } from '../certificate-view.ts';
import type { Rule, Severity } from '../finding.ts';
import { unreadable } from '../unreadable.ts';

const policyMappings = '2.5.29.33';
const policyConstraints = '2.5.29.36';
const freshestCrl = '2.5.29.46';
const inhibitAnyPolicy = '2.5.29.54';
const subjectInfoAccess = '1.3.6.1.5.5.7.1.11';
const certificateTransparencyPoison = '1.3.6.1.4.1.11129.2.4.3';

/** Extensions that software of today processes; a critical one beyond them makes it refuse the certificate. */
const PROCESSED: ReadonlySet<string> = new Set([
  oids.subjectKeyIdentifier,
  oids.authorityKeyIdentifier,
  oids.keyUsage,
  oids.extKeyUsage,
  oids.subjectAltName,
  oids.basicConstraints,
  oids.nameConstraints,
  oids.certificatePolicies,
  oids.crlDistributionPoints,
  oids.authorityInfoAccess,
  policyMappings,
  policyConstraints,
  freshestCrl,
  inhibitAnyPolicy,
  subjectInfoAccess,
  certificateTransparencyPoison,
]);

export const extensionRules: readonly Rule[] = [
  {
    code: 'extension_malformed',
    severity: 'error',
    source: 'RFC 5280 §4.2',
    check: (view) => malformed(view),
  },
  {
    code: 'extension_unknown_critical',
    severity: 'warning',
    source: 'RFC 5280 §4.2',
    check: ({ extensions }) => {
      const unknown = extensions.find(({ oid, critical }) => critical && !PROCESSED.has(oid));
      return (
        unknown &&
        `software that does not know the critical extension ${unknown.oid} must refuse the certificate`
      );
    },
  },
  criticality('aki_critical', oids.authorityKeyIdentifier, false, 'RFC 5280 §4.2.1.1'),
  criticality('ski_critical', oids.subjectKeyIdentifier, false, 'RFC 5280 §4.2.1.2'),
  criticality('aia_critical', oids.authorityInfoAccess, false, 'RFC 5280 §4.2.2.1'),
  criticality('sia_critical', subjectInfoAccess, false, 'RFC 5280 §4.2.2.2'),
  criticality('freshest_crl_critical', freshestCrl, false, 'RFC 5280 §4.2.1.15'),
  // The API leaves this one to the user (`nameConstraints.critical`, off by default), so it is no error.
  criticality('name_constraints_not_critical', oids.nameConstraints, true, 'RFC 5280 §4.2.1.10', 'warning'),
  criticality('policy_constraints_not_critical', policyConstraints, true, 'RFC 5280 §4.2.1.11', 'warning'),
  criticality('inhibit_any_policy_not_critical', inhibitAnyPolicy, true, 'RFC 5280 §4.2.1.14', 'warning'),
  criticality('key_usage_not_critical', oids.keyUsage, true, 'RFC 5280 §4.2.1.3', 'notice'),
  criticality(
    'crl_distribution_points_critical',
    oids.crlDistributionPoints,
    false,
    'RFC 5280 §4.2.1.13',
    'notice',
  ),
  {
    code: 'ca_basic_constraints_not_critical',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.9',
    check: (view) =>
      view.isCA && view.extension(oids.basicConstraints)?.critical === false
        ? 'the basic constraints of a CA must be critical'
        : undefined,
  },
  {
    code: 'path_length_without_ca',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.9',
    check: (view) =>
      pathLength(view) !== undefined && !view.isCA ? 'a path length needs the CA flag' : undefined,
  },
  {
    code: 'path_length_without_cert_sign',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.9',
    check: (view) =>
      pathLength(view) !== undefined && view.isCA && ((view.keyUsage ?? 0) & keyUsageBits.certSign) === 0
        ? 'a path length needs the key usage "cert sign"'
        : undefined,
  },
  {
    code: 'aki_missing',
    // A MUST, but a CA without subject key identifier leaves nothing to put in, and every client copes.
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.1',
    check: (view) =>
      view.version === 3 && !view.isSelfIssued && authorityKeyId(view) === undefined
        ? 'there is no authority key identifier, so clients must find the issuer by name alone'
        : undefined,
  },
  {
    code: 'ca_ski_missing',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.2',
    check: (view) =>
      view.isCA && view.extension(oids.subjectKeyIdentifier) === undefined
        ? 'a CA certificate needs a subject key identifier'
        : undefined,
  },
  {
    code: 'ski_missing',
    severity: 'notice',
    source: 'RFC 5280 §4.2.1.2',
    check: (view) =>
      !view.isCA && view.extension(oids.subjectKeyIdentifier) === undefined
        ? 'end entity certificates should have a subject key identifier'
        : undefined,
  },
  {
    code: 'name_constraints_without_ca',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.10',
    check: (view) =>
      view.extension(oids.nameConstraints) !== undefined && !view.isCA
        ? 'name constraints are for CA certificates only'
        : undefined,
  },
  {
    code: 'name_constraints_empty',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.10',
    check: (view) =>
      view.extension(oids.nameConstraints)?.value.equals(Buffer.from([tags.sequence, 0])) === true
        ? 'name constraints must permit or exclude something'
        : undefined,
  },
  {
    code: 'policy_duplicate',
    severity: 'warning',
    source: 'RFC 5280 §4.2.1.4',
    check: (view) => {
      const seen = new Set<string>();
      const twice = policies(view).find((policy) => seen.size === seen.add(policy).size);
      return twice === undefined ? undefined : `the policy ${twice} appears more than once`;
    },
  },
];

/** Identifiers in certificatePolicies, in order. */
export function policies(view: CertificateView): string[] {
  const extension = view.extension(oids.certificatePolicies);
  if (extension === undefined) return [];
  const list = DerReader.over(extension.value).sequence();
  const found: string[] = [];
  while (!list.atEnd) found.push(list.sequence().oid());
  return found;
}

function pathLength(view: CertificateView): number | undefined {
  return view.basicConstraints?.pathLength;
}

function authorityKeyId(view: CertificateView): Buffer | undefined {
  const extension = view.extension(oids.authorityKeyIdentifier);
  return extension && parseAuthorityKeyIdentifier(extension.value);
}

/** Reads every extension that we know; the first that cannot be read is the finding. */
function malformed(view: CertificateView): string | undefined {
  const readers: readonly (readonly [string, () => unknown])[] = [
    ['basicConstraints', () => view.basicConstraints],
    ['keyUsage', () => view.keyUsage],
    ['extKeyUsage', () => view.extKeyUsage],
    ['subjectAltName', () => view.altNames],
    ['authorityKeyIdentifier', () => authorityKeyId(view)],
    ['subjectKeyIdentifier', () => each(view, oids.subjectKeyIdentifier, (value) => wholeOctets(value))],
    ['nameConstraints', () => each(view, oids.nameConstraints, parseNameConstraints)],
    ['certificatePolicies', () => policies(view)],
  ];
  for (const [name, read] of readers) {
    const found = unreadable(name, read);
    if (found !== undefined) return found;
  }
  return undefined;
}

function each(view: CertificateView, oid: string, read: (value: Buffer) => unknown): void {
  const extension = view.extension(oid);
  if (extension !== undefined) read(extension.value);
}

function wholeOctets(value: Buffer): void {
  const reader = DerReader.over(value);
  reader.octetString();
  reader.end();
}

function criticality(
  code: string,
  oid: string,
  must: boolean,
  source: string,
  severity: Severity = 'error',
): Rule {
  const check = (view: CertificateView): string | undefined =>
    view.extension(oid)?.critical === !must
      ? `the extension ${oid} must ${must ? '' : 'not '}be critical`
      : undefined;
  return { code, severity, source, check };
}
