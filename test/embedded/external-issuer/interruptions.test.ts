/** Our process ends in the middle, or the Certificate does: what was stored is taken up again, or goes with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateRequests, certificates, secrets } from '../../../src/api/resources.ts';
import { checkSecret, entryOf } from '../../../src/controllers/testing/check-secret.ts';
import { NotFoundError } from '../../../src/kube/errors.ts';
import { decodePrivateKey, publicKeysEqual } from '../../../src/pki/keys.ts';
import { hour, namespace, StandaloneWorld } from '../standalone-world.ts';
import { answerAll, createExampleIssuer, installDefinitions } from './example-issuer.ts';
import { issuerRef, onlyRequest, worldWith } from './fleet.ts';

/** Key, its name with the condition, request, approval, Secret, completion, key removal: more than there are. */
const mostWrites = 9;

for (let survived = 0; survived <= mostWrites; survived++) {
  test(`ended after ${survived} writes of a durable issuance, it is taken up where it stood`, async (t) => {
    const world = await StandaloneWorld.start(t);
    await installDefinitions(world);
    await createExampleIssuer(world, issuerRef.name, 'sign');
    world.ours.dieAfter(survived);
    await world.certificate('web', { issuerRef });
    await answerAll(world);
    await world.clock.advance(1000);
    // A key that no status names is nobody's: it is thrown away, and another one made.
    const named = (await world.get('web')).status?.nextPrivateKeySecretName;
    const key = (await world.nextKeys()).find(({ metadata }) => metadata?.name === named);
    const request = (await world.requests())[0];
    const secret = await world.secret('web');
    await world.restart();
    await answerAll(world);
    await world.clock.advance(1000);
    const { status } = await world.get('web');
    assert.deepEqual(
      [status?.revision, status?.nextPrivateKeySecretName, status?.failedIssuanceAttempts],
      [1, undefined, undefined],
    );
    assert.deepEqual(
      status?.conditions?.map(({ type, status: value }) => [type, value]),
      [['Ready', 'True']],
    );
    const leaf = checkSecret(await world.secret('web'));
    if (key !== undefined)
      assert.ok(publicKeysEqual(decodePrivateKey(entryOf(key, 'tls.key')), leaf.publicKey), 'the same key');
    if (request !== undefined) assert.equal((await onlyRequest(world)).metadata?.uid, request.metadata?.uid);
    if (secret !== undefined)
      assert.deepEqual((await world.secret('web'))?.data, secret.data, 'not issued twice');
    assert.deepEqual(await world.nextKeys(), []);
    assert.equal((await onlyRequest(world)).metadata?.name, 'web-1');
  });
}

test('a Certificate deleted in flight takes its request and its stored key along, and a late answer hurts nobody', async (t) => {
  const world = await worldWith(t, 'ignore');
  await world.certificate('other', { issuerRef });
  assert.deepEqual([(await world.requests()).length, (await world.nextKeys()).length], [2, 2]);
  const late = (await world.requests()).find(({ metadata }) => metadata?.name === 'web-1')!;
  await world.user.delete(certificates, { namespace, name: 'web' });
  await world.settle();
  assert.deepEqual(
    (await world.requests()).map(({ metadata }) => metadata?.name),
    ['other-1'],
  );
  assert.deepEqual(
    (await world.nextKeys()).map(({ metadata }) => metadata?.ownerReferences?.[0]?.name),
    ['other'],
  );
  const answered = { ...late, status: { ...late.status, certificate: 'AAAA' } };
  const write = { fieldManager: 'example-issuer', subresource: 'status' } as const;
  await assert.rejects(world.user.update(certificateRequests, answered, write), NotFoundError);
  await world.clock.advance(hour);
  assert.equal(await world.secret('web'), undefined);
  assert.deepEqual(world.problems, []);
  await world.certificate('web', { issuerRef });
  assert.equal((await world.requests()).length, 2, 'of the same name it begins anew');
});

test('a request and a key that somebody deletes in flight are made again', async (t) => {
  const world = await worldWith(t, 'ignore');
  const [key] = await world.nextKeys();
  const first = await onlyRequest(world);
  await world.user.delete(certificateRequests, { namespace, name: 'web-1' });
  await world.settle();
  const second = await onlyRequest(world);
  assert.notEqual(second.metadata?.uid, first.metadata?.uid);
  assert.deepEqual((await world.nextKeys())[0]?.data, key?.data, 'the key stays');
  await world.user.delete(secrets, { namespace, name: key?.metadata?.name ?? '' });
  await world.clock.advance(5000);
  const [other, ...more] = await world.nextKeys();
  assert.equal(more.length, 0);
  assert.notDeepEqual(other?.data, key?.data);
  const third = await onlyRequest(world);
  assert.notEqual(third.spec.request, second.spec.request, 'a request for the new key');
});
