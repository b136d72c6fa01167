/** Rules over version, serial number, validity and the outline of a certificate (RFC 5280 §4.1). */

import { tags } from '../../asn1/tags.ts';
import type { ViewedTime } from '../certificate-view.ts';
import type { Rule } from '../finding.ts';

/** First moment of 2050, from which GeneralizedTime must be used. */
const YEAR_2050 = Date.UTC(2050, 0, 1);

export const fieldRules: readonly Rule[] = [
  {
    code: 'version_unknown',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.1',
    check: (view) => (view.version > 3 ? `version ${view.version} does not exist` : undefined),
  },
  {
    code: 'version_not_3_with_extensions',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.1',
    check: (view) =>
      view.extensions.length > 0 && view.version < 3
        ? `a version ${view.version} certificate cannot have extensions`
        : undefined,
  },
  {
    code: 'version_1_or_2',
    severity: 'notice',
    source: 'RFC 5280 §4.1.2.1',
    check: (view) => (view.version < 3 ? `version ${view.version} is obsolete` : undefined),
  },
  {
    code: 'serial_not_positive',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.2',
    check: ({ serial }) =>
      serial.length === 0 || (serial[0] ?? 0) >= 0x80 || serial.every((byte) => byte === 0)
        ? 'the serial number must be a positive integer'
        : undefined,
  },
  {
    code: 'serial_too_long',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.2',
    check: ({ serial }) =>
      serial.length > 20 ? `the serial number has ${serial.length} bytes, at most 20 are allowed` : undefined,
  },
  {
    code: 'serial_not_minimal',
    severity: 'error',
    source: 'X.690 §8.3.2',
    check: ({ serial }) =>
      serial.length > 1 && serial[0] === 0 && (serial[1] ?? 0) < 0x80
        ? 'the serial number is not in its shortest form'
        : undefined,
  },
  {
    code: 'signature_algorithm_mismatch',
    severity: 'error',
    source: 'RFC 5280 §4.1.1.2',
    check: (view) =>
      view.outerAlgorithm !== undefined && !view.outerAlgorithm.equals(view.innerAlgorithm)
        ? 'the signature algorithms inside and outside of the signed part differ'
        : undefined,
  },
  {
    code: 'validity_encoding',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.5',
    check: ({ notBefore, notAfter }) => {
      const bad = [notBefore, notAfter].find((one) => one.time === undefined);
      return bad && `"${bad.text}" is not a time with seconds, without fraction, in Z`;
    },
  },
  {
    code: 'validity_wrong_time_type',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.5',
    check: ({ notBefore, notAfter }) => {
      const bad = [notBefore, notAfter].find(wrongType);
      return bad && `"${bad.text}": dates before 2050 are UTCTime, later ones GeneralizedTime`;
    },
  },
  {
    code: 'validity_inverted',
    severity: 'error',
    source: 'RFC 5280 §4.1.2.5',
    check: ({ notBefore, notAfter }) =>
      notBefore.time !== undefined && notAfter.time !== undefined && notAfter.time < notBefore.time
        ? `notAfter ${notAfter.text} lies before notBefore ${notBefore.text}`
        : undefined,
  },
  {
    code: 'unique_identifier',
    severity: 'notice',
    source: 'RFC 5280 §4.1.2.8',
    check: (view) => (view.hasUniqueIds ? 'unique identifiers must not be made any more' : undefined),
  },
  {
    code: 'extension_duplicate',
    severity: 'error',
    source: 'RFC 5280 §4.2',
    check: ({ extensions }) => {
      const seen = new Set<string>();
      const twice = extensions.find(({ oid }) => seen.size === seen.add(oid).size);
      return twice && `the extension ${twice.oid} appears more than once`;
    },
  },
];

function wrongType({ tag, time }: ViewedTime): boolean {
  return time !== undefined && (tag === tags.utcTime) !== time < YEAR_2050;
}
