/** Taking answers away: a deletion waits for a bounded number of attempts, and what is left over is not forgotten. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../../../src/api/core.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { configMaps } from '../../../src/api/resources.ts';
import { cleanUpLimit } from '../../../src/controllers/challenge/decide.ts';
import { ForbiddenError, NotFoundError, TooLargeError } from '../../../src/kube/errors.ts';
import { SolverUnavailableError } from '../../../src/solvers/errors.ts';
import { hour } from '../standalone-world.ts';
import { ChallengeWorld, dns01 } from './challenge-world.ts';

const debts = { namespace: 'kube-system', name: 'certwright-cleanup-debts' };

async function deletedWhileBroken(
  t: Parameters<typeof ChallengeWorld.start>[0],
  inMemory = true,
): Promise<ChallengeWorld> {
  const here = await ChallengeWorld.start(t, { inMemory, solvers: [dns01] });
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web', 'web.example.com', 'DNS-01');
  here.solver.cleanUpFault = new SolverUnavailableError('the credentials are gone');
  await here.delete(name);
  return here;
}

test('a deletion takes the answer away first', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  assert.equal(here.solver.world.size, 1);
  await here.delete(name);
  assert.equal(here.solver.world.size, 0);
  assert.equal(await here.find(name), undefined);
});

test('an answer that was taken away is not taken away again where the object could not be let go of at once', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  const { ours } = here.world;
  const patch = ours.patch.bind(ours);
  let refused = 0;
  ours.patch = (...args: Parameters<typeof patch>) =>
    'finalizers' in ((args[3] as KubeObject).metadata ?? {}) && refused++ < 2
      ? Promise.reject(new Error('etcdserver: request timed out'))
      : patch(...args);
  await here.delete(name);
  await here.world.clock.advance(60_000);
  assert.equal(await here.find(name), undefined);
  assert.equal(refused, 3);
  assert.equal(here.solver.count('cleanUp'), 1);
});

test('one that is gone before the watch tells of it is no error', async (t) => {
  const here = await ChallengeWorld.start(t);
  const { ours } = here.world;
  const apply = ours.apply.bind(ours);
  let missed = 0;
  ours.apply = <T extends KubeObject>(...[type, object, options]: Parameters<typeof apply<T>>): Promise<T> =>
    type.kind === 'Challenge' && missed++ === 0
      ? Promise.reject(new NotFoundError('challenges.acme.cert-manager.io "web" not found'))
      : apply<T>(type, object, options);
  const name = await here.prove('web');
  await here.world.clock.advance(2_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(missed, 2);
  assert.deepEqual(here.world.problems, []);
});

test('a clean-up that fails is tried again, says so, and is told how often', async (t) => {
  const here = await deletedWhileBroken(t);
  const first = await here.get('web');
  assert.equal(first.status?.reason, 'Error cleaning up challenge: the credentials are gone');
  assert.equal(first.status?.cleanUpAttempts, 1);
  assert.equal(Date.parse(first.status.nextAttemptAt ?? ''), here.world.clock.now() + 5_000);
  await here.world.clock.advance(60_000);
  assert.equal((await here.get('web')).status?.cleanUpAttempts, 4);
  const told = await here.world.told('Challenge', 'web');
  assert.ok(
    told.includes('CleanUpError: Error cleaning up challenge: the credentials are gone'),
    told.join('\n'),
  );
  here.solver.cleanUpFault = undefined;
  await here.world.clock.advance(60_000);
  assert.equal(await here.find('web'), undefined);
  assert.equal(here.solver.world.size, 0);
});

test('after half an hour the object goes, what is left is a debt, and the debt is paid once it can be', async (t) => {
  const here = await deletedWhileBroken(t);
  await here.world.clock.advance(40 * 60_000);
  assert.equal(await here.find('web'), undefined);
  const attempts = here.solver.count('cleanUp');
  assert.ok(attempts > cleanUpLimit && attempts < 20, String(attempts));
  const { data = {} } = await here.world.user.get<ConfigMap>(configMaps, debts);
  assert.equal(Object.keys(data).length, 1);
  assert.match(Object.values(data)[0] ?? '', /web\.example\.com.*the credentials are gone/u);
  assert.equal(here.debts.at(-1), 1);
  assert.equal(here.solver.world.size, 1);
  here.solver.cleanUpFault = undefined;
  await here.world.clock.advance(2 * hour);
  assert.equal(here.solver.world.size, 0);
  assert.equal(here.debts.at(-1), 0);
  assert.deepEqual((await here.world.user.get<ConfigMap>(configMaps, debts)).data ?? {}, {});
});

test('a deletion waits for no ConfigMap that may not be written, and for no status that cannot be', async (t) => {
  const here = await deletedWhileBroken(t);
  const { ours } = here.world;
  const patch = ours.patch.bind(ours);
  const refused = new ForbiddenError('no', { status: 403 });
  ours.patch = (...args: Parameters<typeof patch>) =>
    args[0].plural === 'configmaps'
      ? Promise.reject(refused)
      : args[4].subresource === 'status'
        ? Promise.reject(new TooLargeError('etcdserver: request is too large', { status: 413 }))
        : patch(...args);
  await here.world.clock.advance(hour);
  assert.equal(await here.find('web'), undefined);
  const told = await here.world.told('Challenge', 'web');
  assert.ok(
    told.some((one) => /^CleanUpOwed: .* has to be removed by hand/u.test(one)),
    told.join('\n'),
  );
});

test('debts outlive the process', async (t) => {
  const here = await deletedWhileBroken(t, false);
  await here.world.clock.advance(40 * 60_000);
  await here.world.restart();
  here.solver.cleanUpFault = undefined;
  await here.world.clock.advance(2 * hour);
  assert.equal(here.solver.world.size, 0);
});

test('a debt is tried a bounded number of times', async (t) => {
  const here = await deletedWhileBroken(t);
  await here.world.clock.advance(40 * 60_000);
  const before = here.solver.count('cleanUp');
  await here.world.clock.advance(24 * hour);
  const tried = here.solver.count('cleanUp') - before;
  assert.ok(tried >= 5 && tried <= 12, String(tried));
});

test('entries that nobody can read are left alone', async (t) => {
  const here = await ChallengeWorld.start(t);
  const data = { a: 'nonsense', b: '{"spec":null}', c: '[]', d: '{"namespace":"shop"}' };
  const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: debts, data };
  await here.world.user.create(configMaps, map, { fieldManager: 'test' });
  await here.world.clock.advance(3 * hour);
  assert.equal(here.solver.calls.length, 0);
  assert.deepEqual((await here.world.user.get<ConfigMap>(configMaps, debts)).data, data);
  assert.deepEqual(here.world.problems, []);
});

test('a finished challenge whose answer stays gives its slot back, and is tried again slowly', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.cleanUpFault = new SolverUnavailableError('no answer');
  const name = await here.prove('web');
  await here.world.clock.advance(hour);
  const { metadata, status } = await here.get(name);
  assert.equal(status?.state, 'valid');
  assert.equal(status.processing, false);
  assert.equal(status.presented, true);
  assert.deepEqual(metadata?.finalizers, ['acme.cert-manager.io/finalizer']);
  const before = here.solver.count('cleanUp');
  await here.world.clock.advance(3 * hour);
  assert.ok(here.solver.count('cleanUp') - before <= 7);
  here.solver.cleanUpFault = undefined;
  await here.world.clock.advance(hour);
  assert.equal((await here.get(name)).status?.presented, false);
});

test('finalizers of others stay', async (t) => {
  const here = await ChallengeWorld.start(t);
  const order = await here.order('web', ['web.example.com']);
  const finalizers = ['example.com/audit', 'finalizer.acme.cert-manager.io'];
  here.solver.unseen.add('web.example.com');
  const name = await here.challenge(order, here.spec(order, 'web.example.com'), { finalizers });
  assert.deepEqual((await here.get(name)).metadata?.finalizers, [
    'example.com/audit',
    'acme.cert-manager.io/finalizer',
  ]);
  here.solver.unseen.clear();
  await here.world.clock.advance(20_000);
  assert.deepEqual((await here.get(name)).metadata?.finalizers, ['example.com/audit']);
});
