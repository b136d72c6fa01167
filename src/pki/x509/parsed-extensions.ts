/** What the extensions of a certificate or a request say, decoded once for both. */
import { DerReader } from '../asn1/der-reader.ts';
import { oids } from '../asn1/oids.ts';
import {
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  type BasicConstraints,
  type Extension,
} from './extensions.ts';
import { emptyAltNames, parseSubjectAltName, type SubjectAltNames } from './general-names.ts';
import { parseExtKeyUsage, parseKeyUsage } from './key-usage.ts';
import { parseNameConstraints, type ParsedNameConstraints } from './name-constraints.ts';

export interface ParsedExtensions {
  /** All of them, in order. */
  extensions: readonly Extension[];
  subjectAltNames: SubjectAltNames;
  /** KU mask; undefined without the extension. */
  keyUsage?: number;
  /** EKU identifiers in order; undefined without the extension. */
  extKeyUsage?: string[];
  basicConstraints?: BasicConstraints;
  nameConstraints?: ParsedNameConstraints;
  subjectKeyId?: Buffer;
  authorityKeyId?: Buffer;
}

export function decodeExtensions(extensions: readonly Extension[]): ParsedExtensions {
  const parsed: ParsedExtensions = { extensions, subjectAltNames: emptyAltNames() };
  for (const { oid, value } of extensions) {
    switch (oid) {
      case oids.subjectAltName:
        parsed.subjectAltNames = parseSubjectAltName(value);
        break;
      case oids.keyUsage:
        parsed.keyUsage = parseKeyUsage(value);
        break;
      case oids.extKeyUsage:
        parsed.extKeyUsage = parseExtKeyUsage(value);
        break;
      case oids.basicConstraints:
        parsed.basicConstraints = parseBasicConstraints(value);
        break;
      case oids.nameConstraints:
        parsed.nameConstraints = parseNameConstraints(value);
        break;
      case oids.subjectKeyIdentifier: {
        const reader = DerReader.over(value);
        parsed.subjectKeyId = reader.octetString();
        reader.end();
        break;
      }
      case oids.authorityKeyIdentifier: {
        const identifier = parseAuthorityKeyIdentifier(value);
        if (identifier !== undefined) parsed.authorityKeyId = identifier;
        break;
      }
      default:
    }
  }
  return parsed;
}
