/** keytool opens every keystore and truststore we write, and gives the same key and certificates back. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { encodeJks, encodeJksTruststore } from '../../src/pki/keystore/jks.ts';
import { readJks } from '../../src/pki/keystore/jks-reader.ts';
import { encodePkcs12, encodePkcs12Truststore, type Pkcs12Profile } from '../../src/pki/keystore/pkcs12.ts';
import { readPkcs12 } from '../../src/pki/keystore/pkcs12-reader.ts';
import { makeCertificate, testKey } from '../../src/pki/lint/testing/make-certificate.ts';
import { encodeName, nameFromFields } from '../../src/pki/x509/name.ts';

const keytool = process.env['CERTWRIGHT_KEYTOOL'] ?? 'keytool';
const folder = mkdtempSync(path.join(tmpdir(), 'certwright-keystore-'));
after(() => rmSync(folder, { recursive: true }));

const key = testKey('leaf');
// Java re-orders a chain by issuer, so this one is a real chain.
const rootName = encodeName(nameFromFields({}, 'Root'));
const root = makeCertificate({ subject: rootName, issuer: rootName, publicKey: testKey('ca') }).der;
const leaf = makeCertificate({ issuer: rootName }).der;
const random = (length: number) => randomBytes(length);

function run(...args: string[]): string {
  const locale = ['-J-Duser.language=en', '-J-Dsun.jnu.encoding=UTF-8', '-J-XX:TieredStopAtLevel=1'];
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  return execFileSync(keytool, [...args, ...locale], { stdio: ['ignore', 'pipe', 'pipe'], env }).toString();
}

const banner = spawnSync(keytool, ['-J-version'], { encoding: 'utf8' });
const javaMajor = Number(/version "(\d+)/u.exec(banner.stderr)?.[1]);
assert.ok(javaMajor >= 11, `cannot tell the version of ${keytool}: ${banner.stderr}`);

function inFile(name: string, content: Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

function certificate(store: string, alias: string, password: string): Buffer {
  const out = path.join(folder, 'out.der');
  run('-exportcert', '-keystore', store, '-storepass', password, '-alias', alias, '-file', out);
  return readFileSync(out);
}

/** Moves the entry into a new store: the only way to make keytool show that it can read the key. */
function keyThroughJava(store: string, alias: string, password: string) {
  const out = path.join(folder, 'converted.p12');
  rmSync(out, { force: true });
  run(
    '-importkeystore',
    '-srckeystore',
    store,
    '-srcstorepass',
    password,
    '-srcalias',
    alias,
    '-destkeystore',
    out,
    '-deststoretype',
    'PKCS12',
    '-deststorepass',
    'changeit',
    '-noprompt',
  );
  return readPkcs12(readFileSync(out), 'changeit').keys[0]?.key;
}

test('JKS: list, export and convert', () => {
  const store = inFile(
    'k.jks',
    encodeJks({ alias: 'Mine', key, chain: [leaf, root], ca: [root], password: 'changeit', now: 0, random }),
  );
  const list = run('-list', '-keystore', store, '-storepass', 'changeit');
  assert.match(list, /Keystore type: JKS/iu);
  assert.match(list, /mine, Jan 1, 1970, PrivateKeyEntry/u);
  assert.match(list, /ca, Jan 1, 1970, trustedCertEntry/u);
  assert.deepEqual(certificate(store, 'mine', 'changeit'), leaf);
  assert.deepEqual(certificate(store, 'ca', 'changeit'), root);
  assert.ok(keyThroughJava(store, 'mine', 'changeit')?.equals(key));
});

test('JKS: a truststore, and a password beyond ASCII as Java has to be told it', () => {
  const plain = inFile('t.jks', encodeJksTruststore({ ca: [root, leaf], password: 'changeit', now: 0 }));
  assert.deepEqual(certificate(plain, 'ca-1', 'changeit'), leaf);
  // Each byte of UTF-8 is a character of its own to Java: ü is "Ã¼".
  const wide = inFile('u.jks', encodeJksTruststore({ ca: [root], password: 'schlüssel', now: 0 }));
  assert.match(run('-list', '-keystore', wide, '-storepass', 'schlÃ¼ssel'), /1 entry/u);
  assert.throws(() => run('-list', '-keystore', wide, '-storepass', 'schlüssel'));
});

test('JKS: reads what keytool writes', () => {
  const file = path.join(folder, 'theirs.jks');
  run(
    '-genkeypair',
    '-keystore',
    file,
    '-storetype',
    'JKS',
    '-storepass',
    'changeit',
    '-keypass',
    'changeit',
    '-alias',
    'Theirs',
    '-keyalg',
    'EC',
    '-dname',
    'CN=theirs',
  );
  const [entry, ...more] = readJks(readFileSync(file), 'changeit');
  assert.equal(more.length, 0);
  assert.ok(entry?.kind === 'key' && entry.alias === 'theirs' && entry.chain.length === 1);
});

/** Java knows PBMAC1 from 26 on; before, it says so instead of reading. */
const profiles: readonly Pkcs12Profile[] = [
  'LegacyRC2',
  'LegacyDES',
  'Modern2023',
  ...(javaMajor >= 26 ? ['Modern2026' as const] : []),
];
for (const profile of profiles) {
  test(`PKCS#12 ${profile}: list, export and convert`, () => {
    const options = { password: 'changeit', profile, random };
    const store = inFile('k.p12', encodePkcs12({ ...options, key, chain: [leaf], ca: [root] }));
    assert.match(run('-list', '-keystore', store, '-storepass', 'changeit'), /1, .*PrivateKeyEntry/u);
    assert.deepEqual(certificate(store, '1', 'changeit'), leaf);
    assert.ok(keyThroughJava(store, '1', 'changeit')?.equals(key));
    const trust = inFile('t.p12', encodePkcs12Truststore({ ...options, ca: [root, leaf, root] }));
    const list = run('-list', '-keystore', trust, '-storepass', 'changeit');
    assert.equal(list.match(/trustedCertEntry/gu)?.length, 3);
    assert.deepEqual(certificate(trust, 'cn=root #2', 'changeit'), root);
  });
}

test('PKCS#12: Java has no passwords beyond ASCII, its own stores included', () => {
  // Its "PBE" key refuses every other character, whatever the store; README.md tells users.
  const own = ['-genkeypair', '-alias', 'a', '-keyalg', 'EC', '-dname', 'CN=a', '-storetype', 'PKCS12'];
  const file = path.join(folder, 'own.p12');
  assert.throws(
    () => run(...own, '-keystore', file, '-storepass', 'schlüssel'),
    (error: { stdout?: Buffer }) =>
      /not ASCII|password was incorrect|KeyStoreException|InvalidKey/u.test(String(error.stdout)),
  );
  const options = { ca: [root], password: 'schlüssel', profile: 'LegacyRC2', random } as const;
  const store = inFile('u.p12', encodePkcs12Truststore(options));
  assert.throws(() => run('-list', '-keystore', store, '-storepass', 'schlüssel'));
});

test('PKCS#12 Modern2026: Java before 26 refuses the MAC by name instead of misreading it', (context) => {
  if (javaMajor >= 26) {
    context.diagnostic('this Java knows PBMAC1; the profile is read above');
    return;
  }
  const store = inFile(
    'n.p12',
    encodePkcs12Truststore({ ca: [root], password: 'changeit', profile: 'Modern2026', random }),
  );
  assert.throws(() => run('-list', '-keystore', store, '-storepass', 'changeit'));
});
