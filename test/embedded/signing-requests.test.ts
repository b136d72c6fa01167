/** Kubernetes CertificateSigningRequests signed by our issuers, on either server (spec/certificate-lifecycle.md §24). */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { requestDuration, requestIsCA, requestPrivateKeySecretName } from '../../src/api/annotations.ts';
import { secrets } from '../../src/api/resources.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { encodePrivateKey } from '../../src/pki/private-key.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { base64, byTest, SigningWorld } from './signing-world.ts';

test('a request waits for approval, and is signed by a ClusterIssuer then: only the chain is stored', async (t) => {
  const world = await SigningWorld.open(t);
  await world.ca();
  await world.ask('web', { expirationSeconds: 3600 });
  const { source, type } = await world.told('web', 'WaitingApproval');
  assert.deepEqual(
    [source?.component, type],
    ['cert-manager-certificatesigningrequests-issuer-ca', 'Normal'],
  );
  assert.equal((await world.get('web')).status?.certificate, undefined);
  await world.approve('web');
  const [leaf, ...rest] = await world.chain('web');
  assert.deepEqual(rest, []);
  assert.equal(leaf!.notAfter.getTime() - leaf!.notBefore.getTime(), 3_600_000);
  await world.told('web', 'CertificateIssued');
  const { status } = await world.get('web');
  assert.deepEqual(
    status?.conditions?.map((one) => [one.type, one.reason]),
    [['Approved', 'ByTest']],
  );
  assert.deepEqual(world.problems, []);
});

test('an Issuer signs for those who may reference it; annotations say how long, and that it is a CA', async (t) => {
  const world = await SigningWorld.open(t);
  await world.ca('shop');
  const spec = { signerName: 'issuers.cert-manager.io/shop.ca', usages: ['cert sign'] };
  await world.ask('middle', spec, { [requestDuration]: '48h', [requestIsCA]: 'true' });
  await world.approve('middle');
  const [middle] = await world.chain('middle');
  assert.equal(middle?.isCA, true);
  assert.equal(middle.notAfter.getTime() - middle.notBefore.getTime(), 48 * 3_600_000);
});

test('what cannot be done fails for ever, and says why in condition and event', async (t) => {
  const world = await SigningWorld.open(t);
  await world.ca();
  await world.ask('short', {}, { [requestDuration]: '1m' });
  await world.ask('odd', {}, { [requestDuration]: 'soon' });
  for (const [name, reason] of [
    ['short', 'InvalidDuration'],
    ['odd', 'ErrorParseDuration'],
  ] as const) {
    await world.approve(name);
    assert.equal(await world.failure(name), reason);
    assert.equal((await world.told(name, reason)).type, 'Warning');
    const { status } = await world.get(name);
    assert.deepEqual(
      status?.conditions?.map(({ type }) => type),
      ['Approved', 'Failed'],
    );
  }
});

test('a missing issuer, and one of a type that is not included, leave the request open', async (t) => {
  const world = await SigningWorld.open(t);
  await world.ask('early');
  await world.approve('early');
  assert.equal((await world.told('early', 'IssuerNotFound')).type, 'Warning');
  await world.issuer('vault', {
    vault: {
      server: 'https://vault.example',
      path: 'pki/sign/a',
      auth: { tokenSecretRef: { name: 't', key: 'k' } },
    },
  });
  await world.ask('later', { signerName: 'clusterissuers.cert-manager.io/vault' });
  await world.approve('later');
  assert.match((await world.told('later', 'NotSupported')).message ?? '', /type vault/u);
  await world.ca();
  assert.equal((await world.chain('early')).length, 1);
  assert.deepEqual(
    (await world.get('later')).status?.conditions?.map(({ type }) => type),
    ['Approved'],
  );
});

test('a denied request is left alone', async (t) => {
  const world = await SigningWorld.open(t);
  await world.ca();
  await world.ask('no');
  await world.told('no', 'WaitingApproval');
  await world.approve('no', 'Denied');
  await world.ask('yes');
  await world.approve('yes');
  await world.chain('yes');
  const { status } = await world.get('no');
  assert.deepEqual(
    status?.conditions?.map(({ type }) => type),
    ['Denied'],
  );
  assert.equal(status?.certificate, undefined);
});

test('self-signed: the key comes in a Secret of the issuer’s resource namespace', async (t) => {
  const world = await SigningWorld.open(t);
  await world.issuer('self', { selfSigned: {} });
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const pem = encodePem('CERTIFICATE REQUEST', createCsr({ commonName: 'own', encodeUsages: false }, key));
  const signerName = 'clusterissuers.cert-manager.io/self';
  await world.ask('own', { signerName, request: base64(pem) }, { [requestPrivateKeySecretName]: 'own-key' });
  await world.approve('own');
  await world.told('own', 'SecretNotFound');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'own-key', namespace: 'cert-manager' },
    data: { 'tls.key': base64(encodePrivateKey(key)) },
  };
  await world.client.create(secrets, secret, byTest);
  const [leaf] = await world.chain('own');
  assert.ok(leaf?.issuerDer.equals(leaf.subjectDer));
  await world.ask('unnamed', { signerName });
  await world.approve('unnamed');
  assert.equal(await world.failure('unnamed'), 'MissingAnnotation');
});
