/** Rules over issuer and subject (RFC 5280 §4.1.2.4, §4.1.2.6 and the bounds of appendix A.1). */

import { oids } from '../../asn1/oids.ts';
import { tags } from '../../asn1/tags.ts';
import { unreadable } from '../unreadable.ts';
import { isEmptyName, type NameAttribute } from '../../x509/name.ts';
import type { Rule } from '../finding.ts';

/** Upper bounds in characters (RFC 5280 appendix A.1). */
const BOUNDS: Readonly<Record<string, readonly [name: string, characters: number]>> = {
  [oids.commonName]: ['commonName', 64],
  [oids.organization]: ['organizationName', 64],
  [oids.organizationalUnit]: ['organizationalUnitName', 64],
  [oids.locality]: ['localityName', 128],
  [oids.province]: ['stateOrProvinceName', 128],
  [oids.serialNumber]: ['serialNumber', 64],
  [oids.emailAddress]: ['emailAddress', 255],
};

/** X.520 types that are of type DirectoryString, for which RFC 5280 leaves two encodings. */
const DIRECTORY_STRINGS: readonly string[] = [
  oids.commonName,
  oids.organization,
  oids.organizationalUnit,
  oids.locality,
  oids.province,
  oids.street,
  oids.postalCode,
];

export const nameRules: readonly Rule[] = [
  {
    code: 'name_malformed',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.4',
    check: (view) => unreadable('issuer', () => view.issuer) ?? unreadable('subject', () => view.subject),
  },
  {
    code: 'issuer_empty',
    // Self-signed certificates without subject exist: cert-manager's SelfSigned issuer makes and warns about them.
    severity: 'warning',
    source: 'RFC 5280 §4.1.2.4',
    check: (view) => (isEmptyName(view.issuerDer) ? 'the issuer has no name' : undefined),
  },
  {
    code: 'ca_subject_empty',
    severity: 'warning',
    source: 'RFC 5280 §4.1.2.6',
    check: (view) => (view.isCA && isEmptyName(view.subjectDer) ? 'a CA needs a subject' : undefined),
  },
  {
    code: 'subject_empty_without_san',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.6',
    check: (view) =>
      !view.isCA && isEmptyName(view.subjectDer) && view.altNames.length === 0
        ? 'the certificate names nobody: neither a subject nor a subject alternative name'
        : undefined,
  },
  {
    code: 'subject_empty_san_not_critical',
    severity: 'error',
    source: 'RFC 5280 §4.2.1.6',
    check: (view) =>
      isEmptyName(view.subjectDer) && view.extension(oids.subjectAltName)?.critical === false
        ? 'without a subject the subject alternative name must be critical'
        : undefined,
  },
  {
    code: 'subject_country_not_two_letters',
    severity: 'warning',
    source: 'RFC 5280 appendix A.1',
    check: (view) => {
      const bad = view.subjectValues(oids.country).find((value) => !/^[A-Za-z]{2}$/u.test(value));
      return bad === undefined ? undefined : `country ${quote(bad)} is not a code of two letters`;
    },
  },
  {
    code: 'subject_value_too_long',
    severity: 'warning',
    source: 'RFC 5280 appendix A.1',
    check: (view) =>
      first(view.subject, ({ type, value }) => {
        const [name, limit] = BOUNDS[type] ?? ['', Infinity];
        const length = Array.from(value).length;
        return length > limit ? `${name} has ${length} characters, at most ${limit} are allowed` : undefined;
      }),
  },
  {
    code: 'subject_value_empty',
    severity: 'warning',
    source: 'RFC 5280 appendix A.1',
    check: (view) =>
      first(view.subject, ({ type, value, der }) =>
        value === '' && (der?.length ?? 0) === 2 ? `attribute ${type} is empty` : undefined,
      ),
  },
  {
    code: 'subject_value_control_character',
    severity: 'warning',
    source: 'RFC 5280 §4.1.2.6',
    check: (view) =>
      first(view.subject, ({ type, value }) =>
        /\p{Cc}/u.test(value) ? `attribute ${type} holds a control character` : undefined,
      ),
  },
  {
    code: 'subject_value_surrounded_by_space',
    severity: 'notice',
    source: 'RFC 5280 §7.1',
    check: (view) =>
      first(view.subject, ({ value }) =>
        value !== value.trim()
          ? `${quote(value)} begins or ends with a space, which comparison ignores`
          : undefined,
      ),
  },
  {
    code: 'subject_string_type',
    severity: 'notice',
    source: 'RFC 5280 §4.1.2.4',
    check: (view) =>
      first(view.subject, ({ type, der }) => {
        const tag = der?.[0];
        const modern = tag === tags.utf8String || tag === tags.printableString;
        return DIRECTORY_STRINGS.includes(type) && !modern
          ? `attribute ${type} should be a UTF8String or PrintableString`
          : undefined;
      }),
  },
  {
    code: 'subject_printable_only',
    severity: 'warning',
    source: 'RFC 5280 appendix A.1',
    check: (view) =>
      first(view.subject, ({ type, der }) =>
        (type === oids.country || type === oids.serialNumber) && der?.[0] !== tags.printableString
          ? `attribute ${type} must be a PrintableString`
          : undefined,
      ),
  },
  {
    code: 'subject_ia5_only',
    severity: 'warning',
    source: 'RFC 5280 appendix A.1',
    check: (view) =>
      first(view.subject, ({ type, der }) =>
        (type === oids.emailAddress && der?.[0] !== tags.ia5String) ||
        (type === oids.domainComponent && der?.[0] !== tags.ia5String && der?.[0] !== tags.printableString)
          ? `attribute ${type} must be an IA5String`
          : undefined,
      ),
  },
  {
    // A notice, not a warning: Go writes them so, hence every literalSubject of cert-manager's and of ours has it.
    code: 'subject_domain_component_printable',
    severity: 'notice',
    source: 'RFC 5280 appendix A.1',
    check: (view) =>
      first(view.subject, ({ type, der }) =>
        type === oids.domainComponent && der?.[0] === tags.printableString
          ? 'a domain component is a PrintableString instead of an IA5String'
          : undefined,
      ),
  },
  {
    code: 'subject_several_common_names',
    severity: 'notice',
    source: 'RFC 5280 §4.1.2.6',
    check: (view) => {
      const names = view.subjectValues(oids.commonName);
      return names.length > 1 ? `the subject has ${names.length} common names` : undefined;
    },
  },
];

function first(
  attributes: NameAttribute[],
  fault: (one: NameAttribute) => string | undefined,
): string | undefined {
  for (const attribute of attributes) {
    const found = fault(attribute);
    if (found !== undefined) return found;
  }
  return undefined;
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 64));
}
