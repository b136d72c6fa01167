import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { DerReader } from './asn1/der-reader.ts';
import { sequence, smallInteger, unsignedInteger } from './asn1/der-writer.ts';
import { KeyError, PemError, PkiError, TooLargeError } from './errors.ts';
import {
  createKeyGenerator,
  decodePrivateKey,
  encodePrivateKey,
  generateKey,
  keyMismatches,
  publicKeysEqual,
  spkiHash,
  spkiOf,
} from './keys.ts';
import { decodeFirstPem, encodePem } from './pem.ts';

let rsa: KeyObject;
let ecdsa: KeyObject;
let ed25519: KeyObject;
before(async () => {
  [rsa, ecdsa, ed25519] = await Promise.all([
    generateKey({}),
    generateKey({ algorithm: 'ECDSA', size: 384 }),
    generateKey({ algorithm: 'Ed25519', size: 5 }),
  ]);
});

describe('generation', () => {
  test('defaults and sizes of api.md §6', async () => {
    assert.equal(rsa.asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal(ecdsa.asymmetricKeyDetails?.namedCurve, 'secp384r1');
    assert.equal(
      (await generateKey({ algorithm: 'ECDSA', size: -1 })).asymmetricKeyDetails?.namedCurve,
      'prime256v1',
    );
  });

  test('what cannot be generated is refused', async () => {
    for (const request of [
      { algorithm: 'RSA', size: 2047 },
      { size: 8193 },
      { algorithm: 'ECDSA', size: 255 },
      { algorithm: 'DSA' },
      { algorithm: 'rsa' },
    ]) {
      await assert.rejects(generateKey(request), KeyError);
      await assert.rejects(createKeyGenerator().generate(request), KeyError);
    }
  });

  test('RSA waits for its turn, the rest does not', async () => {
    const generator = createKeyGenerator({ concurrency: 1 });
    const two = [generator.generate({}), generator.generate({})];
    assert.equal(generator.waiting, 1);
    await generator.generate({ algorithm: 'ECDSA' });
    await Promise.all(two);
    assert.equal(generator.waiting, 0);
    // The slot is free again.
    const one = generator.generate({});
    assert.equal(generator.waiting, 0);
    await one;
  });
});

describe('PEM', () => {
  test('labels by encoding, and back', () => {
    for (const [key, label] of [
      [rsa, 'RSA PRIVATE KEY'],
      [ecdsa, 'EC PRIVATE KEY'],
      [ed25519, 'PRIVATE KEY'],
    ] as const) {
      assert.equal(decodeFirstPem(encodePrivateKey(key), 1e5).label, label);
      assert.equal(decodeFirstPem(encodePrivateKey(key, 'PKCS8'), 1e5).label, 'PRIVATE KEY');
      for (const encoding of ['PKCS1', 'PKCS8'] as const) {
        const back = decodePrivateKey(encodePrivateKey(key, encoding));
        assert.ok(publicKeysEqual(back, key));
        assert.equal(encodePrivateKey(back, encoding), encodePrivateKey(key, encoding));
      }
    }
  });

  test('only the first block counts', () => {
    assert.ok(publicKeysEqual(decodePrivateKey(encodePrivateKey(ecdsa) + encodePrivateKey(rsa)), ecdsa));
    assert.throws(
      () => decodePrivateKey(encodePem('EC PARAMETERS', Buffer.from([5, 0])) + encodePrivateKey(ecdsa)),
      PemError,
    );
  });

  test('encrypted, foreign, oversized and damaged keys are typed errors', () => {
    const sealed = ecdsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    assert.throws(() => decodePrivateKey(sealed), /encrypted/);
    const traditional = rsa.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    assert.throws(() => decodePrivateKey(traditional), /encrypted/);
    assert.throws(() => decodePrivateKey(''), PemError);
    assert.throws(() => decodePrivateKey('x'.repeat(13_001)), TooLargeError);
    const small = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;
    assert.throws(() => decodePrivateKey(encodePrivateKey(small)), KeyError);
    const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    assert.throws(() => decodePrivateKey(encodePrivateKey(curve)), KeyError);
    const x25519 = generateKeyPairSync('x25519').privateKey;
    assert.throws(() => decodePrivateKey(encodePrivateKey(x25519)), KeyError);
    const trailing = Buffer.concat([decodeFirstPem(encodePrivateKey(ecdsa), 1e5).der, Buffer.from([0])]);
    assert.throws(() => decodePrivateKey(encodePem('EC PRIVATE KEY', trailing)), KeyError);
  });

  test('an RSA key that contradicts itself is refused, whichever number is wrong', () => {
    const { der } = decodeFirstPem(encodePrivateKey(rsa), 1e5);
    const reader = DerReader.over(der).sequence();
    reader.smallInteger(0);
    const numbers = Array.from({ length: 8 }, () => reader.bigInteger(1024));
    const write = (list: readonly bigint[]): string =>
      encodePem(
        'RSA PRIVATE KEY',
        sequence(
          smallInteger(0),
          ...list.map((n) => unsignedInteger(Buffer.from(n.toString(16).padStart(520, '0'), 'hex'))),
        ),
      );
    assert.ok(publicKeysEqual(decodePrivateKey(write(numbers)), rsa));
    for (let index = 0; index < numbers.length; index++) {
      const wrong = numbers.map((value, at) => (at === index ? value + 2n : value));
      assert.throws(() => decodePrivateKey(write(wrong)), KeyError, `number ${index}`);
    }
  });

  test('no error shows key material', () => {
    const text = encodePrivateKey(ecdsa, 'PKCS8');
    const body = text.split('\n')[1] ?? '';
    const broken = text.replace(body, `${body.slice(0, -4)}AAAA`);
    try {
      decodePrivateKey(broken);
    } catch (error) {
      assert.ok(error instanceof PkiError);
      assert.ok(!`${error.stack} ${String(error.cause)}`.includes(body.slice(8, 24)));
      return;
    }
    assert.fail('the damaged key was accepted');
  });
});

describe('questions about keys', () => {
  test('mismatches name the field', () => {
    assert.deepEqual(keyMismatches(rsa, {}), []);
    assert.deepEqual(keyMismatches(rsa, { privateKey: { size: 4096 } }), ['spec.privateKey.size']);
    assert.deepEqual(keyMismatches(rsa, { privateKey: { algorithm: 'ECDSA' } }), [
      'spec.privateKey.algorithm',
    ]);
    assert.deepEqual(keyMismatches(ecdsa, { privateKey: { algorithm: 'ECDSA' } }), ['spec.privateKey.size']);
    assert.deepEqual(keyMismatches(ecdsa, { privateKey: { algorithm: 'ECDSA', size: 384 } }), []);
    assert.deepEqual(keyMismatches(ed25519, { privateKey: { algorithm: 'Ed25519', size: 2048 } }), []);
    assert.deepEqual(keyMismatches(ed25519, {}), ['spec.privateKey.algorithm']);
  });

  test('the hash is that of the SubjectPublicKeyInfo, for either half', () => {
    const spki = createPublicKey(ecdsa).export({ type: 'spki', format: 'der' });
    const want = createHash('sha256').update(spki).digest('hex');
    assert.deepEqual(spkiOf(ecdsa), spki);
    for (const one of [ecdsa, createPublicKey(ecdsa), spki]) assert.equal(spkiHash(one), want);
    assert.ok(!publicKeysEqual(ecdsa, rsa));
  });
});
