import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, test } from 'node:test';
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import type { FieldsV1 } from '../../api/meta.ts';
import { encodePrivateKey, generateKey } from '../../pki/keys.ts';
import { encodePem } from '../../pki/pem.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import { postIssuance } from './post-issuance.ts';
import { targetSecret, type SecretContent } from './secret-content.ts';
import { trimSecret } from './secret-trim.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
let keyPem: Buffer;
let chainPem: Buffer;

before(async () => {
  const key = await generateKey({ algorithm: 'ECDSA' });
  const subject = { organizations: ['Example, Inc.'], serialNumber: '42' };
  const csr = createCsr(
    {
      commonName: 'web',
      dnsNames: ['web.example.com', 'www.example.com'],
      emailAddresses: ['ops@example.com'],
      subject,
    },
    key,
  );
  const der = await certificateFromRequest({ csr: parseCsr(csr), now }, createSigner(key));
  keyPem = Buffer.from(encodePrivateKey(key));
  chainPem = Buffer.from(encodePem('CERTIFICATE', der));
});

function certificateOf(spec: Partial<CertificateSpec> = {}): Certificate {
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 'u1' },
    spec: { secretName: 'web-tls', issuerRef: { name: 'ca' }, ...spec },
  };
}

function write(spec: Partial<CertificateSpec> = {}, rest: Partial<SecretContent> = {}): Secret {
  return targetSecret({
    certificate: certificateOf(spec),
    keyPem,
    chainPem,
    caPem: chainPem,
    issuerRef: { name: 'ca' },
    passwords: {},
    ownerRef: false,
    random: randomBytes,
    nowMs: now,
    ...rest,
  });
}

/** As the server would store what we applied. */
function stored(secret: Secret): Secret {
  const trie = (values: object | undefined): FieldsV1 =>
    Object.fromEntries(Object.keys(values ?? {}).map((key) => [`f:${key}`, {}]));
  const references: FieldsV1 =
    secret.metadata?.ownerReferences === undefined ? {} : { 'f:ownerReferences': { 'k:{"uid":"u1"}': {} } };
  const fieldsV1: FieldsV1 = {
    'f:data': trie(secret.data),
    'f:metadata': {
      'f:labels': trie(secret.metadata?.labels),
      'f:annotations': trie(secret.metadata?.annotations),
      ...references,
    },
  };
  const entry = {
    manager: 'cert-manager-certificates-issuing',
    operation: 'Apply',
    fieldsType: 'FieldsV1',
    fieldsV1,
  } as const;
  return { ...secret, metadata: { ...secret.metadata, managedFields: [entry] } };
}

test('entries, type, labels and annotations of a plain Secret', () => {
  const secret = write();
  assert.deepEqual(Object.keys(secret.data ?? {}).toSorted(), ['ca.crt', 'tls.crt', 'tls.key']);
  assert.equal(secret.type, 'kubernetes.io/tls');
  assert.deepEqual(secret.metadata?.labels, { 'controller.cert-manager.io/fao': 'true' });
  assert.deepEqual(secret.metadata?.annotations, {
    'cert-manager.io/common-name': 'web',
    'cert-manager.io/alt-names': 'web.example.com,www.example.com',
    'cert-manager.io/ip-sans': '',
    'cert-manager.io/uri-sans': '',
    'cert-manager.io/email-sans': 'ops@example.com',
    'cert-manager.io/subject-organizations': '"Example, Inc."',
    'cert-manager.io/subject-serialnumber': '42',
    'cert-manager.io/certificate-name': 'web',
    'cert-manager.io/issuer-name': 'ca',
    'cert-manager.io/issuer-kind': '',
    'cert-manager.io/issuer-group': '',
  });
});

test('no CA: no ca.crt; temporary: no issuer annotations; an existing type stays', () => {
  const secret = write({}, { caPem: undefined, issuerRef: undefined, existingType: 'Opaque' });
  assert.deepEqual(Object.keys(secret.data ?? {}).toSorted(), ['tls.crt', 'tls.key']);
  assert.equal(secret.type, 'Opaque');
  assert.equal(secret.metadata?.annotations?.['cert-manager.io/issuer-name'], undefined);
});

const variants: Record<string, Partial<CertificateSpec>> = {
  plain: {},
  template: {
    secretTemplate: {
      labels: { team: 'a' },
      annotations: { note: 'b', 'cert-manager.io/allow-direct-injection': 'true' },
    },
  },
  formats: { additionalOutputFormats: [{ type: 'DER' }, { type: 'CombinedPEM' }] },
  keystores: {
    keystores: {
      jks: { create: true, password: 'changeit' },
      pkcs12: { create: true, profile: 'Modern2023', password: 'changeit' },
    },
  },
};
for (const [name, spec] of Object.entries(variants)) {
  test(`what is written needs no repair, and its absence is noticed: ${name}`, () => {
    const passwords = name === 'keystores' ? { jks: 'changeit', pkcs12: 'changeit' } : {};
    const facts = trimSecret(stored(write(spec, { passwords })));
    assert.equal(postIssuance(facts, certificateOf(spec), false), undefined);
    if (name === 'plain') return;
    const plain = trimSecret(stored(write()));
    assert.ok(postIssuance(plain, certificateOf(spec), false), 'wanted but absent');
    assert.ok(postIssuance(facts, certificateOf(), false), 'present but not wanted');
  });
}

test('a repair leaves keystores that fit as they are, byte for byte, and makes the others anew', () => {
  const passwords = { jks: 'changeit', pkcs12: 'changeit' };
  const spec = variants.keystores ?? {};
  const first = write(spec, { passwords }).data ?? {};
  const stores = Object.keys(first).filter((key) => /\.(jks|p12)$/.test(key));
  assert.ok(stores.length >= 2);
  const again = write(spec, { passwords, existingData: first }).data ?? {};
  assert.deepEqual(again, first);
  const otherPasswords = { jks: 'changed', pkcs12: 'changed' };
  const renamed = write(spec, { passwords: otherPasswords, existingData: first }).data ?? {};
  const damage = Object.fromEntries(stores.map((key) => [key, 'AAAA']));
  const mended = write(spec, { passwords, existingData: damage }).data ?? {};
  for (const store of stores) {
    assert.notEqual(renamed[store], first[store], store);
    assert.notEqual(mended[store], 'AAAA', store);
  }
  const profile = {
    keystores: { ...spec.keystores, pkcs12: { create: true, profile: 'LegacyDES' as const } },
  };
  const { data } = write(profile, { passwords, existingData: first });
  assert.notEqual(data?.['keystore.p12'], first['keystore.p12']);
  assert.equal(data?.['keystore.jks'], first['keystore.jks']);
});

test('owner references, foreign values and unreadable managed fields', () => {
  const owned = trimSecret(stored(write({}, { ownerRef: true })));
  assert.equal(postIssuance(owned, certificateOf(), true), undefined);
  assert.equal(postIssuance(owned, certificateOf(), false)?.reason, 'SecretOwnerRefMismatch');
  const plain = stored(write());
  assert.equal(postIssuance(trimSecret(plain), certificateOf(), true)?.reason, 'SecretOwnerRefMismatch');
  const scribbled = {
    ...plain,
    metadata: {
      ...plain.metadata,
      annotations: { ...plain.metadata?.annotations, 'cert-manager.io/common-name': 'evil' },
    },
  };
  assert.equal(postIssuance(trimSecret(scribbled), certificateOf(), false)?.reason, 'SecretTemplateMismatch');
  const unlabelled = {
    ...plain,
    metadata: { ...plain.metadata, labels: { 'controller.cert-manager.io/fao': 'maybe' } },
  };
  assert.equal(
    postIssuance(trimSecret(unlabelled), certificateOf(), false)?.reason,
    'SecretManagedMetadataMismatch',
  );
  const odd = {
    ...plain,
    metadata: { ...plain.metadata, managedFields: [{ manager: 'x', fieldsType: 'FieldsV2' as 'FieldsV1' }] },
  };
  assert.equal(postIssuance(trimSecret(odd), certificateOf(), false), undefined);
});

test('facts hold no key material, not even in annotations', () => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': keyPem.toString('base64') };
  const secret = stored(write());
  const facts = trimSecret({ ...secret, metadata: { ...secret.metadata, annotations } });
  const text = JSON.stringify(facts);
  assert.equal(text.includes(keyPem.toString('base64').slice(40, 80)), false);
  assert.equal(facts.privateKey?.ok, true);
});

test('garbage in a Secret becomes a fact, never an exception', () => {
  const garbage = [
    '',
    'AAAA',
    Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64'),
    randomBytes(5000).toString('base64'),
    '%%%',
  ];
  for (const crt of garbage) {
    for (const key of garbage) {
      const facts = trimSecret({
        metadata: { name: 'x', namespace: 'y' },
        data: { 'tls.crt': crt, 'tls.key': key, 'key.der': key, 'tls-combined.pem': crt },
      } as Secret);
      assert.notEqual(facts.certificate?.ok, true);
      assert.notEqual(facts.privateKey?.ok, true);
    }
  }
});
