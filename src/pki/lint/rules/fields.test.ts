/** Each rule over the fixed fields, with a certificate that keeps it and one that breaks it. */

import { encodeTime } from '../../asn1/der-time.ts';
import { bitString, element } from '../../asn1/der-writer.ts';
import { contextPrimitive, tags } from '../../asn1/tags.ts';
import { signatureAlgorithms } from '../../x509/signature-algorithm.ts';
import { leafExtensions } from '../testing/make-certificate.ts';
import { checkRules } from '../testing/rule-cases.ts';
import { fieldRules } from './fields.ts';

const text = (tag: number, value: string) => element(tag, Buffer.from(value));
const integer = (hex: string) => element(tags.integer, Buffer.from(hex, 'hex'));
const early = encodeTime(Date.UTC(2020, 0, 1));

checkRules(fieldRules, {
  version_unknown: { fails: { version: 3 } },
  version_not_3_with_extensions: {
    fails: [{ version: 1 }, { version: null }],
    passes: { version: null, extensions: null },
  },
  version_1_or_2: { fails: { version: null, extensions: null } },
  serial_not_positive: {
    fails: [{ serial: integer('00') }, { serial: integer('ff') }, { serial: integer('') }],
    passes: { serial: integer('01') },
  },
  serial_too_long: {
    fails: { serial: integer('01'.repeat(21)) },
    passes: { serial: integer('7f'.repeat(20)) },
  },
  serial_not_minimal: { fails: { serial: integer('0001') }, passes: { serial: integer('0080') } },
  signature_algorithm_mismatch: {
    fails: { outerSignatureAlgorithm: signatureAlgorithms.SHA256WithRSA.identifier },
  },
  validity_encoding: {
    fails: [
      { notBefore: text(tags.utcTime, '2601010000Z') },
      { notAfter: text(tags.generalizedTime, '20260101000000.5Z') },
    ],
  },
  validity_wrong_time_type: {
    fails: { notAfter: text(tags.generalizedTime, '20270101000000Z') },
    passes: [
      { notAfter: text(tags.generalizedTime, '20500101000000Z') },
      { notAfter: text(tags.utcTime, '491231235959Z') },
    ],
  },
  validity_inverted: { fails: { notAfter: early }, passes: { notBefore: early, notAfter: early } },
  unique_identifier: {
    fails: { issuerUniqueId: element(contextPrimitive(1), bitString(Buffer.of(1)).subarray(2)) },
  },
  extension_duplicate: { fails: { extensions: [...leafExtensions(), ...leafExtensions()] } },
});
