/** URLs of servers that users run themselves. */

import { BlockList, isIP } from 'node:net';

import { DnsProviderError } from './errors.ts';

/** Where clouds give out the credentials of a machine: link-local addresses, and the two that are not. */
const METADATA = [
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  // Through NAT64 (RFC 6052); IPv4-mapped addresses count as those of IPv4.
  ['64:ff9b::a9fe:0', 112, 'ipv6'],
] as const;

function isMetadata(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/u, '$1');
  const list = new BlockList();
  for (const [network, bits, family] of METADATA) list.addSubnet(network, bits, family);
  return isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The URL without a slash at its end.
 * @param field for the message, such as `acmeDNS.host`
 * @throws DnsProviderError unless it is http or https, with neither credentials, query nor fragment
 */
export function httpUrl(text: string, field: string): string {
  const url = URL.parse(text);
  const host = url?.hostname ?? '';
  const wrong =
    url === null || !['http:', 'https:'].includes(url.protocol)
      ? 'must be an http:// or https:// URL'
      : url.username !== '' || url.password !== ''
        ? 'must not carry credentials: everybody who can read the issuer would read them'
        : isMetadata(host)
          ? 'must not be a link-local address or another one of metadata services: they are no DNS providers'
          : url.search !== '' || url.hash !== ''
            ? 'must have neither query nor fragment: a path is appended to it'
            : undefined;
  if (wrong !== undefined || url === null)
    throw new DnsProviderError('dns-provider/configuration', `${field} ${wrong}`);
  return url.href.replace(/\/+$/u, '');
}
