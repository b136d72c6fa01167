/** A path in an Ingress of the user's (spec/acme.md §8.6): put first, taken out, and nothing else touched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ingresses } from '../../../src/api/networking.ts';
import type { Ingress } from '../../../src/api/routes.ts';
import { SolverError } from '../../../src/solvers/errors.ts';
import { Http01World, namespace, token } from './http01-world.ts';

const web: Ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace, annotations: { 'example.com/keep': 'me' } },
  spec: {
    ingressClassName: 'gce',
    tls: [{ hosts: ['www.example.com'], secretName: 'web' }],
    rules: [
      {
        host: 'www.example.com',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } },
          ],
        },
      },
      { host: 'other.example.com' },
    ],
  },
};
const http01 = { ingress: { name: 'web' } };
const write = { fieldManager: 'test' };
const at = { resourceNamespace: namespace, ambient: false };

async function stored(world: Http01World): Promise<Ingress> {
  return world.user.get<Ingress>(ingresses, { namespace, name: 'web' });
}

test('the path comes first, goes again, and the rest is as it was', async (t) => {
  const world = await Http01World.start(t);
  const before = await world.user.create<Ingress>(ingresses, web, write);
  const challenge = await world.challenge(http01);
  const solver = world.solver();
  await solver.present({ challenge, ...at });
  const edited = await stored(world);
  const paths = edited.spec?.rules?.[0]?.http?.paths ?? [];
  assert.deepEqual(
    paths.map(({ path, pathType }) => [path, pathType]),
    [
      [`/.well-known/acme-challenge/${token}`, 'Exact'],
      ['/', 'Prefix'],
    ],
  );
  assert.deepEqual(edited.metadata?.annotations, before.metadata?.annotations);
  assert.deepEqual(edited.spec?.tls, before.spec?.tls);
  // One look each time: the Ingress is somebody else's.
  world.calls.length = 0;
  await solver.present({ challenge, ...at });
  assert.deepEqual(world.calls, ['get ingresses']);

  await solver.cleanUp({ challenge, ...at });
  assert.deepEqual((await stored(world)).spec, before.spec);
  world.calls.length = 0;
  await solver.cleanUp({ challenge, ...at });
  assert.ok(!world.calls.includes('update ingresses'));
});

test('two Challenges of one Ingress do not undo each other', async (t) => {
  const world = await Http01World.start(t);
  await world.user.create(ingresses, web, write);
  const both = [
    await world.challenge(http01),
    await world.challenge(http01, { token: 'second', dnsName: 'new.example.com' }),
  ];
  const solver = world.solver();
  const present = async (): Promise<void> => {
    const ends = await Promise.allSettled(both.map((challenge) => solver.present({ challenge, ...at })));
    // Whoever came second is told so and comes again, as the controller has it.
    for (const end of ends)
      if (end.status === 'rejected') {
        assert.ok(end.reason instanceof SolverError && end.reason.retryable, String(end.reason));
        await present();
      }
  };
  await present();
  const rules = (await stored(world)).spec?.rules ?? [];
  assert.deepEqual(
    rules.map(({ host, http }) => [host, http?.paths.length]),
    [
      ['www.example.com', 2],
      ['other.example.com', undefined],
      ['new.example.com', 1],
    ],
  );
  for (const challenge of both) await solver.cleanUp({ challenge, ...at });
  assert.deepEqual((await stored(world)).spec, web.spec);
});

test('a missing Ingress is named, with what to do; at the end it is no error', async (t) => {
  const world = await Http01World.start(t);
  const challenge = await world.challenge(http01);
  const solver = world.solver();
  await assert.rejects(
    solver.present({ challenge, ...at }),
    (error: unknown) =>
      error instanceof SolverError &&
      error.code === 'solver/reference' &&
      /Ingress shop\/web in place, and there is none: create it/.test(error.message),
  );
  await solver.cleanUp({ challenge, ...at });
  assert.deepEqual(await world.left(), []);
});
