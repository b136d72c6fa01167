/** The Challenges that cert-manager 1.21 left in flight are taken over and finished; those of finished Orders are left alone. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Challenge } from '../../src/api/challenge.ts';
import { certificateSteps } from '../../src/api/components.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Order } from '../../src/api/order.ts';
import { challenges, namespaces, orders } from '../../src/api/resources.ts';
import { challengesModule } from '../../src/controllers/challenge/module.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { defaultAcmeSettings } from '../../src/solvers/settings.ts';
import { FakeCa } from '../embedded/challenges/fake-ca.ts';
import { FakeSolver } from '../embedded/challenges/fake-solver.ts';
import { StandaloneWorld } from '../embedded/standalone-world.ts';
import { loadObjects } from '../servers/load-objects.ts';

const folder = path.resolve(import.meta.dirname, '../../../shared/fixtures/cert-manager-1.21-acme');
const space = 'shop';

function items<T extends KubeObject = KubeObject>(file: string): T[] {
  return (JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as { items: T[] }).items;
}

test('challenges of cert-manager in flight', async (t) => {
  if (!existsSync(folder)) {
    t.diagnostic('left out: the shared ACME fixtures of cert-manager 1.21 are not beside this repository');
    return;
  }
  const ca = new FakeCa();
  const solver = new FakeSolver();
  const before = items<Challenge>('challenges.json');
  // The CA has the authorizations that the Orders speak of, all still open.
  for (const { status } of items<Order>('orders.json'))
    for (const {
      url,
      identifier = '',
      wildcard = false,
      challenges: offered = [],
    } of status?.authorizations ?? [])
      ca.authorizations.set(url, {
        url,
        identifier: { type: 'dns', value: identifier },
        status: 'pending',
        wildcard,
        challenges: offered.map((one) => ({ ...one, status: 'pending' })),
      });
  const world = await StandaloneWorld.start(t, {
    openAccount: ca.openAccount,
    controllers: {
      clusterResourceNamespace: 'cert-manager',
      disabled: new Set([...certificateSteps, 'certificaterequests-issuer-acme', 'orders']),
    },
    modules: [
      challengesModule({
        settings: defaultAcmeSettings,
        solvers: () => ({ solvers: solver, informers: [] }),
      }),
    ],
  });
  for (const name of ['cert-manager', space])
    await world.user
      .create(
        namespaces,
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
        { fieldManager: 'test' },
      )
      .catch(() => undefined);
  const kept = items('orders.json').find(({ metadata }) => metadata?.name?.startsWith('issued-1'));
  await world.controllers.stop();
  await loadObjects(world.user, [
    ...items('ingresses.json'),
    ...items('secrets.json'),
    ...items('clusterissuers.json'),
    ...items('certificates.json'),
    ...items('certificaterequests.json'),
    ...items('orders.json'),
    ...items('challenges.json'),
  ]);
  await world.restart();
  const issued = await world.user.get<Order>(orders, { namespace: space, name: kept?.metadata?.name ?? '' });
  await world.clock.advance(60_000);

  assert.equal(before.length, 2);
  for (const { metadata, status, spec } of before) {
    const name = metadata?.name ?? '';
    const now = await world.user.get<Challenge>(challenges, { namespace: space, name });
    assert.equal(now.status?.state, 'valid', `${name}: ${now.status?.reason}`);
    assert.equal(now.status.presentedAt, status?.presentedAt, 'what cert-manager noted stays');
    assert.equal(now.metadata?.finalizers, undefined);
    assert.equal(ca.calls.filter((call) => call === `accept ${spec.url}`).length, 1);
    const told = await world.told('Challenge', name);
    assert.ok(!told.some((event) => event.startsWith('Started')), 'it had its slot already');
    assert.ok(!told.some((event) => event.startsWith('Refused')), told.join('\n'));
  }
  assert.equal(solver.world.size, 0);
  const after = await world.user.get<Order>(orders, { namespace: space, name: kept?.metadata?.name ?? '' });
  assert.equal(after.metadata?.resourceVersion, issued.metadata?.resourceVersion);
  assert.deepEqual(world.problems, []);
});

test('what cert-manager left in flight and is deleted meanwhile is cleaned up', async (t) => {
  if (!existsSync(folder)) {
    t.diagnostic('left out: the shared ACME fixtures of cert-manager 1.21 are not beside this repository');
    return;
  }
  const solver = new FakeSolver();
  const world = await StandaloneWorld.start(t, {
    openAccount: new FakeCa().openAccount,
    controllers: {
      clusterResourceNamespace: 'cert-manager',
      disabled: new Set([...certificateSteps, 'certificaterequests-issuer-acme', 'orders']),
    },
    modules: [
      challengesModule({
        settings: defaultAcmeSettings,
        solvers: () => ({ solvers: solver, informers: [] }),
      }),
    ],
  });
  // Neither its Order nor its issuer are there any more.
  const [challenge] = items<Challenge>('challenges.json');
  const { ownerReferences: _gone, ...metadata } = challenge?.metadata ?? {};
  await world.controllers.stop();
  await loadObjects(world.user, [{ ...challenge, metadata }]);
  await world.restart();
  const name = metadata.name ?? '';
  await world.user.delete(challenges, { namespace: space, name });
  await world.settle();
  await assert.rejects(world.user.get(challenges, { namespace: space, name }), NotFoundError);
  assert.deepEqual(solver.calls, [`cleanUp ${challenge?.spec.dnsName}`]);
});
