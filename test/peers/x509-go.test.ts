/** What we make, Go's crypto/x509 must read as we mean it; what Go makes, we must read as Go means it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { decodePem } from '../../src/pki/pem.ts';
import { encodePrivateKey, publicKeysEqual } from '../../src/pki/keys.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { isKnownExtKeyUsage } from '../../src/pki/x509/key-usage.ts';
import { parseCertificate, type ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { parseCsr, verifyCsrSignature } from '../../src/pki/x509/parse-csr.ts';
import { createSigner, type CertificateSigner } from '../../src/pki/x509/sign-certificate.ts';
import { isSelfSigned } from '../../src/pki/x509/verify-signed-by.ts';
import { everyKey, pkiCases } from './pki-cases.ts';

interface GoAnswer {
  error?: string;
  signatureError?: string;
  ok?: boolean;
  subject: string;
  subjectDer: string;
  issuerDer?: string;
  dnsNames: string[] | null;
  emailAddresses: string[] | null;
  ipAddresses: string[] | null;
  uris: string[] | null;
  signatureAlgorithm: string;
  keyAlgorithm: string;
  extensions: { id: string; critical: boolean; value: string }[];
  spki: string;
  serial?: string;
  notBefore?: number;
  notAfter?: number;
  keyUsage: number;
  ekus: string[] | null;
  isCA: boolean;
  ski?: string;
  aki?: string;
  ocsp?: string[];
  issuingUrls?: string[];
  cdp?: string[];
  permittedDns?: string[];
  excludedDns?: string[];
  permittedIps?: string[];
  excludedIps?: string[];
  permittedEmails?: string[];
  excludedUris?: string[];
  nameConstraintsCritical?: boolean;
  made?: { kind: string; der: string; key: string }[];
}

const root = path.resolve(import.meta.dirname, '../..');
const binary = path.join(root, '.cache/peers/gox509');

before(() => {
  mkdirSync(path.dirname(binary), { recursive: true });
  const go = process.env['CERTWRIGHT_GO'] ?? 'go';
  execFileSync(go, ['build', '-o', binary, '.'], { cwd: path.join(root, 'tools/peers/gox509') });
});

function ask(requests: readonly object[]): GoAnswer[] {
  const input = requests.map((request) => JSON.stringify(request)).join('\n');
  const run = spawnSync(binary, { input, encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as GoAnswer);
}

function assertNames(ours: { subjectAltNames: ParsedCertificate['subjectAltNames'] }, go: GoAnswer): void {
  assert.deepEqual(ours.subjectAltNames.dnsNames, go.dnsNames ?? []);
  assert.deepEqual(ours.subjectAltNames.emailAddresses, go.emailAddresses ?? []);
  assert.deepEqual(ours.subjectAltNames.ipAddresses, go.ipAddresses ?? []);
  assert.deepEqual(ours.subjectAltNames.uris, go.uris ?? []);
}

const now = Date.UTC(2026, 5, 1, 12, 0, 0, 750);

async function rootSigner(key: KeyObject): Promise<CertificateSigner> {
  const csr = parseCsr(createCsr({ commonName: 'root', isCA: true, usages: ['cert sign', 'crl sign'] }, key));
  const der = await certificateFromRequest(
    { csr, now, isCA: true, usages: ['cert sign', 'crl sign'], duration: 3e11 },
    createSigner(key),
  );
  return createSigner(key, parseCertificate(der));
}

describe('Go reads our requests', () => {
  test('every key type and every shape: names, extensions, signature', async () => {
    const keys = await everyKey();
    const ours = keys.flatMap(({ name, key }) =>
      pkiCases.map((one) => ({ label: `${name}, ${one.name}`, csr: parseCsr(createCsr(one.template, key)) })),
    );
    const answers = ask(ours.map(({ csr }) => ({ op: 'csr', der: csr.der.toString('hex') })));
    for (const [index, { label, csr }] of ours.entries()) {
      const go = answers[index];
      assert.ok(go, label);
      assert.equal(go.error, undefined, label);
      assert.equal(go.signatureError, undefined, label);
      verifyCsrSignature(csr);
      assert.equal(go.subjectDer, csr.subjectDer.toString('hex'), label);
      assert.equal(go.spki, csr.spki.toString('hex'), label);
      assertNames(csr, go);
      assert.deepEqual(
        go.extensions,
        csr.extensions.map(({ oid, critical, value }) => ({
          id: oid,
          critical,
          value: value.toString('hex'),
        })),
        label,
      );
    }
  });

  test('Go reads the private keys that we store, in both encodings', async () => {
    const stored = (await everyKey()).flatMap(({ key }) =>
      (['PKCS1', 'PKCS8'] as const).map((encoding) => decodePem(encodePrivateKey(key, encoding), 20_000)[0]),
    );
    for (const answer of ask(
      stored.map((block) => ({ op: 'key', key: block?.label, der: block?.der.toString('hex') })),
    )) {
      assert.equal(answer.error, undefined);
      assert.equal(answer.ok, true);
    }
  });
});

describe('Go reads our certificates', () => {
  test('every signer and shape: fields, extensions, identifiers', async () => {
    const keys = await everyKey();
    const subscriber = keys[2]?.key;
    assert.ok(subscriber);
    for (const { name, key } of keys) {
      const signer = await rootSigner(key);
      const made = await Promise.all(
        pkiCases.map(async ({ template }) => {
          const csr = parseCsr(createCsr(template, subscriber));
          const asked = {
            csr,
            now,
            isCA: template.isCA,
            usages: template.usages,
            ocspServers: ['http://ocsp.example.com'],
            issuingCertificateUrls: ['http://ca.example.com/ca.crt'],
            crlDistributionPoints: ['http://crl.example.com/1', 'http://crl.example.com/2'],
          };
          return { csr, certificate: parseCertificate(await certificateFromRequest(asked, signer)) };
        }),
      );
      const answers = ask(
        made.map(({ certificate }) => ({ op: 'certificate', der: certificate.der.toString('hex') })),
      );
      for (const [index, { csr, certificate }] of made.entries()) {
        const go = answers[index];
        const label = `${name}, ${pkiCases[index]?.name}`;
        assert.ok(go, label);
        assert.equal(go.error, undefined, label);
        assertCertificate(certificate, go, label);
        assertNames(csr, go);
        assert.equal(go.notBefore, Date.UTC(2026, 5, 1, 12, 0, 0), label);
        assert.equal((go.notAfter ?? 0) - (go.notBefore ?? 0), 90 * 86_400_000, label);
        assert.equal(go.aki, signer.certificate?.subjectKeyId?.toString('hex'), label);
        assert.deepEqual(go.ocsp, ['http://ocsp.example.com'], label);
        assert.deepEqual(go.issuingUrls, ['http://ca.example.com/ca.crt'], label);
        assert.deepEqual(go.cdp, ['http://crl.example.com/1', 'http://crl.example.com/2'], label);
      }
      const chains = made
        .filter(({ certificate }) => certificate.subjectAltNames.dnsNames.length > 0)
        .map(({ certificate }) => ({
          op: 'verify',
          ders: [certificate.der.toString('hex'), signer.certificate?.der.toString('hex')],
          dns: certificate.subjectAltNames.dnsNames[0],
        }));
      for (const answer of ask(chains)) assert.equal(answer.error, undefined, name);
    }
  });

  test('name constraints arrive as asked', async () => {
    const key = (await everyKey())[2]?.key;
    const constrained = pkiCases.find(({ template }) => template.nameConstraints)?.template;
    assert.ok(key && constrained);
    const csr = parseCsr(createCsr(constrained, key));
    const der = await certificateFromRequest(
      { csr, now, isCA: true, usages: constrained.usages },
      createSigner(key),
    );
    const [go] = ask([{ op: 'certificate', der: der.toString('hex') }]);
    assert.ok(go);
    assert.deepEqual(go.permittedDns, ['example.com']);
    assert.deepEqual(go.excludedDns, ['bad.example.com']);
    assert.deepEqual(go.permittedIps, ['10.0.0.0/8', '2001:db8::/32']);
    assert.deepEqual(go.excludedIps, ['192.168.0.0/16']);
    assert.deepEqual(go.permittedEmails, ['example.com']);
    assert.deepEqual(go.excludedUris, ['.evil.example']);
    assert.equal(go.nameConstraintsCritical, true);
    assert.deepEqual(parseCertificate(der).nameConstraints?.permitted.ipRanges, [
      '10.0.0.0/8',
      '2001:db8::/32',
    ]);
  });
});

function assertCertificate(certificate: ParsedCertificate, go: GoAnswer, label: string): void {
  assert.equal(go.subjectDer, certificate.subjectDer.toString('hex'), label);
  assert.equal(go.issuerDer, certificate.issuerDer.toString('hex'), label);
  assert.equal(go.serial, certificate.serialHex, label);
  assert.equal(go.spki, certificate.spki.toString('hex'), label);
  assert.equal(go.notBefore, certificate.notBefore.getTime(), label);
  assert.equal(go.notAfter, certificate.notAfter.getTime(), label);
  assert.equal(go.keyUsage, certificate.keyUsage ?? 0, label);
  assert.deepEqual(go.ekus ?? [], certificate.extKeyUsage ?? [], label);
  assert.ok((go.ekus ?? []).every(isKnownExtKeyUsage), label);
  assert.equal(go.isCA, certificate.isCA, label);
  assert.equal(go.ski ?? '', certificate.subjectKeyId?.toString('hex') ?? '', label);
  assertNames(certificate, go);
  assert.deepEqual(
    go.extensions,
    certificate.extensions.map(({ oid, critical, value }) => ({
      id: oid,
      critical,
      value: value.toString('hex'),
    })),
    label,
  );
}

test('we read what Go makes, keys included', () => {
  const made = ask([{ op: 'make' }])[0]?.made ?? [];
  assert.equal(made.length, 10);
  const answers = ask(made.map(({ kind, der }) => ({ op: kind, der })));
  for (const [index, { kind, der, key }] of made.entries()) {
    const go = answers[index];
    assert.ok(go);
    const bytes = Buffer.from(der, 'hex');
    const privateKey = createPrivateKey({ key: Buffer.from(key, 'hex'), format: 'der', type: 'pkcs8' });
    if (kind === 'csr') {
      const csr = parseCsr(bytes);
      verifyCsrSignature(csr);
      assertNames(csr, go);
      assert.ok(publicKeysEqual(csr.publicKey, privateKey));
      assert.equal(csr.subjectFields.commonName, 'gö');
      assert.deepEqual(csr.subjectFields.organizations?.toSorted(), ['A', 'B']);
      // Go writes a subject as api.md §7 says, so the same fields must give the same bytes.
      const fields = {
        countries: ['DE'],
        organizations: ['B', 'A'],
        postalCodes: ['1'],
        streetAddresses: ['s*'],
        serialNumber: '7',
      };
      const again = parseCsr(createCsr({ commonName: 'gö', subject: fields }, privateKey));
      assert.equal(again.subjectDer.toString('hex'), go.subjectDer);
      assert.equal(again.spki.toString('hex'), go.spki);
    } else {
      const certificate = parseCertificate(bytes);
      assertCertificate(certificate, go, go.keyAlgorithm);
      assert.ok(publicKeysEqual(certificate.publicKey, privateKey));
      assert.ok(isSelfSigned(certificate));
      assert.equal(certificate.basicConstraints?.pathLength, 3);
    }
  }
});
