/** Addresses that mean something else inside than outside, for what may be fetched and for what a missing hairpin looks like. */
import { BlockList, isIP } from 'node:net';
import { decodeIp, encodeIp } from '../../../pki/x509/ip-address.ts';

const local = blocks([
  ['127.0.0.0', 8],
  ['0.0.0.0', 8],
  ['::1', 128],
  ['::', 128],
]);

/** Where clouds serve credentials and nobody serves the public: link-local, and the metadata servers beside it. */
const forbidden = blocks([
  ['169.254.0.0', 16],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['224.0.0.0', 4],
  ['ff00::', 8],
  ['255.255.255.255', 32],
]);

/** RFC 1918, RFC 6598 (carriers), RFC 4193, beside those of the machine itself. */
const inside = blocks([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
]);

export function isLoopback(address: string): boolean {
  return has(local, address);
}

/** Never asked, whoever names them. */
export function isForbidden(address: string): boolean {
  return has(forbidden, address);
}

/** A CA on the Internet cannot reach it. */
export function isPrivate(address: string): boolean {
  return has(inside, address) || has(local, address) || has(forbidden, address);
}

function has(list: BlockList, address: string): boolean {
  const [plain = ''] = address.split('%', 1);
  const family = isIP(plain);
  if (family === 0) return false;
  if (family === 4) return list.check(plain, 'ipv4');
  const inner = embedded(plain);
  return list.check(plain, 'ipv6') || (inner !== undefined && list.check(inner, 'ipv4'));
}

/** The IPv4 address that is reached by an IPv6 one: mapped (RFC 4291), translated (RFC 6052) or through 6to4 (RFC 3056). */
function embedded(address: string): string | undefined {
  const bytes = encodeIp(address);
  const start = bytes.toString('hex', 0, 12);
  if (start === '00000000000000000000ffff' || start === '0064ff9b0000000000000000')
    return decodeIp(bytes.subarray(12));
  return start.startsWith('2002') ? decodeIp(bytes.subarray(2, 6)) : undefined;
}

function blocks(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, isIP(net) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
