/** The Orders that cert-manager 1.21 left in flight are taken over and finished; the finished one is left alone. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Challenge } from '../../src/api/challenge.ts';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Order } from '../../src/api/order.ts';
import {
  certificateRequests,
  challenges,
  clusterIssuers,
  namespaces,
  orders,
} from '../../src/api/resources.ts';
import { ordersModule } from '../../src/controllers/order/module.ts';
import { FakeCa } from '../../src/controllers/testing/fake-ca.ts';
import { StandaloneWorld } from '../embedded/standalone-world.ts';
import { loadObjects } from '../servers/load-objects.ts';

const folder = path.resolve(import.meta.dirname, '../../../shared/fixtures/cert-manager-1.21-acme');
const namespace = 'shop';
const byTest = { fieldManager: 'test' };

function items<T extends KubeObject = KubeObject>(file: string): T[] {
  return (JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as { items: T[] }).items;
}

function namesOf(objects: readonly KubeObject[]): string[] {
  return objects.map(({ metadata }) => metadata?.name ?? '').toSorted();
}

test('orders of cert-manager in flight', async (t) => {
  if (!existsSync(folder)) {
    t.diagnostic('left out: the shared ACME fixtures of cert-manager 1.21 are not beside this repository');
    return;
  }
  const ca = new FakeCa(() => world.clock.now());
  const before = items<Order>('orders.json');
  for (const order of before) ca.adopt(order);
  const world: StandaloneWorld = await StandaloneWorld.start(t, {
    openAccount: ca.open,
    controllers: { clusterResourceNamespace: 'cert-manager' },
    modules: [ordersModule()],
  });
  const { user } = world;
  for (const name of ['cert-manager', namespace])
    await user
      .create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, byTest)
      .catch(() => undefined);
  await world.controllers.stop();
  const files = [
    'ingresses',
    'secrets',
    'clusterissuers',
    'certificates',
    'certificaterequests',
    'orders',
    'challenges',
  ];
  await loadObjects(
    user,
    files.flatMap((file) => items(`${file}.json`)),
  );
  const all = async (): Promise<Order[]> => (await world.user.list<Order>(orders, { namespace })).items;
  const loaded = await all();
  const names = namesOf((await user.list<Challenge>(challenges, { namespace })).items);
  await world.restart();
  await world.clock.advance(60_000);

  // The accounts of the issuers are as cert-manager left them, keys and digests and all: nothing is registered.
  assert.equal(ca.count('register'), 0);
  for (const { metadata, status } of (await world.user.list<ClusterIssuer>(clusterIssuers)).items)
    assert.equal(status?.conditions?.[0]?.status, 'True', metadata?.name);
  // Neither a second Order for any request, nor other Challenges.
  const after = await all();
  assert.deepEqual(namesOf(after), namesOf(loaded));
  const still = (await world.user.list<Challenge>(challenges, { namespace })).items;
  assert.deepEqual(namesOf(still), names);
  assert.equal(ca.count('newOrder'), 0);

  for (const { metadata, spec } of still) {
    ca.validate(spec.dnsName);
    const key = { namespace, name: metadata?.name ?? '' };
    const status = { state: 'valid' };
    await world.user.patch(challenges, key, 'merge', { status }, { ...byTest, subresource: 'status' });
    const finalizers = { metadata: { finalizers: null } };
    await world.user.patch(challenges, key, 'merge', finalizers, byTest);
  }
  await world.clock.advance(120_000);
  for (const { metadata, status } of await all()) {
    assert.equal(status?.state, 'valid', `${metadata?.name}: ${status?.reason}`);
    assert.notEqual(status.certificate, undefined);
  }
  assert.deepEqual((await world.user.list<Challenge>(challenges, { namespace })).items, []);
  for (const { metadata, status } of (
    await world.user.list<CertificateRequest>(certificateRequests, { namespace })
  ).items)
    assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True', metadata?.name);
  assert.equal(ca.count('newOrder'), 0);
  assert.equal(ca.count('finalize'), still.length);
  // The one that was finished keeps its very resourceVersion.
  const issued = loaded.find(({ metadata }) => metadata?.name?.startsWith('issued-1'));
  const kept = (await all()).find(({ metadata }) => metadata?.name === issued?.metadata?.name);
  assert.equal(kept?.metadata?.resourceVersion, issued?.metadata?.resourceVersion);
  assert.deepEqual(world.problems, []);
});
