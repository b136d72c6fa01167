import assert from 'node:assert/strict';
import { X509Certificate, type KeyObject } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { oids } from '../asn1/oids.ts';
import { encodePem } from '../pem.ts';
import { CertificateError, ChainError, CsrError } from '../errors.ts';
import { generateKey } from '../keys.ts';
import { buildChain } from './build-chain.ts';
import { certificateFromRequest, type CertificateAsk } from './certificate-from-request.ts';
import { createCsr, type CsrTemplate } from './create-csr.ts';
import { parseCertificate, parseCertificates, type ParsedCertificate } from './parse-certificate.ts';
import { parseCsr } from './parse-csr.ts';
import { createSigner, signCertificate, type CertificateSigner } from './sign-certificate.ts';
import { temporaryCertificate } from './temporary-certificate.ts';
import { isSelfSigned, verifySignedBy } from './verify-signed-by.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
let rootKey: KeyObject;
let middleKey: KeyObject;
let leafKey: KeyObject;
let root: ParsedCertificate;
let middle: ParsedCertificate;
let leaf: ParsedCertificate;

async function issue(
  template: CsrTemplate,
  key: KeyObject,
  signer: CertificateSigner,
  more: Partial<CertificateAsk> = {},
): Promise<ParsedCertificate> {
  const csr = parseCsr(createCsr(template, key));
  const { isCA, usages } = template;
  return parseCertificate(await certificateFromRequest({ csr, now, isCA, usages, ...more }, signer));
}

before(async () => {
  [rootKey, middleKey, leafKey] = await Promise.all([
    generateKey({ algorithm: 'ECDSA', size: 384 }),
    generateKey({ algorithm: 'Ed25519' }),
    generateKey({ algorithm: 'ECDSA' }),
  ]);
  root = await issue({ commonName: 'root', isCA: true }, rootKey, createSigner(rootKey));
  middle = await issue({ commonName: 'middle', isCA: true }, middleKey, createSigner(rootKey, root));
  leaf = await issue({ dnsNames: ['leaf.example'] }, leafKey, createSigner(middleKey, middle));
});

describe('the issuer rules of lifecycle §13', () => {
  test('validity: from now cut to the second, 90 days by default, never capped', () => {
    assert.equal(leaf.notBefore.toISOString(), '2026-01-02T03:04:05.000Z');
    assert.equal(leaf.notAfter.getTime() - leaf.notBefore.getTime(), 90 * 86_400_000);
  });

  test('extensions, their order and criticality', async () => {
    const all = await issue(
      {
        dnsNames: ['a'],
        isCA: true,
        usages: ['server auth'],
        nameConstraints: { permitted: { dnsDomains: ['a'] } },
      },
      leafKey,
      createSigner(middleKey, middle),
      {
        ocspServers: ['http://o'],
        issuingCertificateUrls: ['http://i'],
        crlDistributionPoints: ['http://c'],
      },
    );
    assert.deepEqual(
      all.extensions.map(({ oid, critical }) => [oid, critical]),
      [
        [oids.keyUsage, true],
        [oids.extKeyUsage, false],
        [oids.basicConstraints, true],
        [oids.subjectKeyIdentifier, false],
        [oids.authorityKeyIdentifier, false],
        [oids.authorityInfoAccess, false],
        [oids.nameConstraints, false],
        [oids.crlDistributionPoints, false],
        [oids.subjectAltName, true],
      ],
    );
    assert.deepEqual(all.authorityKeyId, middle.subjectKeyId);
    assert.equal(
      new X509Certificate(all.der).infoAccess?.trim(),
      'OCSP - URI:http://o\nCA Issuers - URI:http://i',
    );
  });

  test('no SKI for a leaf, no AKI when subject and issuer are the same', () => {
    assert.equal(leaf.subjectKeyId, undefined);
    assert.equal(leaf.basicConstraints?.isCA, false);
    assert.equal(root.authorityKeyId, undefined);
    assert.equal(root.subjectKeyId?.length, 20);
    assert.deepEqual(root.subjectDer, root.issuerDer);
  });

  test('the serial number is 20 random bytes without the top bit', async () => {
    const random = (size: number): Buffer => Buffer.alloc(size, 0xff);
    const certificate = await issue({ commonName: 'a' }, leafKey, createSigner(leafKey), { random });
    assert.equal(certificate.serialHex, `7f${'ff'.repeat(19)}`);
  });

  test('node reads what we make', () => {
    const native = new X509Certificate(leaf.der);
    assert.ok(native.verify(middle.publicKey));
    assert.equal(native.subjectAltName, 'DNS:leaf.example');
    assert.equal(native.serialNumber.toLowerCase().replace(/^0+/, ''), leaf.serialHex);
  });

  test('a CSR that contradicts the request, or is forged, is not signed', async () => {
    const csr = parseCsr(createCsr({ commonName: 'a', usages: ['server auth'] }, leafKey));
    await assert.rejects(certificateFromRequest({ csr, now }, createSigner(leafKey)), CsrError);
    const bytes = Buffer.from(csr.der);
    bytes[bytes.indexOf(Buffer.from('130161', 'hex')) + 2] = 0x62;
    await assert.rejects(
      certificateFromRequest({ csr: parseCsr(bytes), now, usages: ['server auth'] }, createSigner(leafKey)),
      CsrError,
    );
  });

  test('a key that is not the CA certificate’s cannot sign for it', () => {
    assert.throws(() => createSigner(leafKey, root), CertificateError);
  });

  test('unusable serial numbers are refused', async () => {
    const template = {
      subjectDer: leaf.subjectDer,
      notBefore: now,
      notAfter: now,
      spki: leaf.spki,
      extensions: [],
    };
    for (const serial of [Buffer.alloc(20), Buffer.alloc(21, 1), Buffer.alloc(20, 0x80)]) {
      await assert.rejects(signCertificate({ ...template, serial }, createSigner(leafKey)), CertificateError);
    }
  });
});

describe('chains (lifecycle §16)', () => {
  test('any order, duplicates, root left out of the chain and given as CA', () => {
    const { chain, ca, chainPem, caPem } = buildChain([root, leaf, middle, root]);
    assert.deepEqual(chain, [leaf, middle]);
    assert.equal(ca, root);
    assert.deepEqual(
      parseCertificates(chainPem).map(({ serialHex }) => serialHex),
      [leaf.serialHex, middle.serialHex],
    );
    assert.equal(caPem, root.pem);
  });

  test('without root the top is in the chain and is the CA', () => {
    assert.deepEqual(buildChain([middle, leaf]).chain, [leaf, middle]);
    assert.equal(buildChain([middle, leaf]).ca, middle);
  });

  test('a single certificate', () => {
    assert.deepEqual(buildChain([root]), { chain: [root], ca: root, chainPem: root.pem, caPem: root.pem });
    assert.equal(buildChain([leaf]).ca, undefined);
  });

  test('what is not one line is refused', async () => {
    const stranger = await issue({ commonName: 'root', isCA: true }, leafKey, createSigner(leafKey));
    const sibling = await issue({ dnsNames: ['other'] }, leafKey, createSigner(middleKey, middle));
    for (const set of [[], [leaf, root], [leaf, middle, root, stranger], [leaf, sibling, middle]]) {
      assert.throws(() => buildChain(set), ChainError);
    }
  });

  test('the signer must be a CA', async () => {
    const child = await issue({ commonName: 'child' }, middleKey, createSigner(leafKey, leaf));
    assert.ok(!verifySignedBy(child, leaf));
    assert.ok(verifySignedBy(leaf, middle));
    assert.ok(isSelfSigned(root));
    assert.ok(!isSelfSigned(middle));
  });

  test('many certificates that share a name do not make the search explode', async () => {
    const signer = createSigner(rootKey, root);
    const same = await Promise.all(
      Array.from({ length: 60 }, () => issue({ commonName: 'root', isCA: true }, leafKey, signer)),
    );
    assert.throws(() => buildChain(same), ChainError);
  });
});

describe('parsing', () => {
  test('bundles: text around, other blocks refused, none refused', () => {
    assert.equal(parseCertificates(`x\n${root.pem}\n${leaf.pem}`).length, 2);
    assert.throws(
      () => parseCertificates(root.pem + encodePem('PRIVATE KEY', Buffer.from('x'))),
      CertificateError,
    );
    assert.throws(() => parseCertificates(''), CertificateError);
    assert.equal(parseCertificate(leaf.pem + root.pem).serialHex, leaf.serialHex);
  });

  test('inner and outer algorithm must agree', () => {
    const bytes = Buffer.from(leaf.der);
    // The last ed25519 OID is the outer one; 1.3.101.113 (ed448) has the same length.
    bytes[bytes.lastIndexOf(Buffer.from('06032b6570', 'hex')) + 4] = 0x71;
    assert.throws(() => parseCertificate(bytes), CertificateError);
  });
});

describe('temporary certificates (lifecycle §20)', () => {
  test('the names of the template under a P-521 issuer that is not kept', async () => {
    const template = {
      commonName: 't',
      dnsNames: ['t.example'],
      otherNames: [{ oid: '1.2.3', utf8Value: 'x' }],
      usages: ['client auth'],
    };
    const certificate = parseCertificate(
      await temporaryCertificate({ template, key: leafKey, now, duration: 3_600_000 }),
    );
    assert.equal(certificate.issuer[0]?.[0]?.value, 'cert-manager.local');
    assert.equal(certificate.notAfter.getTime() - certificate.notBefore.getTime(), 3_600_000);
    assert.deepEqual(certificate.subjectAltNames.otherNames, []);
    assert.deepEqual(certificate.extKeyUsage, ['1.3.6.1.5.5.7.3.2']);
  });

  test('a name that exists only in a part that is left out', async () => {
    await assert.rejects(
      temporaryCertificate({ template: { literalSubject: 'CN=x' }, key: leafKey, now }),
      CsrError,
    );
  });
});
