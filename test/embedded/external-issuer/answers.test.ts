/** The durable path with an issuer of another group that takes its time (lifecycle §5, §10, §11, §17, §18, §20). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSecret, entryOf } from '../../../src/controllers/testing/check-secret.ts';
import { hour } from '../standalone-world.ts';
import { answerAll, changeAnswer, createExampleIssuer, group } from './example-issuer.ts';
import { issuerRef, onlyRequest, renewByHand, worldWith } from './fleet.ts';

test('the steps towards a certificate are stored one by one, and survive restarts in between', async (t) => {
  const world = await worldWith(t, 'sign');
  const [key] = await world.nextKeys();
  const keyName = key?.metadata?.name ?? '';
  assert.match(keyName, /^web-[a-z0-9]{5}$/);
  assert.match(entryOf(key, 'tls.key').toString(), /^-----BEGIN PRIVATE KEY-----/, 'PKCS#8');
  assert.deepEqual(Object.keys(key?.data ?? {}), ['tls.key']);
  assert.deepEqual(key?.metadata?.labels, {
    'cert-manager.io/next-private-key': 'true',
    'controller.cert-manager.io/fao': 'true',
  });
  const certificate = await world.get('web');
  assert.deepEqual(key?.metadata?.ownerReferences, [
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      name: 'web',
      uid: certificate.metadata?.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  assert.equal(certificate.status?.nextPrivateKeySecretName, keyName);
  const request = await onlyRequest(world);
  assert.equal(request.metadata?.name, 'web-1');
  assert.deepEqual(request.spec.issuerRef, issuerRef);
  const { annotations } = request.metadata ?? {};
  assert.equal(annotations?.['cert-manager.io/certificate-name'], 'web');
  assert.equal(annotations?.['cert-manager.io/certificate-revision'], '1');
  assert.equal(annotations?.['cert-manager.io/private-key-secret-name'], keyName);
  const approved = request.status?.conditions?.find(({ type }) => type === 'Approved');
  assert.deepEqual([approved?.status, approved?.reason], ['True', 'cert-manager.io']);
  assert.equal(
    request.status?.conditions?.some(({ type }) => type === 'Ready'),
    false,
    'only its issuer answers',
  );
  assert.deepEqual((await world.told('Certificate', 'web')).toSorted(), [
    `Generated: New private key made; Secret "${keyName}" keeps it until the certificate is there`,
    'Issuing: Secret "web" does not exist: a certificate has to be issued into it',
    'Requested: CertificateRequest "web-1" created',
  ]);

  await world.restart();
  // What it waits for is told once, after half a minute.
  await world.clock.advance(60_000);
  const writes = world.ours.writes.length;
  await world.clock.advance(24 * hour);
  assert.equal(world.ours.writes.length, writes, 'waiting writes nothing');
  assert.equal((await onlyRequest(world)).metadata?.uid, request.metadata?.uid, 'the same request');
  assert.deepEqual((await world.nextKeys())[0]?.data, key?.data, 'the same key');

  // The answer comes while we are away.
  await world.controllers.stop();
  await answerAll(world);
  await world.restart();
  const { status } = await world.get('web');
  assert.deepEqual([status?.revision, status?.nextPrivateKeySecretName], [1, undefined]);
  assert.deepEqual(
    status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    [['Ready', 'True', 'Ready']],
  );
  const secret = await world.secret('web');
  checkSecret(secret);
  assert.equal(secret?.type, 'kubernetes.io/tls');
  const expected = { name: 'slow', kind: 'ExampleIssuer', group };
  for (const [field, value] of Object.entries(expected))
    assert.equal(secret?.metadata?.annotations?.[`cert-manager.io/issuer-${field}`], value);
  const answered = await onlyRequest(world);
  assert.equal(secret?.data?.['tls.crt'], answered.status?.certificate, 'verbatim');
  assert.equal(secret?.data?.['ca.crt'], answered.status?.ca, 'verbatim');
  assert.deepEqual(await world.nextKeys(), []);
  assert.deepEqual(await world.told('Certificate', 'web'), [
    'Issuing: Certificate of revision 1 issued and stored in Secret "web"',
  ]);
});

test('an issuer of a cluster-wide kind, and a renewal: a new key, a new request, revision 2', async (t) => {
  const world = await worldWith(t, 'ignore');
  await createExampleIssuer(world, 'wide', 'sign', 'ExampleClusterIssuer');
  await world.certificate('two', { issuerRef: { group, kind: 'ExampleClusterIssuer', name: 'wide' } });
  assert.equal(await answerAll(world), 2, 'both are asked, one answers');
  const first = await world.secret('two');
  checkSecret(first);
  assert.equal((await world.get('two')).status?.renewalTime, '2026-03-02T00:00:00Z');
  await world.clock.advanceTo(Date.parse('2026-03-02T00:00:01Z'));
  const due = await world.condition('two', 'Issuing');
  assert.deepEqual([due?.status, due?.reason], ['True', 'Renewing']);
  assert.equal((await world.condition('two', 'Ready'))?.status, 'True', 'what there is stays good');
  await answerAll(world);
  const second = await world.secret('two');
  checkSecret(second);
  assert.notDeepEqual(entryOf(first, 'tls.key'), entryOf(second, 'tls.key'));
  assert.equal((await world.get('two')).status?.revision, 2);
  const left = (await world.requests())
    .map(({ metadata }) => metadata?.name)
    .filter((name) => name !== 'web-1');
  assert.deepEqual(left, ['two-2'], 'revisionHistoryLimit is 1');
});

test('rotationPolicy Never keeps the key over a renewal; a size that does not fit waits for the user', async (t) => {
  const privateKey = { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' } as const;
  const world = await worldWith(t, 'sign', { privateKey });
  await answerAll(world);
  const first = entryOf(await world.secret('web'), 'tls.key');
  await renewByHand(world, 'web');
  assert.deepEqual(
    (await world.told('Certificate', 'web')).filter((line) => line.startsWith('Reused')),
    ['Reused: The private key in Secret "web" is used again, as spec.privateKey.rotationPolicy has it'],
  );
  await answerAll(world);
  const secret = await world.secret('web');
  checkSecret(secret);
  assert.deepEqual(entryOf(secret, 'tls.key'), first);
  assert.equal((await world.get('web')).status?.revision, 2);

  await world.patchSpec('web', { privateKey: { size: 384 } });
  const told = await world.told('Certificate', 'web');
  const stuck = told.find((line) => line.startsWith('CannotRegenerateKey'));
  assert.match(stuck ?? '', /private key in Secret "web" .*\[spec\.privateKey\.size\].*rotationPolicy/);
  await world.clock.advance(48 * hour);
  assert.equal((await world.condition('web', 'Issuing'))?.status, 'True');
  assert.deepEqual(await world.nextKeys(), []);
  assert.deepEqual(
    (await world.requests()).map(({ metadata }) => metadata?.name),
    ['web-2'],
    'nothing is asked',
  );
  assert.deepEqual(entryOf(await world.secret('web'), 'tls.key'), first, 'nothing is lost');

  await world.patchSpec('web', { privateKey: { rotationPolicy: 'Always' } });
  await answerAll(world);
  checkSecret(await world.secret('web'));
  assert.notDeepEqual(entryOf(await world.secret('web'), 'tls.key'), first);
  assert.equal((await world.get('web')).status?.revision, 3);
});

test('a temporary certificate serves while the issuer thinks, with the key that the real one will have', async (t) => {
  const annotations = { 'cert-manager.io/issue-temporary-certificate': 'true' };
  const world = await worldWith(t, 'wait', {}, { annotations });
  assert.equal(await world.secret('web'), undefined, 'not before the request is Pending');
  await answerAll(world);
  const temporary = await world.secret('web');
  assert.equal(checkSecret(temporary).issuer.length > 0, true);
  assert.equal(temporary?.data?.['ca.crt'], undefined);
  assert.equal(temporary?.metadata?.annotations?.['cert-manager.io/issuer-name'], undefined);
  const told = await world.told('Certificate', 'web');
  assert.ok(told.some((line) => line.startsWith('Issuing: Temporary certificate stored in Secret "web"')));
  assert.equal((await world.condition('web', 'Issuing'))?.status, 'True');
  const ready = await world.condition('web', 'Ready');
  assert.deepEqual([ready?.status, ready?.reason], ['False', 'IncorrectIssuer']);
  await world.restart();
  assert.deepEqual((await world.secret('web'))?.data, temporary?.data, 'once is enough');
  await changeAnswer(world, 'slow', 'sign');
  await answerAll(world);
  const real = await world.secret('web');
  checkSecret(real);
  assert.deepEqual(entryOf(real, 'tls.key'), entryOf(temporary, 'tls.key'));
  assert.notDeepEqual(entryOf(real, 'tls.crt'), entryOf(temporary, 'tls.crt'));
  assert.deepEqual(
    [(await world.get('web')).status?.revision, (await world.condition('web', 'Ready'))?.status],
    [1, 'True'],
  );
});
