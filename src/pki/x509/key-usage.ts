/** Key usages: the strings of the API, the KU bit mask and the EKU identifiers (api.md §5). */
import { DerReader } from '../asn1/der-reader.ts';
import { objectIdentifier, sequence } from '../asn1/der-writer.ts';
import { CertificateError, UsageError } from '../errors.ts';

/** Bits of the KU mask; bit n of the mask is bit n of the extension's named bit list. */
export const keyUsageBits = {
  digitalSignature: 1 << 0,
  contentCommitment: 1 << 1,
  keyEncipherment: 1 << 2,
  dataEncipherment: 1 << 3,
  keyAgreement: 1 << 4,
  certSign: 1 << 5,
  crlSign: 1 << 6,
  encipherOnly: 1 << 7,
  decipherOnly: 1 << 8,
} as const;

/** Usage string to KU bit, in the order of the extension. `signing` is an alias. */
export const keyUsageByName: ReadonlyMap<string, number> = new Map([
  ['digital signature', keyUsageBits.digitalSignature],
  ['signing', keyUsageBits.digitalSignature],
  ['content commitment', keyUsageBits.contentCommitment],
  ['key encipherment', keyUsageBits.keyEncipherment],
  ['data encipherment', keyUsageBits.dataEncipherment],
  ['key agreement', keyUsageBits.keyAgreement],
  ['cert sign', keyUsageBits.certSign],
  ['crl sign', keyUsageBits.crlSign],
  ['encipher only', keyUsageBits.encipherOnly],
  ['decipher only', keyUsageBits.decipherOnly],
]);

/** Usage string to EKU. `s/mime` is an alias. */
export const extKeyUsageByName: ReadonlyMap<string, string> = new Map([
  ['any', '2.5.29.37.0'],
  ['server auth', '1.3.6.1.5.5.7.3.1'],
  ['client auth', '1.3.6.1.5.5.7.3.2'],
  ['code signing', '1.3.6.1.5.5.7.3.3'],
  ['email protection', '1.3.6.1.5.5.7.3.4'],
  ['s/mime', '1.3.6.1.5.5.7.3.4'],
  ['ipsec end system', '1.3.6.1.5.5.7.3.5'],
  ['ipsec tunnel', '1.3.6.1.5.5.7.3.6'],
  ['ipsec user', '1.3.6.1.5.5.7.3.7'],
  ['timestamping', '1.3.6.1.5.5.7.3.8'],
  ['ocsp signing', '1.3.6.1.5.5.7.3.9'],
  ['microsoft sgc', '1.3.6.1.4.1.311.10.3.3'],
  ['netscape sgc', '2.16.840.1.113730.4.1'],
]);

/** EKUs that the CSR parser knows although no usage string means them: Microsoft code and kernel code signing. */
const unnamedKnown: ReadonlySet<string> = new Set(['1.3.6.1.4.1.311.2.1.22', '1.3.6.1.4.1.311.61.1.1']);

const extKeyUsageNames: ReadonlyMap<string, string> = new Map(
  [...extKeyUsageByName].filter(([name]) => name !== 's/mime').map(([name, oid]) => [oid, name]),
);

const encodedExtKeyUsages: ReadonlyMap<string, Buffer> = new Map(
  [...extKeyUsageNames.keys()].map((oid) => [oid, objectIdentifier(oid)]),
);

export interface KeyUsages {
  /** KU bits, see {@link keyUsageBits}. */
  keyUsage: number;
  /** Dotted EKU identifiers, in the order of the usages. */
  extKeyUsage: string[];
}

/** Usages that are in neither table. */
export function unknownUsages(usages: readonly string[]): string[] {
  return usages.filter((usage) => !keyUsageByName.has(usage) && !extKeyUsageByName.has(usage));
}

/**
 * KU and EKU of `usages`; none given means digital signature and key encipherment, and a CA also gets cert sign.
 * @throws UsageError
 */
export function keyUsagesOf(usages: readonly string[] | undefined, isCA: boolean): KeyUsages {
  let keyUsage = isCA ? keyUsageBits.certSign : 0;
  const extKeyUsage: string[] = [];
  const asked =
    usages === undefined || usages.length === 0 ? ['digital signature', 'key encipherment'] : usages;
  for (const usage of asked) {
    const bit = keyUsageByName.get(usage);
    const oid = extKeyUsageByName.get(usage);
    if (bit !== undefined) keyUsage |= bit;
    else if (oid !== undefined) extKeyUsage.push(oid);
    else throw new UsageError(usage);
  }
  return { keyUsage, extKeyUsage };
}

/** Usage strings of KU bits, in the order of the bits; aliases come back as `digital signature`. */
export function namesOfKeyUsage(keyUsage: number): string[] {
  return [...keyUsageByName]
    .filter(([name, bit]) => name !== 'signing' && (keyUsage & bit) !== 0)
    .map(([name]) => name);
}

/** Usage strings of EKUs, in order; an identifier without a string comes back dotted. */
export function namesOfExtKeyUsage(extKeyUsage: readonly string[]): string[] {
  return extKeyUsage.map((oid) => extKeyUsageNames.get(oid) ?? oid);
}

/** False for EKUs that the API has no meaning for; signers copy those, comparisons skip them (api.md §10). */
export function isKnownExtKeyUsage(oid: string): boolean {
  return extKeyUsageNames.has(oid) || unnamedKnown.has(oid);
}

export function encodeExtKeyUsage(extKeyUsage: readonly string[]): Buffer {
  return sequence(...extKeyUsage.map((oid) => encodedExtKeyUsages.get(oid) ?? objectIdentifier(oid)));
}

/** KU mask of the extension's value; bits beyond the nine of RFC 5280 are refused. */
export function parseKeyUsage(value: Uint8Array): number {
  const reader = DerReader.over(value);
  const { bytes, unusedBits } = reader.bitString();
  reader.end();
  if (bytes.length > 2) throw new CertificateError('The key usage extension has unknown bits');
  let mask = 0;
  for (let bit = 0; bit < bytes.length * 8 - unusedBits; bit++) {
    if ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) mask |= 1 << bit;
  }
  if (mask >= 1 << 9) throw new CertificateError('The key usage extension has unknown bits');
  return mask;
}

export function parseExtKeyUsage(value: Uint8Array): string[] {
  const outer = DerReader.over(value);
  const reader = outer.sequence();
  outer.end();
  const found: string[] = [];
  while (!reader.atEnd) {
    if (found.length >= 256) throw new CertificateError('More than 256 extended key usages');
    found.push(reader.oid());
  }
  return found;
}
