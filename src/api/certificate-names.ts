/** The parts of a Certificate that say who it is for: subject attributes, otherNames and name constraints (RFC 5280 §4.1.2.6, §4.2.1.6, §4.2.1.10). */
import { flag, list, object, optional, rules, text, texts, type Static } from './schema.ts';

export const subjectSchema = object('Subject attributes beside the common name. Excludes literalSubject.', {
  organizations: optional(texts('Organization (O).')),
  countries: optional(texts('Country (C), two-letter ISO 3166 codes.')),
  organizationalUnits: optional(texts('Organizational unit (OU).')),
  localities: optional(texts('City or locality (L).')),
  provinces: optional(texts('State or province (ST).')),
  streetAddresses: optional(texts('Street address (STREET).')),
  postalCodes: optional(texts('Postal code.')),
  serialNumber: optional(
    text('Serial number of the subject, such as a device; not that of the certificate.'),
  ),
});

export const otherNameSchema = object('An otherName subject alternative name holding a UTF8String.', {
  oid: optional(
    text(
      'Type of the name as dotted decimal, for example 1.3.6.1.4.1.311.20.2.3 for a Windows user principal name.',
    ),
  ),
  utf8Value: optional(text('The name itself. Must not be empty.')),
});

function constraintSet(effect: string) {
  return object(`Names that ${effect}.`, {
    dnsDomains: optional(texts('DNS domains; a leading dot is not needed to include subdomains.')),
    ipRanges: optional(texts('IP networks in CIDR form, for example 10.0.0.0/8 or fd00::/8.')),
    emailAddresses: optional(texts('Mailboxes, hosts (example.com) or domains (.example.com).')),
    uriDomains: optional(texts('Hosts (example.com) or domains (.example.com) of URIs.')),
  });
}

export const nameConstraintsSchema = object(
  'Which names certificates below this CA may carry. Needs isCA, and at least one of permitted and excluded.',
  {
    critical: optional(
      flag(
        'Mark the extension critical, so that software which does not know it refuses the chain. Default: false.',
      ),
    ),
    permitted: optional(constraintSet('are allowed; every other name of the same type is refused')),
    excluded: optional(constraintSet('are refused, even when permitted allows them')),
  },
  rules({
    rule: 'has(self.permitted) || has(self.excluded)',
    message: 'set at least one of permitted and excluded',
  }),
);

export const otherNamesSchema = list(otherNameSchema, 'otherName subject alternative names.');

export interface X509Subject extends Static<typeof subjectSchema> {}
export interface OtherName extends Static<typeof otherNameSchema> {}
export interface NameConstraints extends Static<typeof nameConstraintsSchema> {}
export type NameConstraintSet = NonNullable<NameConstraints['permitted']>;
