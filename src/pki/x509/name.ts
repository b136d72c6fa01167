/** Distinguished names (RFC 5280 §4.1.2.4): from subject fields, to and from DER, as text (RFC 4514). */
import { directoryString, objectIdentifier, sequence, setOf } from '../asn1/der-writer.ts';
import { DerReader } from '../asn1/der-reader.ts';
import { isStringTag } from '../asn1/der-strings.ts';
import { encodeOid } from '../asn1/oid.ts';
import { oids } from '../asn1/oids.ts';
import { CertificateError, NameError } from '../errors.ts';

export interface NameAttribute {
  /** Dotted OID. */
  type: string;
  /** Text of the value; empty when it is not a string type. */
  value: string;
  /** The complete value element, when it was read from DER or written as `#hex`. */
  der?: Buffer;
}

/** One relative distinguished name: mostly one attribute, several in a multi-valued one. */
export type RelativeName = readonly NameAttribute[];

/** RDNs in the order of the encoding, which is the reverse of the RFC 4514 text. */
export type Name = readonly RelativeName[];

/** `spec.subject` of a Certificate (api.md §3). */
export interface SubjectFields {
  organizations?: readonly string[];
  countries?: readonly string[];
  organizationalUnits?: readonly string[];
  localities?: readonly string[];
  provinces?: readonly string[];
  streetAddresses?: readonly string[];
  postalCodes?: readonly string[];
  serialNumber?: string;
}

/** Bounds on what is read; the names of real certificates have a dozen attributes. */
const maxAttributes = 256;

/** Attribute order of Go 1.26 (api.md §7): C, ST, L, STREET, POSTALCODE, O, OU, then CN and SERIALNUMBER. */
const fieldOrder = [
  ['countries', oids.country],
  ['provinces', oids.province],
  ['localities', oids.locality],
  ['streetAddresses', oids.street],
  ['postalCodes', oids.postalCode],
  ['organizations', oids.organization],
  ['organizationalUnits', oids.organizationalUnit],
] as const;

/** Name of subject fields: one RDN per attribute type with all its values inside. */
export function nameFromFields(fields: SubjectFields, commonName?: string): Name {
  const name: RelativeName[] = [];
  for (const [field, type] of fieldOrder) {
    const values = fields[field] ?? [];
    if (values.length > 0) name.push(values.map((value) => ({ type, value })));
  }
  if (commonName) name.push([{ type: oids.commonName, value: commonName }]);
  if (fields.serialNumber) name.push([{ type: oids.serialNumber, value: fields.serialNumber }]);
  return name;
}

/** The fields that a name holds, each list in the order of the encoding; the last CN and serial number count. */
export function fieldsOfName(name: Name): SubjectFields & { commonName?: string } {
  const lists: Partial<Record<(typeof fieldOrder)[number][0], string[]>> = {};
  let commonName: string | undefined;
  let serialNumber: string | undefined;
  for (const { type, value } of name.flat()) {
    if (type === oids.commonName) commonName = value;
    else if (type === oids.serialNumber) serialNumber = value;
    else {
      const field = fieldOrder.find(([, oid]) => oid === type)?.[0];
      if (field) (lists[field] ??= []).push(value);
    }
  }
  return {
    ...lists,
    ...(commonName !== undefined && { commonName }),
    ...(serialNumber !== undefined && { serialNumber }),
  };
}

const attributeTypes: ReadonlyMap<string, Buffer> = new Map(
  [...fieldOrder.map(([, oid]) => oid), oids.commonName, oids.serialNumber].map((oid) => [
    oid,
    objectIdentifier(oid),
  ]),
);

/** The Name SEQUENCE; an empty list gives the empty SEQUENCE. */
export function encodeName(name: Name): Buffer {
  const rdns = name.map((rdn) => {
    if (rdn.length === 0) throw new NameError('A relative distinguished name has no attribute', '');
    return setOf(
      rdn.map(({ type, value, der }) =>
        sequence(attributeTypes.get(type) ?? objectIdentifier(type), der ?? directoryString(value)),
      ),
    );
  });
  return sequence(...rdns);
}

/** Reads a Name. The order inside a SET is not checked, as CAs get it wrong and the bytes are kept anyway. */
export function parseName(der: Uint8Array): Name {
  const outer = DerReader.over(der);
  const reader = outer.sequence();
  outer.end();
  const name: NameAttribute[][] = [];
  let count = 0;
  while (!reader.atEnd) {
    const set = reader.set();
    const rdn: NameAttribute[] = [];
    while (!set.atEnd) {
      if (++count > maxAttributes)
        throw new CertificateError(`A name has more than ${maxAttributes} attributes`);
      const attribute = set.sequence();
      const type = attribute.oid();
      const rawValue = attribute.raw();
      attribute.end();
      const value = isStringTag(rawValue[0] ?? 0) ? DerReader.over(rawValue).string() : '';
      rdn.push({ type, value, der: rawValue });
    }
    if (rdn.length === 0) throw new CertificateError('A name has an empty relative distinguished name');
    name.push(rdn);
  }
  return name;
}

/** True for the empty SEQUENCE, the subject that makes the SAN extension critical (RFC 5280 §4.2.1.6). */
export function isEmptyName(der: Uint8Array): boolean {
  return der.length === 2 && der[0] === 0x30 && der[1] === 0;
}

const keywords: ReadonlyMap<string, string> = new Map([
  [oids.commonName, 'CN'],
  [oids.serialNumber, 'SERIALNUMBER'],
  [oids.country, 'C'],
  [oids.locality, 'L'],
  [oids.province, 'ST'],
  [oids.street, 'STREET'],
  [oids.organization, 'O'],
  [oids.organizationalUnit, 'OU'],
  [oids.postalCode, 'POSTALCODE'],
  [oids.domainComponent, 'DC'],
  [oids.userId, 'UID'],
]);

/** RFC 4514 text: last RDN first, special characters escaped, values that are not text as `#hex`. */
export function printName(name: Name): string {
  return [...name]
    .reverse()
    .map((rdn) => rdn.map(printAttribute).join('+'))
    .join(',');
}

function printAttribute({ type, value, der }: NameAttribute): string {
  const keyword = keywords.get(type);
  if (keyword === undefined || (der !== undefined && !isStringTag(der[0] ?? 0))) {
    const bytes = der ?? directoryString(value);
    return `${keyword ?? type}=#${bytes.toString('hex')}`;
  }
  const escaped = value
    .replace(/[\\,+"<>;]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!^|^\\) $/, '\\ ');
  return `${keyword}=${escaped}`;
}

/** The keywords that literalSubject accepts beside dotted OIDs. */
export const attributeKeywords: readonly string[] = [...keywords.values()].filter(
  (keyword) => keyword !== 'POSTALCODE',
);

/** OID of an RFC 4514 keyword that literalSubject accepts (case matters), or of a dotted OID; undefined otherwise. */
export function attributeTypeOf(keyword: string): string | undefined {
  if (/^[0-2](\.[0-9]+)+$/.test(keyword)) {
    encodeOid(keyword);
    return keyword;
  }
  for (const [oid, known] of keywords) if (known === keyword && known !== 'POSTALCODE') return oid;
  return undefined;
}
