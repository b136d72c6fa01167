/** JKS: round trips, aliases, the widened password, changed and hostile bytes. */

import assert from 'node:assert/strict';
import { createPublicKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { PkiError } from '../errors.ts';
import { makeCertificate, testKey } from '../lint/testing/make-certificate.ts';
import { fromModifiedUtf8, modifiedUtf8, widenPassword } from './jks-format.ts';
import { readJks } from './jks-reader.ts';
import { encodeJks, encodeJksTruststore } from './jks.ts';
import { KeystoreError } from './keystore-error.ts';

const key = testKey('leaf');
const leaf = makeCertificate().der;
const root = makeCertificate({ signingKey: testKey('root') }).der;
const random = (length: number) => randomBytes(length);
const now = Date.UTC(2026, 10, 22);

test('a keystore comes back as it went in, alias in lower case, CA beside it', () => {
  const store = encodeJks({
    alias: 'Certificate',
    key,
    chain: [leaf, root],
    ca: [root, leaf],
    password: 'changeit',
    now,
    random,
  });
  assert.equal(store.subarray(0, 8).toString('hex'), 'feedfeed00000002');
  const [entry, ...trusted] = readJks(store, 'changeit');
  assert.ok(entry?.kind === 'key');
  assert.equal(entry.alias, 'certificate');
  assert.equal(entry.created, now);
  assert.ok(entry.key.equals(key));
  assert.deepEqual(entry.chain, [leaf, root]);
  assert.deepEqual(trusted, [
    { kind: 'trusted', alias: 'ca', created: now, certificate: root },
    { kind: 'trusted', alias: 'ca-1', created: now, certificate: leaf },
  ]);
});

test('a CA never takes the alias of the key', () => {
  const aliases = (alias: string): string[] => {
    const store = encodeJks({ alias, key, chain: [leaf], ca: [root, root], password: 'x', now, random });
    return readJks(store, 'x').map((entry) => entry.alias);
  };
  assert.deepEqual(aliases('CA'), ['ca', 'ca-1', 'ca-2']);
  assert.deepEqual(aliases('ca-1'), ['ca-1', 'ca', 'ca-2']);
});

test('a truststore holds the CA alone', () => {
  const store = encodeJksTruststore({ ca: [root], password: 'é', now });
  assert.deepEqual(readJks(store, 'é'), [{ kind: 'trusted', alias: 'ca', created: now, certificate: root }]);
  assert.throws(
    () => readJks(store, 'e'),
    (error) => error instanceof KeystoreError && error.fault === 'password',
  );
});

test('widens each byte of the password', () => {
  assert.equal(widenPassword('aé').toString('hex'), '006100c300a9');
  assert.equal(widenPassword('').length, 0);
  assert.throws(() => widenPassword('\ud800'), KeystoreError);
});

test('aliases survive as Java writes them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      assert.equal(fromModifiedUtf8(modifiedUtf8(text).subarray(2)), text);
    }),
  );
  assert.equal(modifiedUtf8('\0').toString('hex'), '0002c080');
  assert.throws(() => modifiedUtf8('x'.repeat(65_536)), KeystoreError);
  assert.equal(fromModifiedUtf8(Buffer.from('c3', 'hex')), undefined);
});

test('refuses what cannot be stored', () => {
  const options = { alias: 'a', key, chain: [leaf], password: 'x', now, random };
  const input = (error: unknown) => error instanceof KeystoreError && error.fault === 'input';
  assert.throws(() => encodeJks({ ...options, chain: [] }), input);
  assert.throws(() => encodeJks({ ...options, key: createPublicKey(key) }), input);
  assert.throws(() => encodeJks({ ...options, alias: '\ud800' }), input);
  assert.throws(() => encodeJksTruststore({ ca: [], password: 'x', now }), input);
});

test('one changed byte anywhere is noticed, and garbage refused', () => {
  const store = encodeJks({ alias: 'a', key, chain: [leaf], password: 'x', now, random });
  fc.assert(
    fc.property(fc.nat(store.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(store);
      changed[at] = (changed[at] ?? 0) ^ flip;
      assert.throws(() => readJks(changed, 'x'), PkiError);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => readJks(bytes, 'x'), PkiError);
    }),
  );
});
