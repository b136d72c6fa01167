/** What we make, OpenSSL must accept and print as we mean it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodePrivateKey, encodePrivateKey, generateKey, publicKeysEqual } from '../../src/pki/keys.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { buildChain } from '../../src/pki/x509/build-chain.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { parseCsr, verifyCsrSignature } from '../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../src/pki/x509/sign-certificate.ts';
import { temporaryCertificate } from '../../src/pki/x509/temporary-certificate.ts';
import { everyKey, pkiCases } from './pki-cases.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'certwright-pki-'));
});
after(() => rmSync(folder, { recursive: true }));

function openssl(args: readonly string[], input = ''): string {
  const program = process.env['CERTWRIGHT_OPENSSL'] ?? 'openssl';
  const run = spawnSync(program, args, { input, encoding: 'utf8', cwd: folder });
  assert.equal(run.status, 0, `openssl ${args.join(' ')}: ${run.stderr}`);
  return run.stdout + run.stderr;
}

describe('requests', () => {
  test('every key type: the signature verifies and the DER parses', async () => {
    for (const { name, key } of await everyKey()) {
      for (const { template } of name === 'P-256' ? pkiCases : pkiCases.slice(2, 3)) {
        const der = createCsr(template, key);
        const said = openssl(['req', '-verify', '-noout'], encodePem('CERTIFICATE REQUEST', der));
        assert.match(said, /verify OK/, name);
      }
    }
  });

  test('the signature algorithms that can be asked for', async () => {
    const keys = await everyKey();
    for (const [index, algorithm, printed] of [
      [0, 'SHA512WithRSA', 'sha512WithRSAEncryption'],
      [1, 'SHA256WithRSA', 'sha256WithRSAEncryption'],
      [2, 'ECDSAWithSHA384', 'ecdsa-with-SHA384'],
      [4, 'ECDSAWithSHA256', 'ecdsa-with-SHA256'],
      [5, 'PureEd25519', 'ED25519'],
    ] as const) {
      const key = keys[index]?.key;
      assert.ok(key);
      const pem = encodePem(
        'CERTIFICATE REQUEST',
        createCsr({ commonName: 'a', signatureAlgorithm: algorithm }, key),
      );
      assert.match(
        openssl(['req', '-verify', '-text', '-noout'], pem),
        new RegExp(`Signature Algorithm: ${printed}`),
      );
    }
  });

  test('OpenSSL makes requests that we read', async () => {
    const key = await generateKey({ algorithm: 'ECDSA' });
    writeFileSync(path.join(folder, 'made.key'), encodePrivateKey(key));
    const pem = openssl(
      [
        'req',
        '-new',
        '-key',
        'made.key',
        '-subj',
        '/C=DE/O=Ex/CN=made',
        '-addext',
        'subjectAltName=DNS:m.example,IP:1.2.3.4',
      ].concat(
        '-addext',
        'keyUsage=critical,digitalSignature',
        '-addext',
        'extendedKeyUsage=1.2.3.4,serverAuth',
      ),
    );
    const csr = parseCsr(pem);
    verifyCsrSignature(csr);
    assert.ok(publicKeysEqual(csr.publicKey, key));
    assert.deepEqual(csr.subjectFields, { countries: ['DE'], organizations: ['Ex'], commonName: 'made' });
    assert.deepEqual(csr.subjectAltNames.ipAddresses, ['1.2.3.4']);
    assert.deepEqual(csr.extKeyUsage, ['1.2.3.4', '1.3.6.1.5.5.7.3.1']);
  });
});

describe('keys', () => {
  test('OpenSSL checks every key in both encodings, and we read what it writes', async () => {
    for (const { name, key } of await everyKey()) {
      for (const encoding of ['PKCS1', 'PKCS8'] as const) {
        const pem = encodePrivateKey(key, encoding);
        // -check knows no Ed25519.
        openssl(name === 'Ed25519' ? ['pkey', '-noout'] : ['pkey', '-check', '-noout'], pem);
        assert.ok(publicKeysEqual(decodePrivateKey(openssl(['pkey'], pem)), key), `${name} ${encoding}`);
      }
    }
  });
});

describe('certificates', () => {
  test('root, intermediate and leaf of every key type verify', async () => {
    const now = Date.now();
    const ca = { now, isCA: true, usages: ['cert sign', 'crl sign'] };
    for (const { name, key } of await everyKey()) {
      const middleKey = await generateKey({ algorithm: 'ECDSA', size: 384 });
      const rootCsr = parseCsr(createCsr({ commonName: 'root', isCA: true, usages: ca.usages }, key));
      const root = parseCertificate(await certificateFromRequest({ ...ca, csr: rootCsr }, createSigner(key)));
      const middleCsr = parseCsr(
        createCsr({ commonName: 'middle', isCA: true, usages: ca.usages }, middleKey),
      );
      const middle = parseCertificate(
        await certificateFromRequest({ ...ca, csr: middleCsr }, createSigner(key, root)),
      );
      const csr = parseCsr(createCsr({ dnsNames: ['leaf.example'], usages: ['server auth'] }, key));
      const leafDer = await certificateFromRequest(
        { csr, now, usages: ['server auth'] },
        createSigner(middleKey, middle),
      );
      const { chainPem, caPem, chain } = buildChain([root, parseCertificate(leafDer), middle]);
      assert.deepEqual(chain.length, 2);
      writeFileSync(path.join(folder, 'ca.crt'), caPem ?? '');
      writeFileSync(path.join(folder, 'tls.crt'), chainPem);
      const verify = ['verify', '-x509_strict', '-CAfile', 'ca.crt', '-untrusted', 'tls.crt'];
      assert.match(openssl([...verify, '-verify_hostname', 'leaf.example', 'tls.crt']), /OK/, name);
    }
  });

  test('the text form shows the fields in the order of the issuer rules', async () => {
    const key = await generateKey({ algorithm: 'ECDSA' });
    const all = pkiCases[2]?.template;
    assert.ok(all);
    const csr = parseCsr(createCsr(all, key));
    const urls = { ocspServers: ['http://o.example'], crlDistributionPoints: ['http://c.example'] };
    const pem = encodePem(
      'CERTIFICATE',
      await certificateFromRequest({ csr, now: Date.now(), ...urls }, createSigner(key)),
    );
    const text = openssl(['x509', '-text', '-noout'], pem);
    const shown = [...text.matchAll(/X509v3 ([A-Za-z ]+):|(Authority Information Access):/g)].map(
      (hit) => hit[1] ?? hit[2],
    );
    assert.deepEqual(shown.slice(shown.indexOf('Key Usage')), [
      'Key Usage',
      'Basic Constraints',
      'Authority Information Access',
      'CRL Distribution Points',
      'Subject Alternative Name',
    ]);
    assert.match(text, /DNS:a\.example\.com, DNS:\*\.b\.example\.com/);
    assert.match(text, /IP Address:2001:DB8:0:0:0:0:0:1, IP Address:192\.0\.2\.7/);
    assert.match(text, /CA:FALSE/);
  });

  test('an empty subject makes the alternative names critical', async () => {
    const key = await generateKey({ algorithm: 'Ed25519' });
    const csr = parseCsr(createCsr({ dnsNames: ['e.example'] }, key));
    const pem = encodePem(
      'CERTIFICATE',
      await certificateFromRequest({ csr, now: Date.now() }, createSigner(key)),
    );
    assert.match(openssl(['x509', '-text', '-noout'], pem), /Subject Alternative Name: critical/);
  });

  test('a literal subject comes out as written', async () => {
    const key = await generateKey({ algorithm: 'ECDSA' });
    const literalSubject = 'CN=a\\,b+OU=x y,O=Exämple,DC=example,DC=com';
    const pem = encodePem('CERTIFICATE REQUEST', createCsr({ literalSubject }, key));
    const options = ['-nameopt', 'RFC2253,-esc_msb,utf8'];
    // The two attributes of the multi-valued RDN are a set: DER, not the text, decides their order.
    assert.match(
      openssl(['req', '-subject', '-noout', ...options], pem),
      /(CN=a\\,b\+OU=x y|OU=x y\+CN=a\\,b),O=Exämple,DC=example,DC=com/,
    );
  });

  test('a temporary certificate parses and names its throw-away issuer', async () => {
    const key = await generateKey({ algorithm: 'ECDSA' });
    const pem = await temporaryCertificate({
      template: { commonName: 't', dnsNames: ['t.example'] },
      key,
      now: Date.now(),
    });
    const text = openssl(['x509', '-text', '-noout'], pem);
    assert.match(text, /Issuer: CN ?= ?cert-manager\.local/);
    assert.match(text, /ecdsa-with-SHA512/);
  });
});
