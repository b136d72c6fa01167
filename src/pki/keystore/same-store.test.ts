/** Which keystores count as the same: what they hold and how it is protected, not their salts. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { makeCertificate, testKey } from '../lint/testing/make-certificate.ts';
import { encodeName, nameFromFields } from '../x509/name.ts';
import { encodeJks, encodeJksTruststore } from './jks.ts';
import { encodePkcs12, encodePkcs12Truststore, type Pkcs12Profile } from './pkcs12.ts';
import { sameJks, samePkcs12 } from './same-store.ts';

const profiles: readonly Pkcs12Profile[] = ['LegacyRC2', 'LegacyDES', 'Modern2023', 'Modern2026'];
const password = 'geheim';
const random = (length: number) => randomBytes(length);
const leaf = makeCertificate().der;
const root = makeCertificate({ subject: encodeName(nameFromFields({}, 'Root')) }).der;
const entry = { key: testKey('leaf'), chain: [leaf], ca: [root], password, random };

test('PKCS#12: the same under fresh salts, another under another profile, password, key, chain or CA', () => {
  for (const profile of profiles) {
    const store = encodePkcs12({ ...entry, profile });
    assert.notDeepEqual(encodePkcs12({ ...entry, profile }), store);
    assert.ok(samePkcs12(store, encodePkcs12({ ...entry, profile }), password), profile);
    for (const other of profiles.filter((name) => name !== profile))
      assert.equal(samePkcs12(store, encodePkcs12({ ...entry, profile: other }), password), false, other);
    const others = [
      { ...entry, profile, key: testKey('other') },
      { ...entry, profile, chain: [leaf, root] },
      { ...entry, profile, ca: [] },
      { ...entry, profile, password: 'anders' },
    ];
    for (const [index, options] of others.entries())
      assert.equal(samePkcs12(store, encodePkcs12(options), password), false, `${profile} ${index}`);
  }
});

test('PKCS#12 truststores, damage and garbage', () => {
  const options = { ca: [root], password, profile: 'Modern2023', random } as const;
  const store = encodePkcs12Truststore(options);
  assert.ok(samePkcs12(store, encodePkcs12Truststore(options), password));
  assert.equal(samePkcs12(store, encodePkcs12Truststore({ ...options, ca: [leaf] }), password), false);
  const damaged = Buffer.from(store);
  damaged[damaged.length - 30] = (damaged[damaged.length - 30] ?? 0) ^ 1;
  assert.equal(samePkcs12(damaged, store, password), false);
  assert.equal(samePkcs12(Buffer.from('garbage'), store, password), false);
});

test('JKS: the same whenever it was made, another under another alias, key, chain, CA or password', () => {
  const options = { ...entry, alias: 'web', now: 1 };
  const store = encodeJks(options);
  assert.ok(sameJks(store, encodeJks({ ...options, now: 2 }), password));
  const others = [
    { ...options, alias: 'api' },
    { ...options, key: testKey('other') },
    { ...options, chain: [leaf, root] },
    { ...options, ca: [] },
    { ...options, password: 'anders' },
  ];
  for (const [index, other] of others.entries())
    assert.equal(sameJks(store, encodeJks(other), password), false, `${index}`);
  assert.equal(sameJks(Buffer.from('garbage'), store, password), false);
  assert.ok(
    sameJks(
      encodeJksTruststore({ ca: [root], password, now: 1 }),
      encodeJksTruststore({ ca: [root], password, now: 2 }),
      password,
    ),
  );
});
