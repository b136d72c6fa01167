/** Solver Pods: what is made for a Challenge, what is left alone, and what is taken away again (spec/acme.md §8.2-§8.5, §8.8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ingress } from '../../../src/api/routes.ts';
import { ingresses } from '../../../src/api/networking.ts';
import { challenges } from '../../../src/api/resources.ts';
import { endpointSlices, pods, services, type Pod, type Service } from '../../../src/api/workloads.ts';
import { SolverError } from '../../../src/solvers/errors.ts';
import { identityLabels, ownedBy } from '../../../src/solvers/http01/identity.ts';
import { solverPod } from '../../../src/solvers/http01/solver-pod.ts';
import { defaultAcmeSettings } from '../../../src/solvers/settings.ts';
import { Http01World, namespace, token, sorted } from './http01-world.ts';

const write = { fieldManager: 'test' };
const http01 = { ingress: { ingressClassName: 'traefik' } };

test('a Pod, a Service and an Ingress: three requests, none to present again, three to take them away', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const solver = world.solver();
  await solver.present({ challenge, resourceNamespace: namespace, ambient: false });
  assert.deepEqual(sorted(world.calls), ['create ingresses', 'create pods', 'create services']);
  const [pod] = await world.list<Pod>(pods);
  const [service] = await world.list<Service>(services);
  const [ingress] = await world.list<Ingress>(ingresses);
  for (const made of [pod, service, ingress]) {
    assert.match(made?.metadata?.name ?? '', /^cm-acme-http-solver-/);
    assert.deepEqual(made?.metadata?.labels, identityLabels(challenge));
    assert.deepEqual(made.metadata.ownerReferences, [ownedBy(challenge)]);
  }
  assert.deepEqual(service?.spec?.selector, identityLabels(challenge));
  assert.equal(service.spec.type, 'NodePort');
  const path = ingress?.spec?.rules?.[0]?.http?.paths[0];
  assert.deepEqual(path, {
    path: `/.well-known/acme-challenge/${token}`,
    pathType: 'Exact',
    backend: { service: { name: service.metadata?.name, port: { number: 8089 } } },
  });

  // Again, by this process and by one that has just started.
  await solver.present({ challenge, resourceNamespace: namespace, ambient: false });
  assert.equal(world.calls.length, 3);
  await world.synced();
  const next = world.solver();
  await next.present({ challenge, resourceNamespace: namespace, ambient: false });
  assert.deepEqual(world.calls, []);

  await next.cleanUp({ challenge, resourceNamespace: namespace, ambient: false });
  assert.deepEqual(sorted(world.calls), ['delete ingresses', 'delete pods', 'delete services']);
  assert.deepEqual(await world.left(), []);
  await world.synced();
  await next.cleanUp({ challenge, resourceNamespace: namespace, ambient: false });
  assert.deepEqual(world.calls, []);
});

test('without caches the API server is asked, and the end is the same', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const solver = world.solver({ caches: undefined });
  for (let round = 0; round < 2; round++)
    await solver.present({ challenge, resourceNamespace: namespace, ambient: false });
  assert.equal((await world.list(pods)).length, 1);
  assert.equal((await world.list(ingresses)).length, 1);
  await solver.cleanUp({ challenge, resourceNamespace: namespace, ambient: false });
  assert.deepEqual(await world.left(), []);
});

test('duplicates are deleted, and the next attempt makes one', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const settings = { ...defaultAcmeSettings.http01, pod: { ...defaultAcmeSettings.http01.pod, image: 'x' } };
  for (let twice = 0; twice < 2; twice++)
    await world.user.create(pods, solverPod(challenge, settings), write);
  await world.synced();
  await assert.rejects(
    world.solver().present({ challenge, resourceNamespace: namespace, ambient: false }),
    (error: unknown) =>
      error instanceof SolverError &&
      error.retryable &&
      error.message ===
        'multiple existing challenge solver pods found and cleaned up. retrying challenge sync',
  );
  assert.equal((await world.list(pods)).length, 0);
  await world.synced();
  await world.solver().present({ challenge, resourceNamespace: namespace, ambient: false });
  assert.equal((await world.list(pods)).length, 1);
  assert.equal((await world.list(services)).length, 1);
});

test('what another Challenge controls is not ours, whatever its labels say', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const other = await world.challenge(http01, { token: 'other' });
  // Made by a user, or by a collision of Adler-32.
  const foreign: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'foreign',
      namespace,
      labels: identityLabels(challenge),
      ownerReferences: [ownedBy(other)],
    },
    spec: { ports: [{ port: 8089 }] },
  };
  await world.user.create(services, foreign, write);
  await world.user.create(
    services,
    { ...foreign, metadata: { name: 'ownerless', namespace, labels: identityLabels(challenge) } },
    write,
  );
  await world.synced();
  for (const caches of [world.caches, undefined]) {
    const solver = world.solver({ caches });
    await solver.present({ challenge, resourceNamespace: namespace, ambient: false });
    assert.equal((await world.list(services)).length, 3);
    await solver.cleanUp({ challenge, resourceNamespace: namespace, ambient: false });
    const left = (await world.list(services)).map(({ metadata }) => metadata?.name ?? '');
    assert.deepEqual(sorted(left), ['foreign', 'ownerless']);
    await world.synced();
  }
});

test('an Ingress that leads to another Service is replaced', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const solver = world.solver();
  await solver.present({ challenge, resourceNamespace: namespace, ambient: false });
  const [service] = await world.list<Service>(services);
  await world.user.delete(services, { namespace, name: service?.metadata?.name ?? '' });
  await world.synced();
  await assert.rejects(
    solver.present({ challenge, resourceNamespace: namespace, ambient: false }),
    /service name changed, existing challenge solver ingresses found and cleaned up/,
  );
  await world.synced();
  await solver.present({ challenge, resourceNamespace: namespace, ambient: false });
  const [ingress] = await world.list<Ingress>(ingresses);
  const [now] = await world.list<Service>(services);
  assert.equal(ingress?.spec?.rules?.[0]?.http?.paths[0]?.backend.service?.name, now?.metadata?.name);
});

test('a Challenge is finished the way it was begun, also when the flag says Resident by now', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  await world.solver().present({ challenge, resourceNamespace: namespace, ambient: false });
  await world.synced();
  const settings = {
    ...defaultAcmeSettings,
    http01: { ...defaultAcmeSettings.http01, responder: 'Resident' as const },
  };
  const next = world.solver({ settings });
  await next.present({ challenge, resourceNamespace: namespace, ambient: false });
  assert.deepEqual(world.calls, []);
  assert.equal((await world.list(endpointSlices)).length, 0);
  await next.cleanUp({ challenge, resourceNamespace: namespace, ambient: false });
  assert.deepEqual(await world.left(), []);
});

test('when the Challenge goes first, garbage collection takes what was made', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  await world.solver().present({ challenge, resourceNamespace: namespace, ambient: false });
  await world.user.delete(
    challenges,
    { namespace, name: challenge.metadata?.name ?? '' },
    { propagationPolicy: 'Background' },
  );
  while ((await world.left()).length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
});
