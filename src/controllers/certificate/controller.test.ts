import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { certificateRequests, certificates, secrets } from '../../api/resources.ts';
import { checkSecret } from '../testing/check-secret.ts';
import { Fleet, triggerByHand } from '../testing/fleet.ts';

const running: Fleet[] = [];
after(async () => {
  for (const fleet of running) await fleet.stop();
});
async function fleetWith(options = {}): Promise<Fleet> {
  const fleet = new Fleet(options);
  running.push(fleet);
  await fleet.selfSigned();
  await fleet.start();
  return fleet;
}

test('a certificate of an in-process issuer takes four writes and four events', async () => {
  const fleet = await fleetWith();
  fleet.client.writes.length = 0;
  await fleet.certificate('web');
  await fleet.settle();
  const writes = fleet.client.writes
    .slice(1)
    .map(({ verb, kind, subresource, manager }) => `${verb} ${kind} ${subresource ?? ''} ${manager}`);
  assert.deepEqual(writes, [
    'create CertificateRequest  cert-manager-certificates-request-manager',
    'patch CertificateRequest status cert-manager-certificaterequests-issuer-selfsigned',
    'apply Secret  cert-manager-certificates-issuing',
    'update Certificate status cert-manager-certificates-issuing',
  ]);
  const events = fleet.client.events.filter((event) => event.kind !== 'ClusterIssuer');
  assert.deepEqual(
    events.map(({ kind, reason, component }) => `${kind} ${reason} ${component}`),
    [
      'Certificate Issuing cert-manager-certificates-trigger',
      'Certificate Requested cert-manager-certificates-request-manager',
      'CertificateRequest CertificateIssued cert-manager-certificaterequests-issuer-selfsigned',
      'Certificate Issuing cert-manager-certificates-issuing',
    ],
  );
  const { status } = await fleet.getCertificate('web');
  assert.equal(status?.revision, 1);
  assert.deepEqual(
    status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    [['Ready', 'True', 'Ready']],
  );
  assert.deepEqual(fleet.problems, []);
});

test('a restart re-issues nothing and writes nothing', async () => {
  const fleet = await fleetWith();
  for (let i = 0; i < 5; i++) await fleet.certificate(`c${i}`);
  await fleet.settle();
  await fleet.stop();
  fleet.client.writes.length = 0;
  await fleet.start();
  assert.deepEqual(fleet.client.writes, []);
});

test('renewal comes at two thirds of the lifetime, with a new key, and old requests go', async () => {
  const fleet = await fleetWith();
  await fleet.certificate('web', { duration: '90h' });
  await fleet.settle();
  const first = checkSecret(await fleet.getSecret('web'));
  const { status } = await fleet.getCertificate('web');
  assert.equal(status?.renewalTime, '2026-01-03T12:00:00Z');
  await fleet.clock.advanceTo(Date.parse('2026-01-03T11:59:59Z'));
  assert.equal((await fleet.getCertificate('web')).status?.revision, 1);
  await fleet.clock.advance(1000);
  const renewed = await fleet.getCertificate('web');
  assert.equal(renewed.status?.revision, 2);
  const second = checkSecret(await fleet.getSecret('web'));
  assert.notDeepEqual(first.spki, second.spki);
  const requests = fleet.client.all(certificateRequests).map((request) => request.metadata?.name);
  assert.deepEqual(requests, ['web-2']);
  const trigger = fleet.client.events.findLast(
    (event) => event.component === 'cert-manager-certificates-trigger',
  );
  assert.match(trigger?.message ?? '', /Renewal is due since 2026-01-03 12:00:00 \+0000 UTC/);
});

test('a change of the spec re-issues, and one that needs only metadata does not', async () => {
  const fleet = await fleetWith();
  await fleet.certificate('web');
  await fleet.settle();
  const before = await fleet.getCertificate('web');
  await fleet.client.update(
    certificates,
    { ...before, spec: { ...before.spec, secretTemplate: { labels: { team: 'a' } } } },
    { fieldManager: 'test' },
  );
  await fleet.settle();
  const labelled = await fleet.getSecret('web');
  assert.equal(labelled?.metadata?.labels?.['team'], 'a');
  const kept = await fleet.getCertificate('web');
  assert.equal(kept.status?.revision, 1);
  await fleet.client.update(
    certificates,
    { ...kept, spec: { ...kept.spec, dnsNames: ['other.example.com'] } },
    { fieldManager: 'test' },
  );
  await fleet.settle();
  const changed = await fleet.getCertificate('web');
  assert.equal(changed.status?.revision, 2);
  assert.deepEqual(checkSecret(await fleet.getSecret('web')).subjectAltNames.dnsNames, ['other.example.com']);
});

test('rotationPolicy Never keeps the key, also when somebody asks for a renewal', async () => {
  const fleet = await fleetWith();
  await fleet.certificate('web', { privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' } });
  await fleet.settle();
  const first = checkSecret(await fleet.getSecret('web'));
  await triggerByHand(fleet, 'web');
  await fleet.settle();
  const { status } = await fleet.getCertificate('web');
  assert.equal(status?.revision, 2);
  assert.equal(
    status?.conditions?.some(({ type }) => type === 'Issuing'),
    false,
  );
  const second = checkSecret(await fleet.getSecret('web'));
  assert.deepEqual(first.spki, second.spki);
  assert.notEqual(first.serialHex, second.serialHex);
});

test('a key that may not be changed and does not fit stops the issuance with the remedy', async () => {
  const fleet = await fleetWith();
  await fleet.certificate('web', { privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' } });
  await fleet.settle();
  const certificate = await fleet.getCertificate('web');
  const spec = {
    ...certificate.spec,
    privateKey: { algorithm: 'ECDSA', size: 384, rotationPolicy: 'Never' },
  } as const;
  await fleet.client.update(certificates, { ...certificate, spec }, { fieldManager: 'test' });
  await fleet.settle();
  const event = fleet.client.events.findLast(({ reason }) => reason === 'CannotRegenerateKey');
  assert.match(event?.message ?? '', /\[spec\.privateKey\.size\].*set it to Always/s);
  const stuck = await fleet.getCertificate('web');
  assert.equal(stuck.status?.revision, 1);
  await fleet.client.update(
    certificates,
    { ...stuck, spec: { ...spec, privateKey: { ...spec.privateKey, rotationPolicy: 'Always' } } },
    { fieldManager: 'test' },
  );
  await fleet.settle();
  assert.equal((await fleet.getCertificate('web')).status?.revision, 2);
});

test('two Certificates with one Secret: the older one owns it, the other says so and takes over later', async () => {
  const fleet = await fleetWith();
  await fleet.certificate('a', { secretName: 'shared' });
  await fleet.settle();
  await fleet.certificate('b', { secretName: 'shared' });
  await fleet.settle();
  const loser = await fleet.getCertificate('b');
  assert.equal(loser.status?.conditions?.[0]?.reason, 'IncorrectCertificate');
  assert.match(loser.status?.conditions?.[0]?.message ?? '', /Certificate "a"/);
  assert.equal((await fleet.getCertificate('a')).status?.revision, 1);
  await fleet.client.delete(certificates, { namespace: 'shop', name: 'a' });
  await fleet.settle();
  assert.equal((await fleet.getCertificate('b')).status?.revision, 1);
});

test('a keystore waits for its password without asking the issuer for anything', async () => {
  const fleet = await fleetWith();
  const keystores = { pkcs12: { create: true, passwordSecretRef: { name: 'store', key: 'password' } } };
  await fleet.certificate('web', { keystores });
  await fleet.settle();
  assert.equal(fleet.client.all(certificateRequests).length, 0);
  const waiting = await fleet.getCertificate('web');
  assert.match(
    waiting.status?.conditions?.[0]?.message ?? '',
    /PKCS12 keystore password Secret "store" not found/,
  );
  const secret = {
    metadata: { name: 'store', namespace: 'shop' },
    data: { password: Buffer.from('changeit').toString('base64') },
  };
  await fleet.client.create(secrets, secret, { fieldManager: 'test' });
  await fleet.clock.advance(60_000);
  const done = await fleet.getSecret('web');
  assert.ok(done?.data?.['keystore.p12']);
  assert.ok(done?.data?.['truststore.p12']);
  assert.equal((await fleet.getCertificate('web')).status?.revision, 1);
});
