/** How a serial number is written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialOf } from './revoke.ts';

test('a serial number is written in whole octets, as CAs and OpenSSL show it', () => {
  assert.equal(serialOf({ serialHex: '5fa0' }), '5fa0');
  assert.equal(serialOf({ serialHex: 'fa0' }), '0fa0');
  assert.equal(serialOf({ serialHex: '0' }), '00');
});
