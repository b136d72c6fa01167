/** Requests and certificates that cert-manager 1.21 left behind: from the same specs we must make the same bytes. */
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { decodePrivateKey, generateKey, keyMismatches, publicKeysEqual } from '../../src/pki/keys.ts';
import { buildChain } from '../../src/pki/x509/build-chain.ts';
import { templateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr, type CsrTemplate } from '../../src/pki/x509/create-csr.ts';
import { encodeExtension } from '../../src/pki/x509/extensions.ts';
import { parseCertificate, parseCertificates } from '../../src/pki/x509/parse-certificate.ts';
import { csrContradiction, parseCsr, verifyCsrSignature } from '../../src/pki/x509/parse-csr.ts';
import { createSigner, type CertificateSigner } from '../../src/pki/x509/sign-certificate.ts';
import { signatureAlgorithms } from '../../src/pki/x509/signature-algorithm.ts';

interface CertificateSpec extends Omit<CsrTemplate, 'encodeUsages' | 'basicConstraints'> {
  secretName: string;
  encodeUsagesInRequest?: boolean;
  privateKey?: { algorithm?: string; size?: number };
}

interface FixtureObject<Spec> {
  metadata: { name: string; namespace: string; annotations?: Record<string, string> };
  spec: Spec;
  status?: { certificate?: string; ca?: string };
  data?: Record<string, string>;
}

interface Request {
  request: string;
  issuerRef: { name: string };
  isCA?: boolean;
  usages?: string[];
}

const folder = path.resolve(import.meta.dirname, '../../../shared/fixtures/cert-manager-1.21');

function load<Spec>(file: string): FixtureObject<Spec>[] {
  return (JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as { items: FixtureObject<Spec>[] })
    .items;
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

function pairs(): { certificate: FixtureObject<CertificateSpec>; request: FixtureObject<Request> }[] {
  const certificates = load<CertificateSpec>('certificates.json');
  return load<Request>('certificaterequests.json').flatMap((request) => {
    const name = request.metadata.annotations?.['cert-manager.io/certificate-name'];
    const certificate = certificates.find(
      ({ metadata }) => metadata.name === name && metadata.namespace === request.metadata.namespace,
    );
    return certificate === undefined ? [] : [{ certificate, request }];
  });
}

interface IssuerSpec {
  ca?: {
    secretName: string;
    crlDistributionPoints?: string[];
    ocspServers?: string[];
    issuingCertificateURLs?: string[];
  };
  selfSigned?: { crlDistributionPoints?: string[] };
}

/** The names of the fixtures' issuers are unique over both kinds. */
function issuerOf(name: string): IssuerSpec | undefined {
  const all = [...load<IssuerSpec>('issuers.json'), ...load<IssuerSpec>('clusterissuers.json')];
  return all.find(({ metadata }) => metadata.name === name)?.spec;
}

function caSigner(secretName: string): CertificateSigner {
  const data = load('secrets.json').find(({ metadata }) => metadata.name === secretName)?.data;
  const certificate = parseCertificate(decode(data?.['tls.crt'] ?? ''));
  return createSigner(decodePrivateKey(decode(data?.['tls.key'] ?? '')), certificate);
}

/** Deriving a template needs no private key. */
function selfSigner(key: KeyObject): CertificateSigner {
  return { key, certificate: undefined, algorithm: signatureAlgorithms.PureEd25519 };
}

function available(context: TestContext): boolean {
  if (existsSync(folder)) return true;
  context.diagnostic('left out: the shared fixtures of cert-manager 1.21 are not beside this repository');
  return false;
}

describe('cert-manager 1.21 fixtures', () => {
  test('the same Certificate gives the same request, key and signature apart', async (context) => {
    if (!available(context)) return;
    const all = pairs();
    assert.ok(all.length > 10);
    for (const { certificate, request } of all) {
      const theirs = parseCsr(decode(request.spec.request));
      verifyCsrSignature(theirs);
      assert.equal(csrContradiction(theirs, request.spec), undefined, request.metadata.name);
      const { spec } = certificate;
      const key = await generateKey({ algorithm: 'ECDSA' });
      const template = { ...spec, encodeUsages: spec.encodeUsagesInRequest, signatureAlgorithm: '' };
      const ours = parseCsr(createCsr(template, key));
      assert.equal(ours.subjectDer.toString('hex'), theirs.subjectDer.toString('hex'), request.metadata.name);
      assert.deepEqual(ours.extensions, theirs.extensions, request.metadata.name);
    }
  });

  test('the same request gives the same certificate extensions', (context) => {
    if (!available(context)) return;
    let checked = 0;
    for (const { request } of pairs()) {
      const issuer = issuerOf(request.spec.issuerRef.name);
      const signed = request.status?.certificate;
      if (signed === undefined || (issuer?.ca === undefined && issuer?.selfSigned === undefined)) continue;
      const [leaf] = parseCertificates(decode(signed));
      assert.ok(leaf);
      const csr = parseCsr(decode(request.spec.request));
      const { isCA, usages } = request.spec;
      const signer = issuer.ca === undefined ? selfSigner(csr.publicKey) : caSigner(issuer.ca.secretName);
      const urls = {
        ocspServers: issuer.ca?.ocspServers,
        issuingCertificateUrls: issuer.ca?.issuingCertificateURLs,
        crlDistributionPoints: (issuer.ca ?? issuer.selfSigned)?.crlDistributionPoints,
      };
      const template = templateFromRequest({ csr, now: 0, isCA, usages, ...urls }, signer);
      assert.deepEqual(
        template.extensions.map((bytes) => Buffer.from(bytes).toString('hex')),
        leaf.extensions.map(({ oid, critical, value }) =>
          encodeExtension(oid, critical, value).toString('hex'),
        ),
        request.metadata.name,
      );
      checked++;
    }
    assert.ok(checked > 5);
  });

  test('every stored key and chain is understood, and they belong together', (context) => {
    if (!available(context)) return;
    const certificates = load<CertificateSpec>('certificates.json');
    let checked = 0;
    for (const { metadata, data } of load('secrets.json')) {
      if (data?.['tls.crt'] === undefined || data['tls.key'] === undefined) continue;
      const chain = parseCertificates(decode(data['tls.crt']));
      const leaf = chain[0];
      assert.ok(leaf);
      const key = decodePrivateKey(decode(data['tls.key']));
      assert.ok(publicKeysEqual(key, leaf.publicKey), metadata.name);
      const spec = certificates.find(
        (one) => one.spec.secretName === metadata.name && one.metadata.namespace === metadata.namespace,
      )?.spec;
      if (spec) assert.deepEqual(keyMismatches(key, spec), [], metadata.name);
      const built = buildChain([
        ...chain,
        ...(data['ca.crt'] ? parseCertificates(decode(data['ca.crt'])) : []),
      ]);
      assert.equal(built.chainPem, decode(data['tls.crt']), metadata.name);
      checked++;
    }
    assert.ok(checked > 10);
  });
});
