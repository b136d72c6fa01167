/** Each baseline rule, with a certificate that keeps it and one that breaks it. */

import { generateKeyPairSync } from 'node:crypto';

import { encodeTime } from '../../asn1/der-time.ts';
import {
  element,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  unsignedInteger,
} from '../../asn1/der-writer.ts';
import { oids } from '../../asn1/oids.ts';
import { tags } from '../../asn1/tags.ts';
import { encodeExtKeyUsage } from '../../x509/key-usage.ts';
import type { RequestedNames } from '../../x509/general-names.ts';
import { encodeName, nameFromFields } from '../../x509/name.ts';
import { altNames, caExtensions, leafExtensions } from '../testing/make-certificate.ts';
import { checkRules } from '../testing/rule-cases.ts';
import { cabfRules } from './cabf.ts';

const names = (requested: RequestedNames) => ({
  extensions: leafExtensions({ [oids.subjectAltName]: altNames(requested) }),
});
const dns = (...dnsNames: string[]) => names({ dnsNames });
const ip = (...ipAddresses: string[]) => names({ ipAddresses });
const purposes = (...list: string[]) => ({
  extensions: leafExtensions({
    [oids.extKeyUsage]: { oid: oids.extKeyUsage, value: encodeExtKeyUsage(list) },
  }),
});
const added = (oid: string, value: Buffer) => ({ extensions: leafExtensions({ [oid]: { oid, value } }) });
const subject = (fields: Parameters<typeof nameFromFields>[0], commonName?: string) => ({
  subject: encodeName(nameFromFields(fields, commonName)),
});
const rsa = (modulusLength: number) => ({
  publicKey: generateKeyPairSync('rsa', { modulusLength }).publicKey,
});
const server = '1.3.6.1.5.5.7.3.1';

/** Valid for exactly `days`, both ends counted, and `more` seconds. */
function valid(from: number, days: number, more = 0) {
  return { notBefore: encodeTime(from), notAfter: encodeTime(from + days * 86_400_000 - 1000 + more * 1000) };
}
const dates: [number, number][] = [
  [Date.UTC(2026, 2, 14), 398],
  [Date.UTC(2026, 2, 15), 200],
  [Date.UTC(2027, 2, 15), 100],
  [Date.UTC(2029, 2, 15), 47],
];

checkRules(cabfRules, {
  cabf_validity_too_long: {
    fails: dates.map(([from, days]) => valid(from, days, 1)),
    passes: [
      ...dates.map(([from, days]) => valid(from, days)),
      { ...valid(Date.UTC(2026, 3, 1), 3650), extensions: caExtensions() },
    ],
  },
  cabf_san_missing: { fails: { extensions: leafExtensions({ [oids.subjectAltName]: null }) } },
  cabf_san_kind: {
    fails: names({ dnsNames: ['www.example.com'], emailAddresses: ['a@b.example'] }),
    passes: names({ dnsNames: ['a.com'], ipAddresses: ['8.8.8.8'] }),
  },
  cabf_common_name_not_in_san: {
    fails: subject({}, 'other.example.com'),
    passes: [{}, subject({}, 'WWW.example.com'), subject({})],
  },
  cabf_common_name_present: { fails: {}, passes: subject({ organizations: ['x'] }) },
  cabf_internal_name: {
    fails: [dns('db'), dns('db.svc.cluster.local'), dns('x.internal')],
    passes: dns('example.com', 'local.example.org'),
  },
  cabf_dns_syntax: { fails: [dns('_a.example.com'), dns('a.*.example.com')], passes: dns('*.example.com') },
  cabf_reserved_ip: {
    fails: [ip('10.1.2.3'), ip('127.0.0.1'), ip('fe80::1'), ip('::1')],
    passes: ip('8.8.8.8', '2600::1'),
  },
  cabf_server_auth_missing: {
    fails: [{ extensions: leafExtensions({ [oids.extKeyUsage]: null }) }, purposes('1.3.6.1.5.5.7.3.2')],
  },
  cabf_foreign_ext_key_usage: {
    fails: [purposes(server, '2.5.29.37.0'), purposes(server, '1.3.6.1.5.5.7.3.3')],
    passes: purposes(server, '1.3.6.1.5.5.7.3.2'),
  },
  cabf_organizational_unit: { fails: subject({ organizationalUnits: ['x'] }) },
  cabf_serial_entropy: {
    fails: { serial: unsignedInteger(Buffer.alloc(7, 0x80)) },
    passes: { serial: element(tags.integer, Buffer.alloc(8, 1)) },
  },
  cabf_policy_missing: {
    fails: {},
    passes: added(oids.certificatePolicies, sequence(sequence(objectIdentifier('2.23.140.1.2.1')))),
  },
  cabf_revocation_missing: {
    fails: {},
    passes: [
      added(oids.crlDistributionPoints, octetString(Buffer.of(1))),
      added(oids.authorityInfoAccess, octetString(Buffer.of(1))),
    ],
  },
  cabf_sha1: {
    fails: { signatureAlgorithm: sequence(objectIdentifier('1.2.840.113549.1.1.5'), nullValue()) },
  },
  cabf_rsa_size: { fails: [rsa(1024), rsa(2050)], passes: rsa(2048) },
  cabf_key_type: {
    fails: { publicKey: generateKeyPairSync('ed25519').publicKey },
    passes: { publicKey: generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey },
  },
});
