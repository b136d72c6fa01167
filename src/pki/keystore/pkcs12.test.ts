/** PKCS#12 in every profile: round trips, exact attributes, algorithms, wrong passwords, hostile bytes. */

import assert from 'node:assert/strict';
import { createPublicKey, hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { encodeName, nameFromFields } from '../x509/name.ts';
import { makeCertificate, testKey } from '../lint/testing/make-certificate.ts';
import { PkiError } from '../errors.ts';
import { KeystoreError, type KeystoreFault } from './keystore-error.ts';
import { encodePkcs12, encodePkcs12Truststore, type Pkcs12Profile } from './pkcs12.ts';
import { pkcs12Oids } from './pkcs12-oids.ts';
import { readPkcs12 } from './pkcs12-reader.ts';
import { encodeOid } from '../asn1/oid.ts';

const PROFILES: readonly Pkcs12Profile[] = ['LegacyRC2', 'LegacyDES', 'Modern2023', 'Modern2026'];
const key = testKey('leaf');
const leaf = makeCertificate().der;
const intermediate = makeCertificate({ subject: encodeName(nameFromFields({}, 'Intermediate')) }).der;
const root = makeCertificate({
  subject: encodeName(nameFromFields({ organizations: ['Root, Inc'] }, 'Root')),
}).der;
const random = (length: number) => randomBytes(length);

const faultOf = (fault: KeystoreFault) => (error: unknown) =>
  error instanceof KeystoreError && error.fault === fault;

for (const profile of PROFILES) {
  test(`${profile}: a keystore comes back as it went in, with the leaf tied to its key`, () => {
    const store = encodePkcs12({
      key,
      chain: [leaf, intermediate],
      ca: [root],
      password: 'pässword',
      profile,
      random,
    });
    const { keys, certificates } = readPkcs12(store, 'pässword');
    const id = hash('sha1', leaf, 'buffer');
    assert.deepEqual(certificates, [
      { certificate: leaf, trusted: false, localKeyId: id },
      { certificate: intermediate, trusted: false },
      { certificate: root, trusted: false },
    ]);
    assert.equal(keys.length, 1);
    assert.ok(keys[0]?.key.equals(key));
    assert.deepEqual(keys[0]?.localKeyId, id);
    assert.equal(keys[0]?.friendlyName, undefined);
    assert.throws(() => readPkcs12(store, 'password'), faultOf('password'));
  });

  test(`${profile}: a truststore names and marks each certificate`, () => {
    const store = encodePkcs12Truststore({ ca: [root, intermediate, root], password: '', profile, random });
    assert.deepEqual(readPkcs12(store, ''), {
      keys: [],
      certificates: [
        { certificate: root, trusted: true, friendlyName: 'CN=Root,O=Root\\, Inc' },
        { certificate: intermediate, trusted: true, friendlyName: 'CN=Intermediate' },
        { certificate: root, trusted: true, friendlyName: 'CN=Root,O=Root\\, Inc #2' },
      ],
    });
  });
}

test('each profile uses the algorithms that the API promises', () => {
  const expected: Record<Pkcs12Profile, readonly (keyof typeof pkcs12Oids)[]> = {
    LegacyRC2: ['pbeSha1Rc2With40Bits', 'pbeSha1TripleDes'],
    LegacyDES: ['pbeSha1TripleDes'],
    Modern2023: ['pbes2', 'pbkdf2', 'hmacSha256', 'aes256Cbc'],
    Modern2026: ['pbes2', 'pbkdf2', 'hmacSha256', 'aes256Cbc', 'pbmac1'],
  };
  const watched = [...new Set(Object.values(expected).flat())];
  for (const profile of PROFILES) {
    const store = encodePkcs12({ key, chain: [leaf], password: 'x', profile, random });
    const used = watched.filter((name) => store.includes(encodeOid(pkcs12Oids[name])));
    assert.deepEqual(used.toSorted(), [...expected[profile]].toSorted(), profile);
  }
});

test('is the same for the same randomness, so that a Secret need not change', () => {
  const zeros = (length: number) => Buffer.alloc(length);
  const make = () => encodePkcs12({ key, chain: [leaf], password: 'x', profile: 'LegacyRC2', random: zeros });
  assert.deepEqual(make(), make());
});

test('refuses what cannot be stored', () => {
  const options = { password: 'x', profile: 'LegacyRC2', random } as const;
  assert.throws(() => encodePkcs12({ ...options, key, chain: [] }), faultOf('input'));
  assert.throws(
    () => encodePkcs12({ ...options, key: createPublicKey(key), chain: [leaf] }),
    faultOf('input'),
  );
  assert.throws(() => encodePkcs12({ ...options, key, chain: [leaf], password: 'a\0' }), faultOf('password'));
  const unknown = 'Modern2050' as Pkcs12Profile;
  assert.throws(() => encodePkcs12({ ...options, key, chain: [leaf], profile: unknown }), faultOf('input'));
  assert.throws(() => encodePkcs12Truststore({ ...options, ca: [] }), faultOf('input'));
  assert.throws(
    () => encodePkcs12Truststore({ ...options, ca: [Buffer.from('3000', 'hex')] }),
    faultOf('input'),
  );
});

test('one changed byte anywhere is noticed', () => {
  const store = encodePkcs12({ key, chain: [leaf], password: 'x', profile: 'Modern2023', random });
  fc.assert(
    fc.property(fc.nat(store.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(store);
      changed[at] = (changed[at] ?? 0) ^ flip;
      assert.throws(() => readPkcs12(changed, 'x'), PkiError);
    }),
  );
});

test('garbage is refused with a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => readPkcs12(bytes, 'x'), PkiError);
    }),
  );
});

test('a store that asks for a billion iterations is refused before it costs anything', () => {
  const store = encodePkcs12({ key, chain: [leaf], password: 'x', profile: 'Modern2023', random });
  // The MAC's count is the last element: INTEGER 2048, two bytes long.
  assert.equal(store.subarray(-4).toString('hex'), '02020800');
  store.set([0x02, 0x02, 0x7f, 0xff], store.length - 4);
  assert.throws(() => readPkcs12(store, 'x'), faultOf('password'));
  const grown = Buffer.concat([store.subarray(0, -4), Buffer.from('02047fffffff', 'hex')]);
  grown.writeUInt16BE(grown.readUInt16BE(2) + 2, 2);
  const macAt = grown.lastIndexOf(Buffer.from('30493031', 'hex'));
  assert.ok(macAt > 0);
  grown[macAt + 1] = 0x4b;
  assert.throws(() => readPkcs12(grown, 'x'), faultOf('unsupported'));
});
