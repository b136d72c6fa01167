/** General names and the subject alternative name extension (RFC 5280 §4.2.1.6). */
import { domainToASCII } from 'node:url';
import { DerReader } from '../asn1/der-reader.ts';
import {
  constructed,
  element,
  explicit,
  ia5String,
  objectIdentifier,
  sequence,
  utf8String,
} from '../asn1/der-writer.ts';
import { decodeString } from '../asn1/der-strings.ts';
import { contextConstructed, contextPrimitive, tags } from '../asn1/tags.ts';
import { CertificateError, NameError } from '../errors.ts';
import { decodeIp, encodeIp } from './ip-address.ts';

/** An otherName whose value is a UTF8String, the one kind that can be asked for (api.md §7). */
export interface OtherName {
  oid: string;
  utf8Value: string;
}

export interface RequestedNames {
  dnsNames?: readonly string[];
  emailAddresses?: readonly string[];
  ipAddresses?: readonly string[];
  uris?: readonly string[];
  otherNames?: readonly OtherName[];
}

export interface ParsedOtherName {
  oid: string;
  /** The text when the value is a UTF8String. */
  utf8Value?: string;
  /** The complete value element inside the EXPLICIT tag. */
  value: Buffer;
}

/** Names of a SAN extension, each list in the order of the encoding. */
export interface SubjectAltNames {
  dnsNames: string[];
  emailAddresses: string[];
  /** Canonical text (RFC 5952; IPv4-mapped as IPv4). */
  ipAddresses: string[];
  uris: string[];
  otherNames: ParsedOtherName[];
  /** Complete elements of the kinds that have no field: directory names, registered ids and so on. */
  unknown: Buffer[];
}

/** Context tags of GeneralName. */
export const generalNameTags = { otherName: 0, email: 1, dns: 2, directoryName: 4, uri: 6, ip: 7 } as const;

/** More names than any CA signs; 1 MiB of input could otherwise hold 300,000. */
const maxNames = 20_000;

/** The SAN extension's value, or undefined without names. Order: DNS, email, IP, URI, otherName (api.md §7). */
export function encodeSubjectAltName(names: RequestedNames): Buffer | undefined {
  const elements: Buffer[] = [];
  const text = (values: readonly string[] | undefined, tag: number, what: string): void => {
    for (const value of values ?? []) {
      if (value === '') throw new NameError(`An empty text is not ${what}`, value);
      if (tag === generalNameTags.dns) requireAscii(value);
      elements.push(ia5String(value, contextPrimitive(tag)));
    }
  };
  text(names.dnsNames, generalNameTags.dns, 'a DNS name');
  text(names.emailAddresses, generalNameTags.email, 'an email address');
  for (const ip of names.ipAddresses ?? [])
    elements.push(element(contextPrimitive(generalNameTags.ip), encodeIp(ip)));
  text(names.uris, generalNameTags.uri, 'a URI');
  for (const { oid, utf8Value } of names.otherNames ?? []) {
    if (!utf8Value.isWellFormed()) throw new NameError('An otherName value is not valid Unicode', utf8Value);
    const value = explicit(0, utf8String(utf8Value));
    elements.push(constructed(contextConstructed(generalNameTags.otherName), [objectIdentifier(oid), value]));
  }
  return elements.length === 0 ? undefined : sequence(...elements);
}

/** RFC 5280 §7.2: as A-labels. They are not made here, as it is the spec that says what is certified. */
function requireAscii(name: string): void {
  if (/^\p{ASCII}*$/u.test(name)) return;
  const labels = domainToASCII(name);
  const remedy = labels === '' ? 'and is no DNS name' : `write it as ${labels.slice(0, 253)}`;
  throw new NameError(`"${name.slice(0, 64)}" has characters outside ASCII: ${remedy}`, name);
}

export function emptyAltNames(): SubjectAltNames {
  return { dnsNames: [], emailAddresses: [], ipAddresses: [], uris: [], otherNames: [], unknown: [] };
}

/** Reads a SAN extension's value. */
export function parseSubjectAltName(value: Uint8Array): SubjectAltNames {
  const names = emptyAltNames();
  const outer = DerReader.over(value);
  const reader = outer.sequence();
  outer.end();
  let count = 0;
  while (!reader.atEnd) {
    if (++count > maxNames) throw new CertificateError(`More than ${maxNames} subject alternative names`);
    readGeneralName(reader, names);
  }
  return names;
}

function readGeneralName(reader: DerReader, names: SubjectAltNames): void {
  const tag = reader.peek();
  const start = reader.offset;
  const ia5 = (): string => decodeString(tags.ia5String, reader.value(tag), start);
  switch (tag) {
    case contextPrimitive(generalNameTags.dns):
      names.dnsNames.push(ia5());
      return;
    case contextPrimitive(generalNameTags.email):
      names.emailAddresses.push(ia5());
      return;
    case contextPrimitive(generalNameTags.uri):
      names.uris.push(ia5());
      return;
    case contextPrimitive(generalNameTags.ip): {
      const ip = decodeIp(reader.value(tag));
      if (ip === undefined) throw new CertificateError('An IP address has neither 4 nor 16 bytes');
      names.ipAddresses.push(ip);
      return;
    }
    case contextConstructed(generalNameTags.otherName):
      names.otherNames.push(readOtherName(reader.enter(tag)));
      return;
    default:
      if ((tag & 0xc0) !== 0x80 || (tag & 0x1f) > 8)
        throw new CertificateError('A general name has an unknown tag');
      names.unknown.push(reader.raw());
  }
}

function readOtherName(reader: DerReader): ParsedOtherName {
  const oid = reader.oid();
  const wrapper = reader.enter(contextConstructed(0));
  reader.end();
  const isText = wrapper.peek() === tags.utf8String;
  const value = wrapper.raw();
  wrapper.end();
  return isText ? { oid, value, utf8Value: DerReader.over(value).string() } : { oid, value };
}
