import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodePrivateKey, generateKey, spkiOf } from '../../pki/keys.ts';
import { temporaryCertificate } from '../../pki/x509/temporary-certificate.ts';
import { hashOf, KeyFacts } from './key-facts.ts';
import { privateKeyFacts } from './private-key-facts.ts';
import { leafFacts } from './x509-facts.ts';

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

test('a chain is read once, another one anew, and one that cannot be read is refused each time', async () => {
  const facts = new KeyFacts();
  const chain = async (name: string): Promise<Buffer> => {
    const key = await generateKey({ algorithm: 'ECDSA' });
    return Buffer.from(await temporaryCertificate({ template: { dnsNames: [name] }, key, now: Date.now() }));
  };
  const [one, other] = [await chain('one.test'), await chain('other.test')];
  const known = facts.leaf(one);
  assert.deepEqual(known, leafFacts(one));
  assert.equal(facts.leaf(Buffer.from(one), hashOf(one)), known);
  assert.deepEqual(facts.leaf(other).dnsNames, ['other.test']);
  for (let i = 0; i < 2; i++) assert.throws(() => facts.leaf(Buffer.from('no chain')), { name: /Error$/ });
});
