/** Issuers that refuse or answer nonsense: the attempt fails, nothing reaches the Secret, and it is tried again in time (lifecycle §8, §17). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSecret } from '../../../src/controllers/testing/check-secret.ts';
import { hour } from '../standalone-world.ts';
import { answerAll, changeAnswer, seconds, type Answer } from './example-issuer.ts';
import { issuerRef, onlyRequest, renewByHand, worldWith } from './fleet.ts';

const refusals: readonly [Answer, string, RegExp][] = [
  ['fail', 'Failed', /: the CA says no$/],
  ['invalid', 'Unusable', /: no such name is sold$/],
  ['garbage', 'InvalidCertificate', /issuer's answer in CertificateRequest "\S+" cannot be read/],
  ['nothing', 'InvalidCertificate', /left status\.certificate empty/],
  ['other-key', 'InvalidCertificate', /for another public key than was asked for/],
  ['expired', 'InvalidCertificate', /expired already, on 2025-12-30T01:00:01Z/],
];
for (const [answer, reason, message] of refusals) {
  test(`an issuer that answers "${answer}" fails the attempt with ${reason}`, async (t) => {
    const world = await worldWith(t, answer);
    await world.clock.advance(1000);
    await answerAll(world);
    const { status } = await world.get('web');
    const issuing = await world.condition('web', 'Issuing');
    assert.deepEqual([issuing?.status, issuing?.reason], ['False', reason]);
    assert.match(
      issuing?.message ?? '',
      /^No certificate was issued; the next attempt follows after a pause/,
    );
    assert.match(issuing?.message ?? '', message);
    assert.deepEqual([status?.failedIssuanceAttempts, status?.revision], [1, undefined]);
    assert.equal(status?.lastFailureTime, seconds(world.clock.now()));
    assert.equal(status?.nextPrivateKeySecretName, undefined);
    assert.deepEqual(await world.nextKeys(), []);
    assert.equal(await world.secret('web'), undefined);
    const told = await world.told('Certificate', 'web');
    assert.equal(told.filter((line) => line === `${reason}: ${issuing?.message}`).length, 1, told.join('\n'));

    // No restart may count the failure twice or forget the wait.
    const old = (await onlyRequest(world)).metadata?.uid;
    await world.restart();
    await world.clock.advance(hour - 60_000);
    assert.equal((await onlyRequest(world)).metadata?.uid, old);
    assert.equal((await world.get('web')).status?.failedIssuanceAttempts, 1);
    await changeAnswer(world, 'slow', 'sign');
    await world.clock.advance(61_000);
    assert.notEqual((await onlyRequest(world)).metadata?.uid, old, 'tried again after an hour');
    await answerAll(world);
    const done = (await world.get('web')).status;
    assert.deepEqual(
      [done?.revision, done?.failedIssuanceAttempts, done?.lastFailureTime],
      [1, undefined, undefined],
    );
    checkSecret(await world.secret('web'));
  });
}

for (const rotationPolicy of ['Always', 'Never'] as const) {
  test(`denied by an approver that is not ours, rotationPolicy ${rotationPolicy}`, async (t) => {
    const privateKey = { algorithm: 'ECDSA', size: 256, rotationPolicy } as const;
    const world = await worldWith(t, 'deny', { privateKey }, {}, { approve: false });
    await world.clock.advance(1000);
    assert.equal((await onlyRequest(world)).status?.conditions, undefined, 'we approve nothing');
    await answerAll(world);
    const issuing = await world.condition('web', 'Issuing');
    assert.deepEqual([issuing?.status, issuing?.reason], ['False', 'policy.example.test']);
    assert.match(issuing?.message ?? '', /: not on a Friday$/);
    const denied = (await onlyRequest(world)).metadata?.uid;
    await world.clock.advance(hour + 1000);
    assert.notEqual((await onlyRequest(world)).metadata?.uid, denied, 'a new request for a new attempt');
    assert.equal((await world.condition('web', 'Issuing'))?.status, 'True');
    await answerAll(world);
    assert.equal((await world.get('web')).status?.failedIssuanceAttempts, 2);
  });
}

test('the pauses double up to 32 hours; a spec change goes past them, a corrected issuer does not', async (t) => {
  const world = await worldWith(t, 'fail');
  for (const [attempt, pause] of [1, 2, 4, 8, 16, 32, 32].entries()) {
    await answerAll(world);
    assert.equal((await world.get('web')).status?.failedIssuanceAttempts, attempt + 1);
    const old = (await onlyRequest(world)).metadata?.uid;
    await world.clock.advance(pause * hour - 5000);
    assert.equal((await onlyRequest(world)).metadata?.uid, old, `attempt ${attempt + 1} rests ${pause} h`);
    await world.clock.advance(10_000);
    assert.notEqual((await onlyRequest(world)).metadata?.uid, old, `and no longer`);
  }
  await answerAll(world);
  const old = (await onlyRequest(world)).metadata?.uid;
  await changeAnswer(world, 'slow', 'sign');
  await world.clock.advance(hour);
  assert.equal((await onlyRequest(world)).metadata?.uid, old, 'the issuer alone does not end the pause');
  await world.patchSpec('web', { dnsNames: ['web.example.test', 'www.example.test'] });
  assert.notEqual((await onlyRequest(world)).metadata?.uid, old, 'a change of the spec does');
  await answerAll(world);
  assert.deepEqual(checkSecret(await world.secret('web')).subject.length >= 0, true);
  assert.equal((await world.get('web')).status?.revision, 1);
});

test('a renewal by hand: asks at once, even while a pause lasts, and what there is survives its failure', async (t) => {
  const world = await worldWith(t, 'sign');
  await answerAll(world);
  const before = await world.secret('web');
  await world.clock.advance(1000);
  await changeAnswer(world, 'slow', 'fail');
  await renewByHand(world, 'web');
  assert.deepEqual(
    (await world.requests()).map(({ metadata }) => metadata?.name),
    ['web-1', 'web-2'],
  );
  await answerAll(world);
  const failed = await world.get('web');
  assert.deepEqual([failed.status?.revision, failed.status?.failedIssuanceAttempts], [1, 1]);
  assert.equal((await world.condition('web', 'Ready'))?.status, 'True');
  assert.deepEqual((await world.secret('web'))?.data, before?.data, 'the Secret is untouched');
  await world.clock.advance(1000);
  await changeAnswer(world, 'slow', 'sign');
  await renewByHand(world, 'web');
  await answerAll(world);
  assert.equal((await world.get('web')).status?.revision, 2);
  assert.equal((await world.get('web')).status?.lastFailureTime, undefined);
  checkSecret(await world.secret('web'));
  assert.equal((await onlyRequest(world)).spec.issuerRef.name, issuerRef.name);
});
