/** The resident solver: no Pod, a Service that leads to this process, and the same route. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ingress } from '../../../src/api/routes.ts';
import { ingresses } from '../../../src/api/networking.ts';
import {
  endpointSlices,
  pods,
  services,
  type EndpointSlice,
  type Service,
} from '../../../src/api/workloads.ts';
import { SolverError } from '../../../src/solvers/errors.ts';
import { defaultAcmeSettings } from '../../../src/solvers/settings.ts';
import { Http01World, namespace, view, sorted } from './http01-world.ts';

const http01 = { ingress: { ingressClassName: 'traefik', responder: 'Resident' as const } };
const at = { resourceNamespace: namespace, ambient: false };

test('a Service without selector, a slice to this Pod, an Ingress: and this process answers', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const solver = world.solver();
  await solver.present({ challenge, ...at });
  assert.deepEqual(sorted(world.calls), ['create endpointslices', 'create ingresses', 'create services']);
  assert.equal((await world.list(pods)).length, 0);
  const [service] = await world.list<Service>(services);
  assert.equal(service?.spec?.selector, undefined);
  assert.equal(service?.spec?.type, 'ClusterIP');
  const [slice] = await world.list<EndpointSlice>(endpointSlices);
  const port = world.responder.http01Address?.port;
  assert.equal(slice?.metadata?.labels?.['kubernetes.io/service-name'], service.metadata?.name);
  assert.deepEqual(
    slice?.endpoints?.map(({ addresses }) => addresses),
    [['10.244.0.9']],
  );
  assert.deepEqual(slice?.ports, [{ name: 'http', protocol: 'TCP', port }]);
  const [ingress] = await world.list<Ingress>(ingresses);
  assert.equal(ingress?.spec?.rules?.[0]?.http?.paths[0]?.backend.service?.name, service.metadata?.name);

  // By name, through what an ingress controller would make of it.
  world.names.set('www.example.com', ['203.0.113.5']);
  world.leadTo('203.0.113.5', 80, port ?? 0);
  const result = await solver.check({ challenge, ...at });
  assert.equal(result.passed, true, result.problem);
  assert.equal(view(result, 'direct')?.passed, true);

  await world.synced();
  await solver.present({ challenge, ...at });
  assert.deepEqual(world.calls, []);
  await solver.cleanUp({ challenge, ...at });
  assert.deepEqual(sorted(world.calls), ['delete endpointslices', 'delete ingresses', 'delete services']);
  assert.deepEqual(await world.left(), []);
  assert.equal(world.responder.answers.size, 0);
});

test('the next process takes the slice over: one write, the Service and the route stay', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  await world.solver().present({ challenge, ...at });
  const [before] = await world.list<Service>(services);
  await world.synced();
  world.responder.answers.delete(challenge.metadata?.uid ?? '');
  const next = world.solver({
    pod: { name: 'certwright-1', namespace: 'cert-manager', ips: ['10.244.1.7'] },
  });
  await next.present({ challenge, ...at });
  assert.deepEqual(world.calls, ['update endpointslices']);
  assert.equal(world.responder.answers.size, 1);
  const slices = await world.list<EndpointSlice>(endpointSlices);
  assert.deepEqual(
    slices.map(({ endpoints }) => endpoints?.[0]?.addresses),
    [['10.244.1.7']],
  );
  const [after] = await world.list<Service>(services);
  assert.equal(after?.metadata?.uid, before?.metadata?.uid);
});

test('a Pod of two families has a slice of each; one that lost a family loses the slice', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const pod = { name: 'certwright-0', namespace: 'cert-manager', ips: ['10.244.0.9', 'fd00::9'] };
  await world.solver({ pod }).present({ challenge, ...at });
  const families = async (): Promise<string[]> =>
    (await world.list<EndpointSlice>(endpointSlices)).map(({ addressType }) => addressType).toSorted();
  assert.deepEqual(await families(), ['IPv4', 'IPv6']);
  await world.synced();
  await world.solver({ pod: { ...pod, ips: ['fd00::9'] } }).present({ challenge, ...at });
  assert.deepEqual(await families(), ['IPv6']);
});

test('whoever cannot be routed to says what is missing', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  for (const [more, words] of [
    [{ pod: undefined }, /address of its own Pod.*POD_IP/],
    [{ responder: undefined }, /answers no HTTP-01 challenges by itself.*--acme-http01-listen/],
  ] as const)
    await assert.rejects(
      world.solver(more).present({ challenge, ...at }),
      (error: unknown) =>
        error instanceof SolverError && error.code === 'solver/not-served' && words.test(error.message),
    );
  assert.deepEqual(await world.left(), []);
});

test('without a cluster, every section is answered by the listener, and nothing is made', async (t) => {
  const world = await Http01World.start(t);
  const settings = { ...defaultAcmeSettings, inCluster: false };
  for (const [name, section] of Object.entries({
    ingress: { ingress: { ingressClassName: 'nginx' } },
    listener: { listener: {} },
  })) {
    const challenge = await world.challenge(section, { token: name });
    const solver = world.solver({ settings });
    await solver.present({ challenge, ...at });
    assert.equal(world.responder.answers.size, 1, name);
    assert.deepEqual(world.calls, []);
    assert.equal(view(await solver.check({ challenge, ...at }), 'direct')?.passed, true, name);
    await solver.cleanUp({ challenge, ...at });
    assert.equal(world.responder.answers.size, 0, name);
  }
});
