import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Secret } from '../../api/core.ts';
import { certificateRequests, secrets } from '../../api/resources.ts';
import { checkSecret } from '../testing/check-secret.ts';
import { answer, externalRef, refuse, requestNamed, sign } from '../testing/external-issuer.ts';
import { Fleet, triggerByHand } from '../testing/fleet.ts';

const running: Fleet[] = [];
after(async () => {
  for (const fleet of running) await fleet.stop();
});
async function fleetWith(name: string, spec = {}, metadata = {}): Promise<Fleet> {
  const fleet = new Fleet();
  running.push(fleet);
  await fleet.start();
  await fleet.certificate(name, { issuerRef: externalRef, ...spec }, metadata);
  await fleet.settle();
  return fleet;
}
const hour = 3_600_000;
function nextKeys(fleet: Fleet): Secret[] {
  return fleet.client
    .all<Secret>(secrets)
    .filter((secret) => secret.metadata?.labels?.['cert-manager.io/next-private-key'] === 'true');
}

test('an external issuer: condition, key and request are stored, then its answer goes into the Secret', async () => {
  const fleet = await fleetWith('slow');
  const begun = await fleet.getCertificate('slow');
  assert.deepEqual(
    begun.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]).toSorted(),
    [
      ['Issuing', 'True', 'DoesNotExist'],
      ['Ready', 'False', 'DoesNotExist'],
    ],
  );
  const [key] = nextKeys(fleet);
  assert.equal(begun.status?.nextPrivateKeySecretName, key?.metadata?.name);
  assert.match(
    Buffer.from(key?.data?.['tls.key'] ?? '', 'base64').toString(),
    /^-----BEGIN PRIVATE KEY-----/,
  );
  const request = await requestNamed(fleet, 'slow-1');
  assert.equal(
    request.metadata?.annotations?.['cert-manager.io/private-key-secret-name'],
    key?.metadata?.name,
  );
  assert.equal(request.status?.conditions?.[0]?.type, 'Approved');
  const reasons = fleet.client.events
    .filter(({ kind }) => kind === 'Certificate')
    .map(({ reason }) => reason);
  assert.deepEqual(reasons, ['Issuing', 'Generated', 'Requested']);

  // A restart in between resumes.
  await fleet.stop();
  await fleet.start();
  await sign(fleet, 'slow-1');
  const done = await fleet.getCertificate('slow');
  assert.equal(done.status?.revision, 1);
  assert.equal(done.status?.nextPrivateKeySecretName, undefined);
  assert.deepEqual(
    done.status?.conditions?.map(({ type, status }) => [type, status]),
    [['Ready', 'True']],
  );
  const secret = await fleet.getSecret('slow');
  checkSecret(secret);
  assert.equal(secret?.metadata?.annotations?.['cert-manager.io/issuer-group'], 'example.com');
  assert.deepEqual(nextKeys(fleet), []);
});

test('failures are retried after 1 h, 2 h, 4 h; success clears the count', async () => {
  const fleet = await fleetWith('slow');
  for (const [attempt, pause] of [1, 2, 4].entries()) {
    await refuse(fleet, 'slow-1');
    const failed = await fleet.getCertificate('slow');
    assert.equal(failed.status?.failedIssuanceAttempts, attempt + 1);
    assert.equal(failed.status?.nextPrivateKeySecretName, undefined);
    const issuing = failed.status?.conditions?.find(({ type }) => type === 'Issuing');
    assert.deepEqual([issuing?.status, issuing?.reason], ['False', 'Failed']);
    assert.match(issuing?.message ?? '', /next attempt follows.* Cause: the CA says no/);
    assert.deepEqual(nextKeys(fleet), []);
    const old = (await requestNamed(fleet, 'slow-1')).metadata?.uid;
    await fleet.clock.advance(pause * hour - 2000);
    assert.equal((await requestNamed(fleet, 'slow-1')).metadata?.uid, old);
    await fleet.clock.advance(4000);
    assert.notEqual((await requestNamed(fleet, 'slow-1')).metadata?.uid, old);
  }
  await sign(fleet, 'slow-1');
  const { status } = await fleet.getCertificate('slow');
  assert.deepEqual(
    [status?.revision, status?.failedIssuanceAttempts, status?.lastFailureTime],
    [1, undefined, undefined],
  );
});

test('a denied request fails the attempt with the approver reason', async () => {
  const fleet = new Fleet({ approve: false });
  running.push(fleet);
  await fleet.start();
  await fleet.certificate('slow', { issuerRef: externalRef });
  await fleet.settle();
  await answer(fleet, 'slow-1', [
    { type: 'Denied', status: 'True', reason: 'policy.example.com', message: 'no wildcard' },
  ]);
  const { status } = await fleet.getCertificate('slow');
  const issuing = status?.conditions?.find(({ type }) => type === 'Issuing');
  assert.deepEqual([issuing?.status, issuing?.reason], ['False', 'policy.example.com']);
});

test('an answer for another key, or one that has expired, is refused and named', async () => {
  const fleet = await fleetWith('slow');
  await fleet.certificate('other', { issuerRef: externalRef });
  await fleet.settle();
  await sign(fleet, 'slow-1', 90 * 24 * hour, 'other-1');
  const wrong = await fleet.getCertificate('slow');
  const issuing = wrong.status?.conditions?.find(({ type }) => type === 'Issuing');
  assert.equal(issuing?.reason, 'InvalidCertificate');
  assert.match(issuing?.message ?? '', /for another public key than was asked for/);
  assert.equal(await fleet.getSecret('slow'), undefined);

  await sign(fleet, 'other-1', -hour);
  const late = await fleet.getCertificate('other');
  const refused = late.status?.conditions?.find(({ type }) => type === 'Issuing');
  assert.equal(refused?.reason, 'InvalidCertificate');
  assert.match(refused?.message ?? '', /expired already, on \d{4}-\d{2}-\d{2}T/);
  assert.equal(await fleet.getSecret('other'), undefined);
});

test('a temporary certificate serves until the real one is there', async () => {
  const fleet = await fleetWith(
    'slow',
    {},
    { annotations: { 'cert-manager.io/issue-temporary-certificate': 'true' } },
  );
  assert.equal(await fleet.getSecret('slow'), undefined);
  await answer(fleet, 'slow-1', [
    { type: 'Ready', status: 'False', reason: 'Pending', message: 'in the queue' },
  ]);
  const temporary = checkSecret(await fleet.getSecret('slow'));
  assert.equal(temporary.subjectFields.commonName, 'slow');
  assert.ok(
    (await fleet.getCertificate('slow')).status?.conditions?.some(
      ({ type, status }) => type === 'Issuing' && status === 'True',
    ),
  );
  await sign(fleet, 'slow-1');
  const real = checkSecret(await fleet.getSecret('slow'));
  assert.notEqual(real.serialHex, temporary.serialHex);
  assert.equal((await fleet.getCertificate('slow')).status?.revision, 1);
});

test('a renewal asked for by hand goes through, and reuses the key where it must', async () => {
  const fleet = await fleetWith('slow', { privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Never' } });
  await sign(fleet, 'slow-1');
  const first = checkSecret(await fleet.getSecret('slow'));
  await fleet.clock.advance(hour);
  await triggerByHand(fleet, 'slow');
  await fleet.settle();
  assert.ok(fleet.client.events.some(({ reason }) => reason === 'Reused'));
  await sign(fleet, 'slow-2');
  const second = checkSecret(await fleet.getSecret('slow'));
  assert.deepEqual(first.spki, second.spki);
  assert.equal((await fleet.getCertificate('slow')).status?.revision, 2);
  assert.deepEqual(
    fleet.client.all(certificateRequests).map(({ metadata }) => metadata?.name),
    ['slow-2'],
  );
});

test('an issuer that does not exist yet is waited for; then everything is stored as with any slow issuer', async () => {
  const fleet = new Fleet({ issuerGraceMs: 3000 });
  running.push(fleet);
  await fleet.start();
  await fleet.certificate('web', { issuerRef: { name: 'late', kind: 'ClusterIssuer' } });
  await fleet.settle();
  assert.equal(fleet.client.all(certificateRequests).length, 0);
  await fleet.clock.advance(4000);
  const pending = await requestNamed(fleet, 'web-1');
  assert.equal(pending.status?.conditions?.find(({ type }) => type === 'Ready')?.reason, 'Pending');
  await fleet.selfSigned('late');
  await fleet.clock.advance(60_000);
  checkSecret(await fleet.getSecret('web'));
  assert.equal((await fleet.getCertificate('web')).status?.revision, 1);
});
