/** A namespace that is deleted: what goes with it is not issued again, nothing is logged as a fault, and others go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificates, namespaces } from '../../src/api/resources.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { namespace, StandaloneWorld } from './standalone-world.ts';

test('a namespace that ends, held up by a finalizer, has nothing issued into it again', async (t) => {
  const world = await StandaloneWorld.start(t);
  await world.clusterIssuer('selfsigned', { selfSigned: {} });
  await world.certificate('free', {});
  await world.certificate('held', {}, { finalizers: ['example.com/hold'] });
  await world.user.delete(namespaces, { name: namespace });
  await world.settle();
  assert.equal((await world.get('held')).metadata?.deletionTimestamp !== undefined, true);
  await assert.rejects(world.get('free'), NotFoundError);
  const before = world.ours.activity;
  await world.clock.advance(24 * 3_600_000);
  assert.deepEqual(world.problems, []);
  assert.deepEqual(await world.requests(), []);
  assert.equal(await world.secret('held'), undefined);
  assert.ok(world.ours.activity - before < 20, `${world.ours.activity - before} requests in a day`);

  await world.user.patch(
    certificates,
    { namespace, name: 'held' },
    'merge',
    { metadata: { finalizers: null } },
    { fieldManager: 'test' },
  );
  await world.settle();
  await assert.rejects(world.user.get(namespaces, { name: namespace }), NotFoundError);
  await world.user.create(
    namespaces,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      fieldManager: 'test',
    },
  );
  await world.certificate('free', {});
  assert.equal((await world.get('free')).status?.revision, 1);
});
