import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodePrivateKey, generateKey, spkiOf } from '../../pki/keys.ts';
import { KeyFacts } from './key-facts.ts';
import { privateKeyFacts } from './private-key-facts.ts';

test('what is remembered of a key we made is what loading it says', async () => {
  for (const request of [
    { algorithm: 'RSA' },
    { algorithm: 'ECDSA' },
    { algorithm: 'ECDSA', size: 384 },
    { algorithm: 'Ed25519' },
  ]) {
    const key = await generateKey(request);
    const pem = Buffer.from(encodePrivateKey(key));
    const facts = privateKeyFacts(key, spkiOf(key));
    assert.deepEqual(new KeyFacts().of(pem), facts);
    const known = new KeyFacts();
    known.remember(pem, facts);
    assert.equal(known.of(pem), facts);
  }
});

test('another key is loaded and looked at, and a broken one refused', async () => {
  const known = new KeyFacts();
  const [key, other] = [await generateKey({ algorithm: 'ECDSA' }), await generateKey({ algorithm: 'ECDSA' })];
  known.remember(Buffer.from(encodePrivateKey(key)), privateKeyFacts(key));
  assert.deepEqual(known.of(Buffer.from(encodePrivateKey(other))), privateKeyFacts(other));
  assert.throws(() => known.of(Buffer.from(encodePrivateKey(key).replace('M', 'N'))), { name: /Error$/ });
});
