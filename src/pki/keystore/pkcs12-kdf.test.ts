/** The PKCS#12 key derivation against published vectors, and the forms of a password. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KeystoreError } from './keystore-error.ts';
import { bmpPassword, derivePkcs12, kdfPurpose, utf8Password } from './pkcs12-kdf.ts';

/** Peter Gutmann's vectors, in use by every implementation since 1999: SHA-1. */
const VECTORS = [
  ['smeg', '0A58CF64530D823F', 'key', 1, '8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3'],
  ['smeg', '0A58CF64530D823F', 'iv', 1, '79993DFE048D3B76'],
  ['smeg', '642B99AB44FB4B1F', 'key', 1, 'F3A95FEC48D7711E985CFE67908C5AB79FA3D7C5CAA5D966'],
  ['smeg', '642B99AB44FB4B1F', 'iv', 1, 'C0A38D64A79BEA1D'],
  ['smeg', '3D83C0E4546AC140', 'mac', 1, '8D967D88F6CAA9D714800AB3D48051D63F73A312'],
  ['queeg', '05DEC959ACFF72F7', 'key', 1000, 'ED2034E36328830FF09DF1E1A07DD357185DAC0D4F9EB3D4'],
  ['queeg', '05DEC959ACFF72F7', 'iv', 1000, '11DEDAD7758D4860'],
  ['queeg', '1682C0FC5B3F7EC5', 'key', 1000, '483DD6E919D7DE2E8E648BA8F862F3FBFBDC2BCB2C02957F'],
  ['queeg', '1682C0FC5B3F7EC5', 'iv', 1000, '9D461D1B00355C50'],
  ['queeg', '263216FCC2FAB31C', 'mac', 1000, '5EC4C7A80DF652294C3925B6489A7AB857C83476'],
] as const;

test('derives what the published vectors say', () => {
  for (const [password, salt, purpose, iterations, expected] of VECTORS) {
    const derived = derivePkcs12({
      digest: 'sha1',
      purpose: kdfPurpose[purpose],
      password: bmpPassword(password),
      salt: Buffer.from(salt, 'hex'),
      iterations,
      length: expected.length / 2,
    });
    assert.equal(derived.toString('hex').toUpperCase(), expected, `${password} ${purpose}`);
  }
});

test('passwords: UTF-16 with an end for the classic schemes, UTF-8 for the new ones', () => {
  assert.equal(bmpPassword('').toString('hex'), '0000');
  assert.equal(bmpPassword('aé€😀').toString('hex'), '006100e920acd83dde000000');
  assert.equal(utf8Password('é').toString('hex'), 'c3a9');
  for (const bad of ['a\0b', '\ud800', 'x'.repeat(4097)]) {
    assert.throws(
      () => bmpPassword(bad),
      (error) => error instanceof KeystoreError && error.fault === 'password',
    );
  }
});
