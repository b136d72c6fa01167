/** An HTTPRoute at a Gateway (spec/acme.md §8.7): made once however the server completes it, corrected, and taken away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateways } from '../../../src/api/networking.ts';
import { httpRoutes, type HttpRoute } from '../../../src/api/routes.ts';
import { SolverError } from '../../../src/solvers/errors.ts';
import { defaultAcmeSettings } from '../../../src/solvers/settings.ts';
import { answers, Http01World, namespace, token, view, sorted } from './http01-world.ts';

const http01 = {
  gatewayHTTPRoute: { parentRefs: [{ name: 'edge', namespace: 'infra' }], labels: { team: 'web' } },
};
const at = { resourceNamespace: namespace, ambient: false };

test('what the server adds is no reason to write again', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const solver = world.solver();
  await solver.present({ challenge, ...at });
  assert.deepEqual(sorted(world.calls), ['create httproutes', 'create pods', 'create services']);
  const [route] = await world.list<HttpRoute>(httpRoutes);
  assert.equal(route?.metadata?.labels?.['team'], 'web');
  assert.deepEqual(route.spec?.hostnames, ['www.example.com']);
  assert.deepEqual(route.spec?.parentRefs, [
    { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge', namespace: 'infra' },
  ]);
  assert.deepEqual(route.spec?.rules?.[0]?.matches, [
    { path: { type: 'Exact', value: `/.well-known/acme-challenge/${token}` } },
  ]);
  assert.ok('timeouts' in (route.spec?.rules?.[0] ?? {}), 'the definition of this test adds no default');
  await world.synced();
  for (let round = 0; round < 3; round++) await world.solver().present({ challenge, ...at });
  assert.deepEqual(world.calls, []);
  await solver.cleanUp({ challenge, ...at });
  assert.deepEqual(await world.left(), []);
});

test('what somebody changed is put right, and what they added to it stays', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const solver = world.solver();
  await solver.present({ challenge, ...at });
  const [route] = await world.list<HttpRoute>(httpRoutes);
  await world.user.patch(
    httpRoutes,
    { namespace, name: route?.metadata?.name ?? '' },
    'merge',
    { metadata: { annotations: { note: 'hi' } }, spec: { hostnames: ['evil.example.com'] } },
    { fieldManager: 'test' },
  );
  await world.synced();
  await solver.present({ challenge, ...at });
  assert.deepEqual(world.calls, ['update httproutes']);
  const [now] = await world.list<HttpRoute>(httpRoutes);
  assert.deepEqual(now?.spec?.hostnames, ['www.example.com']);
  assert.equal(now.metadata?.annotations?.['note'], 'hi');
});

test('the route view asks the Gateway at its address and HTTP listener', async (t) => {
  const world = await Http01World.start(t);
  const parentRefs = [{ name: 'edge', sectionName: 'web' }];
  const challenge = await world.challenge({ gatewayHTTPRoute: { parentRefs } });
  const solver = world.solver();
  const check = async () => {
    await solver.present({ challenge, ...at });
    return solver.check({ challenge, ...at });
  };
  assert.match(view(await check(), 'route')?.answer ?? '', /there is no Gateway shop\/edge: create it/);
  const gateway = await world.user.create(
    gateways,
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'edge', namespace },
      spec: {
        listeners: [
          { name: 'secure', port: 443, protocol: 'HTTPS' },
          { name: 'web', port: 8000, protocol: 'HTTP' },
        ],
      },
    } as never,
    { fieldManager: 'test' },
  );
  assert.match(view(await check(), 'route')?.answer ?? '', /no address in its status/);
  await world.user.update(
    gateways,
    { ...(gateway as object), status: { addresses: [{ type: 'IPAddress', value: '10.0.0.80' }] } } as never,
    { fieldManager: 'test', subresource: 'status' },
  );
  await world.serve('10.0.0.80', 8000, answers);
  const route = view(await check(), 'route');
  assert.equal(route?.passed, true, route?.answer);
  // An address is remembered: no read of the Gateway for each check.
  world.calls.length = 0;
  await check();
  assert.ok(!world.calls.includes('get gateways'), world.calls.join());
});

test('a solver without parents, and a process without the Gateway API, say so', async (t) => {
  const world = await Http01World.start(t);
  const orphan = await world.challenge({ gatewayHTTPRoute: {} });
  await assert.rejects(world.solver().present({ challenge: orphan, ...at }), /names no Gateway .*parentRefs/);
  const challenge = await world.challenge(http01, { token: 'two' });
  const off = { ...defaultAcmeSettings, http01: { ...defaultAcmeSettings.http01, gatewayApi: false } };
  await assert.rejects(
    world.solver({ settings: off }).present({ challenge, ...at }),
    (error: unknown) =>
      error instanceof SolverError &&
      error.message.startsWith("couldn't Present challenge shop/web-two: gateway api is not enabled"),
  );
});
