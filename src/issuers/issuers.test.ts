import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type { CertificateRequest } from '../api/certificate-request.ts';
import type { Secret } from '../api/core.ts';
import { encodePem } from '../pki/pem.ts';
import { encodePrivateKey } from '../pki/private-key.ts';
import { createCsr } from '../pki/x509/create-csr.ts';
import { parseCertificates } from '../pki/x509/parse-certificate.ts';
import { verifySignedBy } from '../pki/x509/verify-signed-by.ts';
import { CaIssuer } from './ca/ca-issuer.ts';
import type { IssuerContext, SignOutcome } from './issuer.ts';
import { SelfSignedIssuer } from './selfsigned/self-signed-issuer.ts';

const now = new Date('2026-11-22T10:00:00Z');
const rootKey = newKey();
const leafKey = newKey();

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function request(
  key: KeyObject,
  commonName: string,
  change: Partial<CertificateRequest['spec']> = {},
  annotations = {},
): CertificateRequest {
  const csr = encodePem(
    'CERTIFICATE REQUEST',
    createCsr(
      { commonName, dnsNames: commonName === '' ? ['a.example.com'] : [], isCA: change.isCA ?? false },
      key,
    ),
  );
  return {
    metadata: { namespace: 'shop', name: 'r', annotations },
    spec: { issuerRef: { name: 'x' }, request: base64(csr), ...change },
  };
}

class Context implements IssuerContext {
  reads = 0;
  secret: Secret | undefined;
  readonly resourceNamespace = 'shop';
  readonly issuer = {
    metadata: { namespace: 'shop', name: 'x' },
    spec: { ca: { secretName: 'ca' }, selfSigned: {} },
  };
  now = (): Date => now;
  readSecret = (): Promise<Secret | undefined> => {
    this.reads += 1;
    return Promise.resolve(this.secret);
  };
  secretVersion = (): string | undefined => this.secret?.metadata?.resourceVersion;
}

function caSecret(version: string, certificate: string, key: KeyObject): Secret {
  return {
    metadata: { namespace: 'shop', name: 'ca', resourceVersion: version },
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(encodePrivateKey(key)) },
  };
}

function issued(outcome: SignOutcome): Extract<SignOutcome, { kind: 'issued' }> {
  assert.equal(outcome.kind, 'issued', 'message' in outcome ? outcome.message : '');
  if (outcome.kind !== 'issued') throw new Error('unreachable');
  return outcome;
}

async function selfSigned(key: KeyObject, name: string): Promise<string> {
  return issued(await new SelfSignedIssuer().sign(new Context(), request(key, name, { isCA: true }), key))
    .certificate;
}

test('a self-signed CA signs a leaf that chains to it, and the key pair is read once', async () => {
  const context = new Context();
  const root = await selfSigned(rootKey, 'Root');
  context.secret = caSecret('1', root, rootKey);
  const issuer = new CaIssuer();
  assert.equal((await issuer.check(context)).reason, 'KeyPairVerified');
  const outcome = issued(await issuer.sign(context, request(leafKey, 'leaf')));
  const [leaf, ...rest] = parseCertificates(outcome.certificate);
  const [top] = parseCertificates(outcome.ca ?? '');
  assert.equal(rest.length, 0, 'the self-signed root is not part of the chain');
  assert.ok(leaf !== undefined && top !== undefined && verifySignedBy(leaf, top));
  await issuer.sign(context, request(leafKey, 'leaf'));
  assert.equal(context.reads, 1);
});

test('a changed Secret is used for the next signature', async () => {
  const context = new Context();
  context.secret = caSecret('1', await selfSigned(rootKey, 'Old'), rootKey);
  const issuer = new CaIssuer();
  await issuer.sign(context, request(leafKey, 'leaf'));
  const nextKey = newKey();
  context.secret = caSecret('2', await selfSigned(nextKey, 'New'), nextKey);
  const outcome = issued(await issuer.sign(context, request(leafKey, 'leaf')));
  assert.equal(parseCertificates(outcome.certificate)[0]?.issuer[0]?.[0]?.value, 'New');
});

test('an intermediate stands in the chain and the root in ca', async () => {
  const context = new Context();
  const root = await selfSigned(rootKey, 'Root');
  context.secret = caSecret('1', root, rootKey);
  const middleKey = newKey();
  const middle = issued(await new CaIssuer().sign(context, request(middleKey, 'Middle', { isCA: true })));
  context.secret = caSecret('2', middle.certificate, middleKey);
  context.secret.data!['ca.crt'] = base64(root);
  const outcome = issued(await new CaIssuer().sign(context, request(leafKey, 'leaf')));
  assert.equal(outcome.ca, root);
  assert.equal(parseCertificates(outcome.certificate).length, 2);
});

test('a missing or damaged CA Secret makes the request wait', async () => {
  const context = new Context();
  const issuer = new CaIssuer();
  const missing = await issuer.sign(context, request(leafKey, 'leaf'));
  assert.equal(missing.kind === 'pending' && missing.reason, 'SecretMissing');
  assert.equal((await issuer.check(context)).reason, 'ErrGetKeyPair');
  context.secret = {
    metadata: { namespace: 'shop', name: 'ca', resourceVersion: '3' },
    data: { 'tls.crt': base64('nonsense') },
  };
  const damaged = await issuer.sign(context, request(leafKey, 'leaf'));
  assert.equal(damaged.kind === 'pending' && damaged.reason, 'SecretInvalidData');
});

test('a CA whose key is another one refuses, and so does a leaf that plays CA', async () => {
  const context = new Context();
  const issuer = new CaIssuer();
  context.secret = caSecret('1', await selfSigned(rootKey, 'Root'), leafKey);
  const mismatch = await issuer.sign(context, request(leafKey, 'leaf'));
  assert.equal(mismatch.kind === 'failed' && mismatch.reason, 'SigningError');
  const leaf = issued(
    await new SelfSignedIssuer().sign(context, request(rootKey, 'leaf'), rootKey),
  ).certificate;
  context.secret = caSecret('2', leaf, rootKey);
  assert.equal((await issuer.check(context)).reason, 'ErrInvalidKeyPair');
  assert.equal((await issuer.sign(context, request(leafKey, 'leaf'))).kind, 'failed');
});

test('a request that contradicts itself or asks for an impossible duration fails', async () => {
  const context = new Context();
  context.secret = caSecret('1', await selfSigned(rootKey, 'Root'), rootKey);
  const bad = request(leafKey, 'leaf', { duration: '-1h' });
  const outcome = await new CaIssuer().sign(context, bad);
  assert.ok(outcome.kind === 'failed' && outcome.message.includes('spec.duration "-1h"'));
  const garbage = {
    ...request(leafKey, 'leaf'),
    spec: { issuerRef: { name: 'x' }, request: base64('garbage') },
  };
  assert.equal((await new CaIssuer().sign(context, garbage)).kind, 'failed');
});

test('SelfSigned finds the key by annotation and says what is wrong with it', async () => {
  const context = new Context();
  const issuer = new SelfSignedIssuer();
  const name = 'cert-manager.io/private-key-secret-name';
  const outcomes: [string, SignOutcome][] = [];
  outcomes.push(['MissingAnnotation', await issuer.sign(context, request(leafKey, 'a'))]);
  outcomes.push(['MissingSecret', await issuer.sign(context, request(leafKey, 'a', {}, { [name]: 'k' }))]);
  context.secret = { metadata: { name: 'k' }, data: { 'tls.key': base64('x') } };
  outcomes.push(['ErrorParsingKey', await issuer.sign(context, request(leafKey, 'a', {}, { [name]: 'k' }))]);
  context.secret = { metadata: { name: 'k' }, data: { 'tls.key': base64(encodePrivateKey(rootKey)) } };
  outcomes.push(['ErrorKeyMatch', await issuer.sign(context, request(leafKey, 'a', {}, { [name]: 'k' }))]);
  for (const [reason, outcome] of outcomes)
    assert.equal('reason' in outcome ? outcome.reason : outcome.kind, reason);
  const empty = issued(await issuer.sign(context, request(rootKey, '', {}, { [name]: 'k' })));
  assert.equal(empty.warnings?.[0]?.reason, 'BadConfig');
});

test('what would be invalid is not signed, warnings travel along, the profile comes from the annotation', async () => {
  const context = new Context();
  context.secret = caSecret('1', await selfSigned(rootKey, 'Root'), rootKey);
  const issuer = new CaIssuer();
  const plain = issued(
    await issuer.sign(
      context,
      request(leafKey, 'shop.example.com', {}, { 'certwright.dev/lint': 'nonsense' }),
    ),
  );
  assert.ok(plain.warnings?.some(({ message }) => message.includes('"nonsense" is no profile')));
  const strict = await issuer.sign(
    context,
    request(leafKey, 'localhost', { duration: '87600h' }, { 'certwright.dev/lint': 'cabf' }),
  );
  assert.ok(strict.kind === 'failed' && strict.reason === 'SigningError');
});
