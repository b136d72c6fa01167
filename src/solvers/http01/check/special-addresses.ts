/** Addresses that mean something else inside than outside, for what may be fetched and for what a missing hairpin looks like. */
import { BlockList, isIP } from 'node:net';

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
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

function blocks(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, isIP(net) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
