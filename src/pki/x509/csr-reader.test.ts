import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { CsrError } from '../errors.ts';
import { generateKey } from '../keys.ts';
import { encodePem } from '../pem.ts';
import { createCsr } from './create-csr.ts';
import { CsrReader } from './csr-reader.ts';
import { verifyCsrSignature } from './parse-csr.ts';

const textOf = (der: Uint8Array): string =>
  Buffer.from(encodePem('CERTIFICATE REQUEST', der)).toString('base64');

describe('the reader of certificate signing requests', () => {
  let der: Buffer;
  before(async () => {
    der = createCsr({ dnsNames: ['a.example'] }, await generateKey({ algorithm: 'ECDSA' }));
  });

  it('reads the same text once, and other text anew', () => {
    const reader = new CsrReader();
    const csr = reader.read(textOf(der));
    assert.equal(reader.read(textOf(der)), csr);
    assert.deepEqual(csr.subjectAltNames.dnsNames, ['a.example']);
    verifyCsrSignature(csr);
    assert.notEqual(reader.read(`${textOf(der)}\n`), csr);
  });

  it('does not take one request for another whose signature differs in a bit', () => {
    const reader = new CsrReader();
    verifyCsrSignature(reader.read(textOf(der)));
    const forged = Buffer.from(der);
    forged[forged.length - 1] = forged[forged.length - 1]! ^ 1;
    for (let round = 0; round < 2; round++) {
      assert.throws(() => verifyCsrSignature(reader.read(textOf(forged))), CsrError);
    }
    verifyCsrSignature(reader.read(textOf(der)));
  });

  it('does not verify what was signed here, and nothing else on its account', async () => {
    const key = await generateKey({ algorithm: 'ECDSA' });
    const own = createCsr({ dnsNames: ['a.example'] }, key);
    const reader = new CsrReader();
    const csr = reader.signed(textOf(own), key);
    assert.equal(reader.read(textOf(own)), csr);
    verifyCsrSignature(csr);
    assert.ok(csr.publicKey.equals(createPublicKey(key)));
    const forged = Buffer.from(own);
    forged[forged.length - 1] = forged[forged.length - 1]! ^ 1;
    assert.throws(() => verifyCsrSignature(reader.read(textOf(forged))), CsrError);
    assert.throws(() => reader.signed('AAAA', key));
  });

  it('refuses what is no request each time it is asked, and forgets after a while', () => {
    const reader = new CsrReader();
    for (let round = 0; round < 2; round++) assert.throws(() => reader.read('AAAA'));
    const first = reader.read(textOf(der));
    for (let other = 1; other <= 64; other++) reader.read(`${textOf(der)}${'\n'.repeat(other)}`);
    assert.notEqual(reader.read(textOf(der)), first);
  });
});
