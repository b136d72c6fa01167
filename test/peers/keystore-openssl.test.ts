/** openssl opens every PKCS#12 profile we write, and we open what openssl writes. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { encodePkcs12, encodePkcs12Truststore, type Pkcs12Profile } from '../../src/pki/keystore/pkcs12.ts';
import { readPkcs12 } from '../../src/pki/keystore/pkcs12-reader.ts';
import { makeCertificate, testKey } from '../../src/pki/lint/testing/make-certificate.ts';

const openssl = process.env['CERTWRIGHT_OPENSSL'] ?? 'openssl';
const folder = mkdtempSync(path.join(tmpdir(), 'certwright-keystore-'));
after(() => rmSync(folder, { recursive: true }));

const key = testKey('leaf');
const leaf = makeCertificate().der;
const root = makeCertificate({ signingKey: testKey('root') }).der;
const random = (length: number) => randomBytes(length);
const PASSWORDS = ['changeit', '', 'pässwörd €', 'emoji 😀'];

/** PBMAC1 came with OpenSSL 3.4; older ones can still be asked to look at everything but the MAC. */
const [major = 0, minor = 0] = (/OpenSSL (\d+)\.(\d+)/u.exec(run('version').toString()) ?? [])
  .slice(1)
  .map(Number);
const knowsPbmac1 = major > 3 || (major === 3 && minor >= 4);

function run(...args: string[]): Buffer {
  return execFileSync(openssl, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function inFile(name: string, content: Uint8Array | string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

function ders(pem: string): Buffer[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-/gu)].map((match) =>
    Buffer.from(match[1] ?? '', 'base64'),
  );
}

for (const profile of ['LegacyRC2', 'LegacyDES', 'Modern2023', 'Modern2026'] satisfies Pkcs12Profile[]) {
  const flags = profile.startsWith('Legacy') ? ['-legacy'] : [];
  if (profile === 'Modern2026' && !knowsPbmac1) flags.push('-nomacver');

  test(`${profile}: openssl takes out the same key and certificates, whatever the password`, () => {
    for (const password of PASSWORDS) {
      const options = { password, profile, random };
      const store = inFile('store.p12', encodePkcs12({ ...options, key, chain: [leaf], ca: [root] }));
      const passFile = inFile('password', `${password}\n`);
      const pem = run('pkcs12', '-in', store, '-passin', `file:${passFile}`, '-nodes', ...flags).toString();
      assert.deepEqual(ders(pem), [leaf, root], password);
      const block = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/u.exec(pem)?.[0] ?? '';
      assert.ok(createPrivateKey(block).equals(key), password);
      const trust = inFile('trust.p12', encodePkcs12Truststore({ ...options, ca: [root, leaf] }));
      const trusted = run(
        'pkcs12',
        '-in',
        trust,
        '-passin',
        `file:${passFile}`,
        '-nokeys',
        ...flags,
      ).toString();
      assert.deepEqual(ders(trusted), [root, leaf], password);
      assert.match(trusted, /friendlyName: CN=www.example.com,O=Example #2/u);
    }
  });
}

test('openssl names the algorithms of the default profile as the API promises', () => {
  const options = { password: 'x', profile: 'LegacyRC2', random } as const;
  const store = inFile('info.p12', encodePkcs12({ ...options, key, chain: [leaf] }));
  const args = ['pkcs12', '-info', '-legacy', '-in', store, '-passin', 'pass:x', '-noout'];
  const { PATH } = process.env;
  const info = execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', openssl, ...args], { env: { PATH } }).toString();
  assert.match(info, /MAC: sha1, Iteration 1\b/u);
  assert.match(info, /pbeWithSHA1And40BitRC2-CBC, Iteration 2048/u);
  assert.match(info, /Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048/u);
});

test('reads what openssl writes', () => {
  const keyFile = inFile('key.pem', key.export({ type: 'pkcs8', format: 'pem' }));
  const pem = `-----BEGIN CERTIFICATE-----\n${leaf.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const certFile = inFile('leaf.pem', pem.replace(/.{64}/gu, '$&\n'));
  const out = path.join(folder, 'theirs.p12');
  for (const extra of [[], ['-legacy'], ['-keypbe', 'NONE', '-certpbe', 'NONE']]) {
    const common = [
      '-inkey',
      keyFile,
      '-in',
      certFile,
      '-out',
      out,
      '-passout',
      'pass:geheim',
      '-name',
      'Schlüssel',
    ];
    run('pkcs12', '-export', ...common, ...extra);
    const { keys, certificates } = readPkcs12(readFileSync(out), 'geheim');
    assert.ok(keys[0]?.key.equals(key));
    assert.deepEqual(certificates[0]?.certificate, leaf);
    assert.deepEqual(certificates[0]?.localKeyId, keys[0]?.localKeyId);
  }
});
