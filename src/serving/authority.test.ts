import assert from 'node:assert/strict';
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encodePem } from '../pki/pem.ts';
import { authorityData, createAuthority, issueLeaf, readAuthority } from './authority.ts';

const now = Date.UTC(2026, 0, 1);
const day = 86_400_000;
const name = 'cert-manager-webhook-ca';
const authority = await createAuthority(name, now);
const data = authorityData(authority);

test('the CA is P-384, self-signed, for 365 days', () => {
  const ca = new X509Certificate(authority.cert);
  assert.equal(ca.subject, `CN=${name}`);
  assert.equal(ca.ca, true);
  assert.ok(ca.verify(ca.publicKey));
  assert.equal(ca.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
  assert.deepEqual([authority.notBefore, authority.notAfter], [now, now + 365 * day]);
  assert.equal(data['ca.crt'], data['tls.crt']);
  assert.match(Buffer.from(data['tls.key'] ?? '', 'base64').toString(), /^-----BEGIN PRIVATE KEY-----/u);
});

test('what was written can be read', () => {
  const read = readAuthority(data, now);
  assert.equal(read.problem, undefined);
});

const other = await createAuthority(name, now);
const unusable: [string, Record<string, string>, number, keepsKey: boolean][] = [
  ['nothing', {}, now, false],
  ['no key', { ...data, 'tls.key': '' }, now, false],
  ['no bundle', { ...data, 'ca.crt': '' }, now, false],
  ['junk', { ...data, 'tls.crt': 'AAAA', 'ca.crt': 'AAAA' }, now, false],
  ['another key', { ...data, 'tls.key': authorityData(other)['tls.key'] ?? '' }, now, false],
  ['another bundle', { ...data, 'ca.crt': authorityData(other)['ca.crt'] ?? '' }, now, true],
  ['less than a third left', data, now + 244 * day, true],
  ['the future', data, now - day, true],
];
for (const [title, given, at, keepsKey] of unusable)
  test(`a new CA is needed: ${title}`, () => {
    const read = readAuthority(given, at);
    assert.ok(read.problem !== undefined && read.problem !== '');
    assert.equal(read.key !== undefined, keepsKey);
  });

test('a certificate that is no CA is not used as one', async () => {
  const leaf = await issueLeaf(authority, { dnsNames: ['a'], duration: 300 * day, now });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const given = { 'tls.crt': base64(leaf.cert), 'ca.crt': base64(leaf.cert), 'tls.key': base64(leaf.key) };
  assert.equal(readAuthority(given, now).problem, 'tls.crt is no CA');
});

test('a Secret that was damaged anywhere is read or refused, and what was read can issue', async () => {
  const pem = Buffer.from(authority.cert).toString('latin1');
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/gu, ''), 'base64');
  const bytes = fc.array(fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(bytes, async (changes) => {
      const damaged = Buffer.from(der);
      for (const [at, byte] of changes) damaged[at] = byte;
      const cert = Buffer.from(encodePem('CERTIFICATE', damaged)).toString('base64');
      const read = readAuthority({ ...data, 'tls.crt': cert, 'ca.crt': cert }, now);
      if (read.problem === undefined)
        await issueLeaf(read.authority, { dnsNames: ['a'], duration: day, now });
    }),
    { numRuns: 150 },
  );
});

test('a third before the end is not yet too late, and RSA keys of others are not kept', async () => {
  assert.equal(readAuthority(data, now + 243 * day).problem, undefined);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const foreign = authorityData(await createAuthority(name, now, privateKey));
  assert.equal(readAuthority(foreign, now).problem, undefined);
  assert.equal('key' in readAuthority(foreign, now + 300 * day), false);
});

test('a CA that keeps its key: each verifies what the other has signed', async () => {
  const next = await createAuthority(name, now + 300 * day, authority.key);
  const leaf = await issueLeaf(next, { dnsNames: ['a'], duration: day, now: now + 300 * day });
  for (const ca of [authority, next]) {
    const issuer = new X509Certificate(ca.cert);
    assert.ok(new X509Certificate(leaf.cert).checkIssued(issuer));
    assert.ok(new X509Certificate(leaf.cert).verify(issuer.publicKey));
  }
});

test('the leaf has the names, ends with its CA, and is renewed at two thirds', async () => {
  const leaf = await issueLeaf(authority, { dnsNames: ['a', 'a.b.svc'], duration: 7 * day, now });
  const parsed = new X509Certificate(leaf.cert);
  assert.equal(parsed.subjectAltName, 'DNS:a, DNS:a.b.svc');
  assert.deepEqual(parsed.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(parsed.validToDate.getTime(), now + 7 * day);
  assert.equal(leaf.renewAt, now + (14 * day) / 3);
  const late = await issueLeaf(authority, { dnsNames: ['a'], duration: 7 * day, now: now + 364 * day });
  assert.equal(new X509Certificate(late.cert).validToDate.getTime(), authority.notAfter);
});
