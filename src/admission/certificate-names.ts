/** Validation of the names of a Certificate: subject, literal subject, alternative names and name constraints (spec/api.md §7). */
import { isIP } from 'node:net';
import { maximumCommonNameBytes } from '../api/limits.ts';
import { oids } from '../pki/asn1/oids.ts';
import { PkiError } from '../pki/errors.ts';
import { encodeCidr } from '../pki/x509/ip-address.ts';
import { parseLiteralSubject } from '../pki/x509/literal-subject.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

export function validateCertificateNames(spec: Field, errors: FieldErrors): void {
  const commonName = literalOrPlainCommonName(spec, errors);
  const lists = ['dnsNames', 'ipAddresses', 'uris', 'emailAddresses', 'otherNames'];
  if (commonName === '' && lists.every((list) => spec.at(list).items.length === 0)) {
    errors.invalid(
      spec,
      'a certificate needs a name: set at least one of dnsNames, ipAddresses, uris, emailAddresses, otherNames, commonName, or a CN in literalSubject',
      '',
    );
  }
  if (Buffer.byteLength(commonName) > maximumCommonNameBytes) {
    errors.tooLong(
      spec.at('commonName'),
      `may not be more than ${maximumCommonNameBytes} bytes; put longer names into dnsNames`,
    );
  }
  for (const address of spec.at('ipAddresses').items) {
    if (isIP(address.text) === 0 || address.text.includes('%'))
      errors.invalid(address, 'is no IPv4 or IPv6 address');
  }
  for (const address of spec.at('emailAddresses').items) {
    if (!isMailbox(address.text)) {
      errors.invalid(address, 'is no e-mail address; give only the address itself, such as user@example.com');
    }
  }
  spec.at('otherNames').items.forEach((name) => validateOtherName(name, errors));
  validateNameConstraints(spec, errors);
}

/** The common name that counts: that of the literal subject, or the field. */
function literalOrPlainCommonName(spec: Field, errors: FieldErrors): string {
  const literal = spec.at('literalSubject');
  if (literal.text === '') return spec.at('commonName').text;
  if (spec.at('commonName').text !== '') {
    errors.invalid(spec.at('commonName'), 'excludes literalSubject; put CN= into literalSubject instead');
  }
  const subject = spec.at('subject');
  if (
    subject.entries.some(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value !== '' && value !== null,
    )
  ) {
    errors.invalid(subject, 'excludes literalSubject; put its attributes into literalSubject instead');
  }
  try {
    const attributes = parseLiteralSubject(literal.text).flat();
    // The last one in encoding order, as cert-manager's webhook takes it.
    return attributes.findLast(({ type }) => type === oids.commonName)?.value ?? '';
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    errors.invalid(literal, error.message);
    return '';
  }
}

/** A dot-atom mailbox of RFC 5322 §3.4.1, non-ASCII letters allowed (RFC 6532). */
const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\u{10ffff}-]+";
const mailbox = new RegExp(`^${atom}(?:\\.${atom})*@(?:${atom}(?:\\.${atom})*|\\[[0-9A-Za-z.:]+\\])$`, 'u');

function isMailbox(text: string): boolean {
  return text.isWellFormed() && mailbox.test(text);
}

const dottedNumbers = /^[0-9]+(?:\.[0-9]+)+$/;

function validateOtherName(name: Field, errors: FieldErrors): void {
  const oid = name.at('oid');
  if (oid.text === '') errors.required(oid, 'give the type of the name, such as 1.3.6.1.4.1.311.20.2.3');
  else if (!dottedNumbers.test(oid.text))
    errors.invalid(oid, 'is no object identifier: numbers with dots in between');
  const value = name.at('utf8Value');
  if (value.text === '' || !value.text.isWellFormed())
    errors.required(value, 'must be set to a non-empty, valid text');
}

function validateNameConstraints(spec: Field, errors: FieldErrors): void {
  const constraints = spec.at('nameConstraints');
  if (!constraints.present) return;
  if (!spec.at('isCA').isTrue) {
    errors.invalid(
      constraints,
      'only a CA can constrain names; set isCA to true or take nameConstraints away',
    );
  }
  const sets = [constraints.at('permitted'), constraints.at('excluded')];
  if (sets.every((set) => !set.present))
    errors.invalid(constraints, 'set at least one of permitted and excluded');
  for (const range of sets.flatMap((set) => set.at('ipRanges').items)) {
    if (!isCidr(range.text)) errors.invalid(range, 'is no CIDR range, such as 10.0.0.0/8 or fd00::/8');
  }
}

function isCidr(text: string): boolean {
  try {
    encodeCidr(text);
    return true;
  } catch (error) {
    if (error instanceof PkiError) return false;
    throw error;
  }
}
