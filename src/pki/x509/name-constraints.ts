/** The name constraints extension of a CA certificate (RFC 5280 §4.2.1.10, api.md §7). */
import { DerReader } from '../asn1/der-reader.ts';
import { constructed, element, ia5String, sequence } from '../asn1/der-writer.ts';
import { decodeString } from '../asn1/der-strings.ts';
import { contextConstructed, contextPrimitive, tags } from '../asn1/tags.ts';
import { CertificateError } from '../errors.ts';
import { generalNameTags } from './general-names.ts';
import { decodeCidr, encodeCidr } from './ip-address.ts';

export interface NameConstraintItems {
  dnsDomains?: readonly string[];
  /** CIDR ranges. */
  ipRanges?: readonly string[];
  emailAddresses?: readonly string[];
  uriDomains?: readonly string[];
}

/** `spec.nameConstraints` of a Certificate. */
export interface NameConstraints {
  critical?: boolean;
  permitted?: NameConstraintItems;
  excluded?: NameConstraintItems;
}

export interface ParsedNameConstraints {
  permitted: Required<NameConstraintItems>;
  excluded: Required<NameConstraintItems>;
}

const maxSubtrees = 4096;

/** The extension's value, or undefined when every list is empty. Order: DNS, IP, email, URI. */
export function encodeNameConstraints(constraints: NameConstraints): Buffer | undefined {
  const permitted = subtrees(constraints.permitted ?? {});
  const excluded = subtrees(constraints.excluded ?? {});
  if (permitted.length === 0 && excluded.length === 0) return undefined;
  return sequence(
    permitted.length > 0 ? constructed(contextConstructed(0), permitted) : undefined,
    excluded.length > 0 ? constructed(contextConstructed(1), excluded) : undefined,
  );
}

function subtrees(items: NameConstraintItems): Buffer[] {
  const bases = [
    ...(items.dnsDomains ?? []).map((domain) => ia5String(domain, contextPrimitive(generalNameTags.dns))),
    ...(items.ipRanges ?? []).map((range) =>
      element(contextPrimitive(generalNameTags.ip), encodeCidr(range)),
    ),
    ...(items.emailAddresses ?? []).map((email) => ia5String(email, contextPrimitive(generalNameTags.email))),
    ...(items.uriDomains ?? []).map((domain) => ia5String(domain, contextPrimitive(generalNameTags.uri))),
  ];
  // GeneralSubtree: minimum is 0 by default and left out, maximum must be absent.
  return bases.map((base) => sequence(base));
}

/** Reads the extension's value; kinds of names that have no field are checked for form and skipped. */
export function parseNameConstraints(value: Uint8Array): ParsedNameConstraints {
  const outer = DerReader.over(value);
  const reader = outer.sequence();
  outer.end();
  const permitted = readSubtrees(reader.optional(contextConstructed(0)));
  const excluded = readSubtrees(reader.optional(contextConstructed(1)));
  reader.end();
  return { permitted, excluded };
}

function readSubtrees(optional: DerReader | undefined): Required<NameConstraintItems> {
  const reader = optional ?? DerReader.over(Buffer.alloc(0));
  const dnsDomains: string[] = [];
  const ipRanges: string[] = [];
  const emailAddresses: string[] = [];
  const uriDomains: string[] = [];
  let count = 0;
  while (!reader.atEnd) {
    if (++count > maxSubtrees) throw new CertificateError(`More than ${maxSubtrees} name constraints`);
    const subtree = reader.sequence();
    const tag = subtree.peek();
    const start = subtree.offset;
    if (tag === contextPrimitive(generalNameTags.ip)) {
      const range = decodeCidr(subtree.value(tag));
      if (range === undefined)
        throw new CertificateError('An IP name constraint is not a network with a mask');
      ipRanges.push(range);
    } else if (tag === contextPrimitive(generalNameTags.dns)) {
      dnsDomains.push(decodeString(tags.ia5String, subtree.value(tag), start));
    } else if (tag === contextPrimitive(generalNameTags.email)) {
      emailAddresses.push(decodeString(tags.ia5String, subtree.value(tag), start));
    } else if (tag === contextPrimitive(generalNameTags.uri)) {
      uriDomains.push(decodeString(tags.ia5String, subtree.value(tag), start));
    } else {
      subtree.raw();
    }
    if (!subtree.atEnd)
      throw new CertificateError('A name constraint has a minimum or maximum, which RFC 5280 forbids');
  }
  return { dnsDomains, ipRanges, emailAddresses, uriDomains };
}
