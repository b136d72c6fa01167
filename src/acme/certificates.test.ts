/** Chains, preferred chains, names for renewal information, keys and challenge values, against published vectors. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { encodePrivateKey, generateKey } from '../pki/keys.ts';
import { encodePem } from '../pki/pem.ts';
import { createCsr } from '../pki/x509/create-csr.ts';
import { certificateFromRequest } from '../pki/x509/certificate-from-request.ts';
import { parseCertificate } from '../pki/x509/parse-certificate.ts';
import { parseCsr } from '../pki/x509/parse-csr.ts';
import { createSigner } from '../pki/x509/sign-certificate.ts';
import { readAccountKey } from './account-key.ts';
import { readChain } from './certificate-chain.ts';
import { dns01Value, http01Path, isToken, keyAuthorization, tlsAlpn01Digest } from './challenge-values.ts';
import { AcmeCertificateError, AcmeConfigurationError, AcmeProtocolError } from './errors.ts';
import { endsAt, preferredChain } from './preferred-chain.ts';
import { renewalCertId } from './renewal-cert-id.ts';

let leaf = '';
let root = '';
let old = '';
before(async () => {
  const make = async (commonName: string, issuer?: Awaited<ReturnType<typeof authority>>): Promise<string> =>
    (await authority(commonName, issuer)).pem;
  const new1 = await authority('New Root');
  const old1 = await authority('Old Root');
  root = new1.pem;
  old = old1.pem;
  leaf = await make('leaf', new1);
});

async function authority(commonName: string, issuer?: { signer: ReturnType<typeof createSigner> }) {
  const key = await generateKey({ algorithm: 'ECDSA' });
  const isCA = issuer === undefined;
  const csr = parseCsr(createCsr({ commonName, isCA }, key));
  const der = await certificateFromRequest(
    { csr, now: Date.now(), isCA },
    issuer?.signer ?? createSigner(key),
  );
  return { pem: encodePem('CERTIFICATE', der), signer: createSigner(key, parseCertificate(der)) };
}

describe('readChain', () => {
  it('takes certificates only, and writes them anew', () => {
    assert.equal(readChain(Buffer.from(`Subject: leaf\n${leaf}\r\n# and\n${root}tail`)), leaf + root);
    const wrong: [string, RegExp][] = [
      ['', /holds no certificate/u],
      ['<html>', /holds no certificate/u],
      [leaf + encodePem('PRIVATE KEY', Buffer.alloc(8)), /"PRIVATE KEY" block/u],
      [leaf.repeat(11), /holds 11 certificates/u],
      [leaf.replace('-----END', '----END'), /cannot be read/u],
      [' '.repeat((1 << 20) + 1), /cannot be read/u],
    ];
    for (const [body, message] of wrong)
      assert.throws(
        () => readChain(Buffer.from(body)),
        (error) => error instanceof AcmeProtocolError && message.test(error.message),
      );
  });
  it('answers or refuses whatever is sent', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.string(), fc.nat(200), (at, text, drop) => {
        const body = Buffer.from(leaf.slice(0, at) + text + leaf.slice(at + drop));
        try {
          readChain(body);
        } catch (error) {
          assert.ok(error instanceof AcmeProtocolError, String(error));
        }
      }),
    );
  });
});

describe('preferredChain', () => {
  const fetched: string[] = [];
  const fetch = (url: string): Promise<string> => {
    fetched.push(url);
    return Promise.resolve(url === 'old' ? leaf + old : leaf + root);
  };
  it('takes the first chain whose last certificate was issued by the name, and asks for no more than needed', async () => {
    const offered = { chain: leaf + root, alternates: ['other', 'old', 'never'] };
    assert.equal(await preferredChain('New Root', offered, fetch), leaf + root);
    assert.equal(await preferredChain(undefined, offered, fetch), leaf + root);
    assert.equal(await preferredChain('', offered, fetch), leaf + root);
    assert.deepEqual(fetched, []);
    assert.equal(await preferredChain('Old Root', offered, fetch), leaf + old);
    assert.deepEqual(fetched, ['other', 'old']);
    assert.equal(
      await preferredChain('new root', { chain: leaf + root, alternates: [] }, fetch),
      leaf + root,
    );
  });
  it('passes over alternates that cannot be had or read', async () => {
    const offered = { chain: leaf + root, alternates: ['gone', 'broken', 'old'] };
    const some = (url: string): Promise<string | undefined> =>
      Promise.resolve({ broken: 'nothing', old: leaf + old }[url]);
    assert.equal(await preferredChain('Old Root', offered, some), leaf + old);
    assert.equal(await preferredChain('No Root', offered, some), leaf + root);
    await assert.rejects(preferredChain('x', { ...offered, chain: 'nothing' }, some), AcmeCertificateError);
  });
  it('compares exactly, and refuses what is no chain', () => {
    assert.equal(endsAt(leaf, 'New Root'), true);
    assert.equal(endsAt(leaf, 'New'), false);
    assert.equal(endsAt(leaf, 'new root'), false);
    assert.throws(() => endsAt('nothing', 'x'), AcmeCertificateError);
  });
});

describe('renewalCertId', () => {
  it('is that of the example in RFC 9773 appendix A', () => {
    const example = [
      'MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt',
      'cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS',
      'BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu',
      '7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf',
      'qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B',
      'yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb',
      '+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK',
    ];
    const pem = `-----BEGIN CERTIFICATE-----\n${example.join('\n')}\n-----END CERTIFICATE-----\n`;
    assert.equal(renewalCertId(pem), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  });
  it('is none without an authority key, and refused for what is no certificate', async () => {
    const key = await generateKey({ algorithm: 'ECDSA' });
    const csr = parseCsr(createCsr({ commonName: 'self' }, key));
    const der = await certificateFromRequest({ csr, now: Date.now() }, createSigner(key));
    const { authorityKeyId } = parseCertificate(der);
    assert.equal(renewalCertId(der) === undefined, authorityKeyId === undefined);
    assert.throws(() => renewalCertId('nothing'), AcmeCertificateError);
    assert.throws(() => renewalCertId(Buffer.from([0x30, 0x01])), AcmeCertificateError);
  });
});

describe('account keys', () => {
  it('have the thumbprint of RFC 7638, over the members that it names', async () => {
    const pem = encodePrivateKey(await generateKey({ algorithm: 'RSA' }));
    const { jwk, thumbprint } = readAccountKey(pem);
    const text = `{"e":"${jwk['e']}","kty":"RSA","n":"${jwk['n']}"}`;
    assert.equal(thumbprint, createHash('sha256').update(text).digest('base64url'));
    const ed = readAccountKey(encodePrivateKey(await generateKey({ algorithm: 'Ed25519' })));
    assert.deepEqual(Object.keys(ed.jwk), ['crv', 'kty', 'x']);
    assert.equal(
      readAccountKey(encodePrivateKey(await generateKey({ algorithm: 'ECDSA', size: 521 }))).algorithm,
      'ES512',
    );
  });
  it('are refused without a word of what they hold', () => {
    for (const pem of ['', 'x', encodePem('PRIVATE KEY', Buffer.from('secret material'))])
      assert.throws(
        () => readAccountKey(pem),
        (error) => error instanceof AcmeConfigurationError && !error.message.includes('secret'),
      );
  });
});

describe('challenge values', () => {
  it('are those of RFC 8555 §8 and RFC 8737 §3', () => {
    const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
    const authorization = keyAuthorization(token, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    assert.equal(authorization, `${token}.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs`);
    const digest = createHash('sha256').update(authorization).digest();
    assert.equal(dns01Value(authorization), digest.toString('base64url'));
    assert.deepEqual(tlsAlpn01Digest(authorization), digest);
    assert.equal(http01Path(token), `/.well-known/acme-challenge/${token}`);
    assert.ok(
      isToken(token) && !isToken('') && !isToken('a/b') && !isToken('a.b') && !isToken('x'.repeat(513)),
    );
  });
});
