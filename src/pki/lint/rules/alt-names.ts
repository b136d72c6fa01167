/** Rules over subject alternative names (RFC 5280 §4.2.1.6). */

import { oids } from '../../asn1/oids.ts';
import { generalNameTags } from '../../x509/general-names.ts';
import type { CertificateView } from '../certificate-view.ts';
import { type DnsFault, dnsFault } from '../dns-syntax.ts';
import type { Rule } from '../finding.ts';

export const altNameRules: readonly Rule[] = [
  {
    code: 'san_empty',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) =>
      view.extension(oids.subjectAltName) !== undefined && view.altNames.length === 0
        ? 'the subject alternative name extension holds no name'
        : undefined,
  },
  {
    code: 'san_not_ia5',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) => {
      const texts: number[] = [generalNameTags.dns, generalNameTags.email, generalNameTags.uri];
      const bad = view.altNames.find(
        ({ kind, content }) => texts.includes(kind) && content.some((byte) => byte > 0x7f),
      );
      return bad && `${quote(bad.text)} is not ASCII; international names go in as A-labels`;
    },
  },
  dnsRule('san_dns_empty', 'error', ['empty'], 'is empty'),
  dnsRule(
    'san_dns_too_long',
    'error',
    ['too-long', 'long-label'],
    'is longer than 253 characters, or a label than 63',
  ),
  dnsRule('san_dns_empty_label', 'error', ['empty-label'], 'has an empty label (a dot too many)'),
  dnsRule(
    'san_dns_characters',
    'error',
    ['characters'],
    'has characters that no DNS name in a certificate may have',
  ),
  dnsRule('san_dns_wildcard', 'warning', ['wildcard'], 'has a wildcard that is not the whole first label'),
  dnsRule('san_dns_hyphen', 'warning', ['hyphen'], 'has a label that begins or ends with a hyphen'),
  dnsRule('san_dns_underscore', 'warning', ['underscore'], 'has an underscore'),
  {
    code: 'san_ip_length',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) => {
      const bad = view
        .altNamesOf(generalNameTags.ip)
        .find(({ content }) => ![4, 16].includes(content.length));
      return bad && `an IP address has ${bad.content.length} bytes instead of 4 or 16`;
    },
  },
  {
    code: 'san_uri_not_absolute',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) => {
      const uris = view.altNamesOf(generalNameTags.uri);
      const bad = uris.find(({ text }) => !/^[A-Za-z][A-Za-z0-9+.-]*:./u.test(text));
      return bad && `the URI ${quote(bad.text)} needs a scheme and something after it`;
    },
  },
  {
    code: 'san_uri_characters',
    severity: 'warning',
    source: 'RFC 3986 §2',
    check: (view) => {
      const uris = view.altNamesOf(generalNameTags.uri);
      const bad = uris.find(
        ({ text }) => !/^(?:[A-Za-z0-9:/?#[\]@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*$/u.test(text),
      );
      return bad && `the URI ${quote(bad.text)} has characters that must be escaped`;
    },
  },
  {
    code: 'san_email_syntax',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) => {
      const bad = view
        .altNamesOf(generalNameTags.email)
        .find(({ text }) => !/^[^@\s<>]+@[^@\s<>]+$/u.test(text));
      return bad && `${quote(bad.text)} is not a mailbox of the form local@domain`;
    },
  },
  {
    code: 'san_duplicate',
    severity: 'notice',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) => {
      const seen = new Set<string>();
      const twice = view.altNames.find(({ kind, text }) => seen.size === seen.add(`${kind} ${text}`).size);
      return twice && `the name ${quote(twice.text)} appears more than once`;
    },
  },
  {
    code: 'san_critical_with_subject',
    severity: 'notice',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) =>
      view.extension(oids.subjectAltName)?.critical === true && view.subjectDer.length > 2
        ? 'beside a subject the subject alternative name should not be critical'
        : undefined,
  },
];

function dnsRule(code: string, severity: Rule['severity'], faults: readonly DnsFault[], what: string): Rule {
  const check = (view: CertificateView): string | undefined => {
    const bad = view.altNamesOf(generalNameTags.dns).find(({ text }) => {
      const fault = dnsFault(text);
      return fault !== undefined && faults.includes(fault);
    });
    return bad && `the DNS name ${quote(bad.text)} ${what}`;
  };
  return { code, severity, source: 'RFC 5280 §4.2.1.6', check };
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}
