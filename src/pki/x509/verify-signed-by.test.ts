import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { before, test } from 'node:test';
import { ChainError } from '../errors.ts';
import { generateKey } from '../keys.ts';
import { buildChain } from './build-chain.ts';
import { createCsr } from './create-csr.ts';
import { basicConstraintsExtension, keyUsageExtension } from './extensions.ts';
import { keyUsageBits } from './key-usage.ts';
import { parseCertificate, type ParsedCertificate } from './parse-certificate.ts';
import { parseCsr } from './parse-csr.ts';
import { createSigner, signCertificate, type CertificateSigner } from './sign-certificate.ts';
import { isSelfSigned, maySign, verifySignedBy } from './verify-signed-by.ts';

let key: KeyObject;
before(async () => {
  key = await generateKey({ algorithm: 'ECDSA' });
});

async function certificate(
  commonName: string,
  isCA: boolean,
  usage: number,
  signer: CertificateSigner = createSigner(key),
): Promise<ParsedCertificate> {
  const { subjectDer, spki } = parseCsr(createCsr({ commonName }, key));
  const extensions = [keyUsageExtension(usage), basicConstraintsExtension(isCA)].filter(
    (extension) => extension !== undefined,
  );
  const template = { serial: Buffer.of(1), subjectDer, spki, notBefore: 0, notAfter: 1e12, extensions };
  return parseCertificate(await signCertificate(template, signer));
}

const parents: [string, boolean, number, boolean][] = [
  ['a CA that may sign certificates', true, keyUsageBits.certSign, true],
  ['a CA without key usage', true, 0, true],
  ['a CA that may sign other things only', true, keyUsageBits.digitalSignature, false],
  ['no CA, whatever its key usage says', false, keyUsageBits.certSign, false],
];

for (const [what, isCA, usage, may] of parents) {
  test(`${what} ${may ? 'is' : 'is not'} believed as issuer`, async () => {
    const parent = await certificate('parent', isCA, usage);
    const child = await certificate('child', false, 0, createSigner(key, parent));
    assert.deepEqual([maySign(parent), verifySignedBy(child, parent), isSelfSigned(parent)], [may, may, may]);
    if (may) assert.deepEqual(buildChain([child, parent]).chain, [child]);
    else assert.throws(() => buildChain([child, parent]), ChainError);
  });
}

test('the name and the signature both have to be right', async () => {
  const parent = await certificate('parent', true, 0);
  const other = await certificate('other', true, 0);
  const child = await certificate('child', false, 0, createSigner(key, parent));
  assert.equal(verifySignedBy(child, other), false);
  const stranger = await generateKey({ algorithm: 'ECDSA' });
  const { subjectDer, spki } = parseCsr(createCsr({ commonName: 'parent' }, stranger));
  const extensions = [basicConstraintsExtension(true)];
  const template = { serial: Buffer.of(1), subjectDer, spki, notBefore: 0, notAfter: 1e12, extensions };
  const impostor = parseCertificate(await signCertificate(template, createSigner(stranger)));
  assert.equal(verifySignedBy(child, impostor), false);
});
