/** Each rule over issuer and subject, with a certificate that keeps it and one that breaks it. */

import { element, utf8String } from '../../asn1/der-writer.ts';
import { oids } from '../../asn1/oids.ts';
import { tags } from '../../asn1/tags.ts';
import { encodeName } from '../../x509/name.ts';
import { altNames, caExtensions, leafExtensions } from '../testing/make-certificate.ts';
import { checkRules } from '../testing/rule-cases.ts';
import { nameRules } from './names.ts';

const empty = encodeName([]);
const subject = (type: string, value: string, der?: Buffer) => ({
  subject: encodeName([[{ type, value, ...(der === undefined ? {} : { der }) }]]),
});
const text = (tag: number, value: string) => element(tag, Buffer.from(value));
const critical = leafExtensions({ [oids.subjectAltName]: altNames({ dnsNames: ['a.example.com'] }, true) });

checkRules(nameRules, {
  name_malformed: {
    fails: [{ subject: Buffer.from('30023000', 'hex') }, { issuer: Buffer.from('300431020500', 'hex') }],
  },
  issuer_empty: { fails: { issuer: empty } },
  ca_subject_empty: {
    fails: { subject: empty, extensions: caExtensions() },
    passes: { extensions: caExtensions() },
  },
  subject_empty_without_san: {
    fails: { subject: empty, extensions: leafExtensions({ [oids.subjectAltName]: null }) },
    passes: { subject: empty, extensions: critical },
  },
  subject_empty_san_not_critical: {
    fails: { subject: empty },
    passes: { subject: empty, extensions: critical },
  },
  subject_country_not_two_letters: {
    fails: subject(oids.country, 'Germany'),
    passes: subject(oids.country, 'DE'),
  },
  subject_value_too_long: {
    fails: [subject(oids.commonName, 'a'.repeat(65)), subject(oids.locality, 'a'.repeat(129))],
    passes: [subject(oids.commonName, 'ü'.repeat(64)), subject(oids.street, 'a'.repeat(500))],
  },
  subject_value_empty: { fails: subject(oids.organization, ''), passes: subject(oids.organization, 'x') },
  subject_value_control_character: { fails: subject(oids.organization, 'a\nb') },
  subject_value_surrounded_by_space: { fails: subject(oids.organization, 'Acme ') },
  subject_string_type: {
    fails: [
      subject(oids.organization, '', text(tags.teletexString, 'x')),
      subject(oids.commonName, '', text(tags.ia5String, 'x')),
    ],
    passes: subject(oids.organization, '', utf8String('x')),
  },
  subject_printable_only: {
    fails: subject(oids.country, '', utf8String('DE')),
    passes: subject(oids.serialNumber, '1'),
  },
  subject_ia5_only: {
    fails: [
      subject(oids.emailAddress, '', utf8String('a@b.example')),
      subject(oids.domainComponent, '', utf8String('example')),
    ],
    passes: [
      subject(oids.domainComponent, '', text(tags.ia5String, 'example')),
      subject(oids.domainComponent, '', text(tags.printableString, 'example')),
    ],
  },
  subject_domain_component_printable: {
    fails: subject(oids.domainComponent, '', text(tags.printableString, 'example')),
    passes: subject(oids.domainComponent, '', text(tags.ia5String, 'example')),
  },
  subject_several_common_names: {
    fails: {
      subject: encodeName([[{ type: oids.commonName, value: 'a' }], [{ type: oids.commonName, value: 'b' }]]),
    },
  },
});
