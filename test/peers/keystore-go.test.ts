/** go-pkcs12 opens every PKCS#12 profile we write, PBMAC1 included, and we open what it writes. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { encodePkcs12, encodePkcs12Truststore, type Pkcs12Profile } from '../../src/pki/keystore/pkcs12.ts';
import { readPkcs12 } from '../../src/pki/keystore/pkcs12-reader.ts';
import { makeCertificate, testKey } from '../../src/pki/lint/testing/make-certificate.ts';

const go = process.env['CERTWRIGHT_GO'] ?? 'go';
const folder = mkdtempSync(path.join(tmpdir(), 'certwright-go-pkcs12-'));
const program = path.join(folder, 'pkcs12');
after(() => rmSync(folder, { recursive: true }));
execFileSync(go, ['build', '-o', program, '.'], {
  cwd: path.resolve(import.meta.dirname, '../../tools/peers/pkcs12'),
  stdio: ['ignore', 'ignore', 'pipe'],
});

const key = testKey('leaf');
const leaf = makeCertificate().der;
const root = makeCertificate({ signingKey: testKey('root') }).der;
const random = (length: number) => randomBytes(length);

function run(args: string[], input: Uint8Array = Buffer.alloc(0)): Buffer[] {
  const out = execFileSync(program, args, { input, stdio: ['pipe', 'pipe', 'pipe'] })
    .toString()
    .trim();
  return out.split('\n').map((line) => Buffer.from(line, 'base64'));
}

for (const profile of ['LegacyRC2', 'LegacyDES', 'Modern2023', 'Modern2026'] satisfies Pkcs12Profile[]) {
  test(`${profile}: go-pkcs12 takes out what we put in`, () => {
    for (const password of ['changeit', '', 'schlüssel €']) {
      const options = { password, profile, random };
      const store = encodePkcs12({ ...options, key, chain: [leaf], ca: [root] });
      const [pkcs8, ...certificates] = run(['key', password], store);
      assert.ok(createPrivateKey({ key: pkcs8 ?? leaf, format: 'der', type: 'pkcs8' }).equals(key));
      assert.deepEqual(certificates, [leaf, root]);
      assert.deepEqual(run(['trust', password], encodePkcs12Truststore({ ...options, ca: [root, leaf] })), [
        root,
        leaf,
      ]);
      assert.throws(() => run(['key', 'wrong'], store), /password incorrect/u);
    }
  });

  test(`${profile}: we take out what go-pkcs12 puts in`, () => {
    const [pkcs8 = leaf, certificate, store = leaf] = run(['write', 'schlüssel €', profile]);
    const { keys, certificates } = readPkcs12(store, 'schlüssel €');
    assert.ok(keys[0]?.key.equals(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })));
    assert.deepEqual(certificates[0]?.certificate, certificate);
    assert.deepEqual(certificates[0]?.localKeyId, keys[0]?.localKeyId);
  });
}
