/** The quickstart, from nothing to files that openssl, keytool and kubectl accept, and a second start that changes nothing. */
import assert from 'node:assert/strict';
import { lstatSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { quickstart, tool, tree, type Quickstart } from './quickstart-world.ts';

/** Folder below the export folder, the file with the chain, the file with the key, and what the chain's leaf is for. */
const EXPORTED = [
  ['cert-manager/root', 'tls.crt', 'tls.key', []],
  ['shop/shop-ca', 'tls.crt', 'tls.key', []],
  ['shop/web', 'tls.crt', 'tls.key', ['-purpose', 'sslserver', '-verify_hostname', 'www.shop.example.com']],
  ['shop/api', 'fullchain.pem', 'privkey.pem', ['-purpose', 'sslserver', '-verify_ip', '127.0.0.1']],
  ['shop/billing', 'tls.crt', 'tls.key', ['-verify_hostname', 'billing.shop.example.com']],
  ['shop/alice', 'tls.crt', 'tls.key', ['-purpose', 'sslclient', '-verify_email', 'alice@example.com']],
] as const;

const STORES = ['keystore', 'truststore'] as const;

describe('the quickstart', () => {
  test('is issued, exported, and accepted by the programs at the other end', async (t) => {
    const world = quickstart(t);
    const run = await world.once();
    assert.equal(run.code, 0, run.log);
    const folders = EXPORTED.map(([folder]) => folder).toSorted();
    assert.deepEqual(
      tree(world.out).filter((path) => /^[^/]+\/[^./]+$/u.test(path)),
      folders,
      'a folder for each Certificate and no other',
    );
    for (const [folder, chain, key, flags] of EXPORTED)
      await t.test(`openssl: ${folder}`, () => checkPem(join(world.out, folder), chain, key, flags));
    const billing = join(world.out, 'shop/billing');
    for (const store of STORES) {
      await t.test(`openssl: ${store}.p12`, () => checkPkcs12(billing, store));
      await t.test(`keytool: ${store}.jks and .p12`, () => checkJava(billing, store));
    }
    await t.test('files are for their owner only', () => checkModes(world));
    await t.test('a second start issues nothing and writes nothing', (own) => checkRestart(own, world));
  });
});

async function checkPem(folder: string, chain: string, key: string, flags: readonly string[]): Promise<void> {
  const file = join(folder, chain);
  const verified = await tool(
    'openssl',
    'verify',
    '-x509_strict',
    ...flags,
    '-CAfile',
    join(folder, 'ca.crt'),
    '-no-CApath',
    '-untrusted',
    file,
    file,
  );
  assert.match(verified, /: OK\n$/u);
  const fromKey = await tool('openssl', 'pkey', '-in', join(folder, key), '-pubout');
  assert.equal(await tool('openssl', 'x509', '-in', file, '-noout', '-pubkey'), fromKey);
  await tool('openssl', 'pkey', '-in', join(folder, key), '-check', '-noout');
}

async function checkPkcs12(folder: string, store: string): Promise<void> {
  const file = join(folder, `${store}.p12`);
  const info = await tool('openssl', 'pkcs12', '-info', '-in', file, '-passin', 'pass:changeit', '-noenc');
  assert.match(info, /MAC: sha256/u, 'profile Modern2023');
  assert.equal(/BEGIN PRIVATE KEY/u.test(info), store === 'keystore');
  assert.match(info, /BEGIN CERTIFICATE/u);
  await assert.rejects(
    tool('openssl', 'pkcs12', '-in', file, '-passin', 'pass:wrong', '-noenc'),
    /invalid password/u,
  );
}

async function checkJava(folder: string, store: string): Promise<void> {
  for (const suffix of ['jks', 'p12']) {
    const file = join(folder, `${store}.${suffix}`);
    const listed = await tool('keytool', '-list', '-keystore', file, '-storepass', 'changeit');
    assert.equal(/PrivateKeyEntry/u.test(listed), store === 'keystore', file);
    // A JKS keystore carries the CA beside the key; a PKCS#12 one has it in the key's chain.
    assert.equal(/trustedCertEntry/u.test(listed), store === 'truststore' || suffix === 'jks', file);
  }
}

function checkModes(world: Quickstart): void {
  for (const path of ['', ...tree(world.out)].map((each) => join(world.out, each))) {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) continue;
    assert.equal((stat.mode & 0o777).toString(8), stat.isDirectory() ? '700' : '600', path);
  }
  assert.equal(statSync(join(world.data, 'kubeconfig')).mode & 0o777, 0o600);
  assert.equal(statSync(world.data).mode & 0o777, 0o700);
}

async function checkRestart(t: TestContext, world: Quickstart): Promise<void> {
  const before = contents(world.out);
  const running = await world.up('6 of 6 Certificates are Ready');
  t.after(() => running.kill('SIGKILL'));
  const kubectl = async (...args: string[]): Promise<string> =>
    await tool('kubectl', '--kubeconfig', join(world.data, 'kubeconfig'), ...args);

  const requests = await kubectl('get', 'certificaterequests', '-A', '-o', 'name');
  assert.deepEqual(
    requests.trim().split('\n').toSorted(),
    ['alice-1', 'api-1', 'billing-1', 'root-1', 'shop-ca-1', 'web-1'].map(
      (name) => `certificaterequest.cert-manager.io/${name}`,
    ),
    'one request for each Certificate, all of them from the first start',
  );
  assert.deepEqual(contents(world.out), before);

  const table = await kubectl('get', 'certificates', '-A');
  assert.match(table, /^NAMESPACE +NAME +READY +SECRET +AGE$/mu);
  assert.match(table, /^shop +web +True +web-tls +/mu);
  assert.match(await kubectl('describe', 'certificate', '-n', 'shop', 'web'), /Shop CA|shop-ca/u);
  assert.match(await kubectl('get', 'secret', '-n', 'shop', 'web-tls'), /kubernetes\.io\/tls +3/u);
  await kubectl('wait', '--for=condition=Ready', '--timeout=5s', '-n', 'shop', 'certificate', '--all');
  running.kill('SIGTERM');
}

/** Every file's text by its path, the paths with their dated folders: written anew counts as a change. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      found[path.slice(dirname(folder).length)] = readFileSync(path, 'base64');
    }
  return found;
}
