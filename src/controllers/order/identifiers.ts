/** What an Order asks the CA to certify: the names of its spec as ACME identifiers (acme.md §5, Create). Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { AcmeIdentifier } from '../../acme/acme-client.ts';
import type { OrderSpec } from '../../api/order.ts';
import { identifierType } from '../../issuers/acme/new-order.ts';
import { encodeIp } from '../../pki/x509/ip-address.ts';

/** At least two labels of letters, digits and hyphens; a wildcard is none. */
const plainName = /^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)+\.?$/iu;

/** DNS names sorted, then addresses sorted, each once. The common name is added where it is an address or a plain name. */
export function identifiersOf(
  spec: Pick<OrderSpec, 'commonName' | 'dnsNames' | 'ipAddresses'>,
): AcmeIdentifier[] {
  const dns = new Set(spec.dnsNames);
  const ip = new Set(spec.ipAddresses);
  const { commonName = '' } = spec;
  if (commonName !== '') {
    if (identifierType(commonName) === 'ip') ip.add(commonName);
    else if (plainName.test(commonName)) dns.add(commonName);
  }
  return [
    ...[...dns].toSorted().map((value) => ({ type: 'dns', value }) as const),
    ...[...ip].toSorted().map((value) => ({ type: 'ip', value }) as const),
  ];
}

/** Whether an authorization is about an identifier that was ordered: CAs leave `*.` out, and may write names in lower case. */
export function sameIdentifier(ordered: AcmeIdentifier, answered: AcmeIdentifier): boolean {
  if (ordered.type !== answered.type) return false;
  if (ordered.type === 'ip') return canonicalIp(ordered.value) === canonicalIp(answered.value);
  const base = (name: string): string => name.toLowerCase().replace(/^\*\./u, '').replace(/\.$/u, '');
  return base(ordered.value) === base(answered.value);
}

/** The same names and addresses, in whatever order. */
export function sameIdentifiers(one: readonly AcmeIdentifier[], other: readonly AcmeIdentifier[]): boolean {
  return isDeepStrictEqual(keysOf(one), keysOf(other));
}

function keysOf(identifiers: readonly AcmeIdentifier[]): Set<string> {
  const plain = (name: string): string => name.toLowerCase().replace(/\.$/u, '');
  return new Set(
    identifiers.map(({ type, value }) => `${type} ${type === 'ip' ? canonicalIp(value) : plain(value)}`),
  );
}

function canonicalIp(text: string): string {
  return identifierType(text) === 'dns' ? text : encodeIp(text).toString('hex');
}
