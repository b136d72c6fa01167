/** Whether an address is one that the public internet does not route (RFC 6890 and the IANA registries behind it). */

import { BlockList } from 'node:net';

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');
const RESERVED = blockList();

/** @param address 4 or 16 bytes; any other length is not an address and not reserved */
export function isReservedIp(address: Buffer): boolean {
  if (address.length === 4) return RESERVED.check(address.join('.'), 'ipv4');
  if (address.length !== 16) return false;
  // IPv4 in IPv6 clothes is never routed; a BlockList would take that network for all of IPv4.
  if (address.subarray(0, 12).equals(MAPPED)) return true;
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16));
  return RESERVED.check(groups.join(':'), 'ipv6');
}

function blockList(): BlockList {
  const list = new BlockList();
  const networks = [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
    '::/127',
    '64:ff9b:1::/48',
    '100::/64',
    '2001:2::/48',
    '2001:db8::/32',
    '3fff::/20',
    'fc00::/7',
    'fe80::/10',
    'ff00::/8',
  ];
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
