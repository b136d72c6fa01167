/** Addresses inside and outside of the reserved networks, at their edges. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeIp } from '../x509/ip-address.ts';
import { isReservedIp } from './reserved-ip.ts';

test('knows the networks at their edges', () => {
  const reserved = [
    '10.0.0.0',
    '10.255.255.255',
    '100.64.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '255.255.255.255',
    '::1',
    'fe80::1',
    'fd00::1',
    '2001:db8::1',
  ];
  const open = [
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '172.32.0.0',
    '100.128.0.0',
    '2600::1',
    '2001:4860:4860::8888',
  ];
  for (const address of reserved) assert.equal(isReservedIp(Buffer.from(encodeIp(address))), true, address);
  for (const address of open) assert.equal(isReservedIp(Buffer.from(encodeIp(address))), false, address);
  assert.equal(isReservedIp(Buffer.from('00000000000000000000ffff08080808', 'hex')), true);
  assert.equal(isReservedIp(Buffer.alloc(5)), false);
});
