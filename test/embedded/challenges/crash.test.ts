/** kill -9 between any two writes: the next process finishes, nothing is left over, and no CA is told twice without need. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { challenges } from '../../../src/api/resources.ts';
import { namespace } from '../standalone-world.ts';
import { ChallengeWorld, dns01 } from './challenge-world.ts';

for (let writes = 0; writes < 10; writes++)
  test(`killed after ${writes} writes`, async (t) => {
    const here = await ChallengeWorld.start(t, { inMemory: false });
    const order = await here.order('web', ['web.example.com']);
    here.world.ours.dieAfter(writes);
    const name = await here.challenge(order, here.spec(order, 'web.example.com'));
    await here.world.clock.advance(5_000);
    await here.world.restart();
    await here.world.clock.advance(60_000);
    const { metadata, status } = await here.get(name);
    assert.equal(status?.state, 'valid');
    assert.equal(status.processing, false);
    assert.equal(status.presented, false);
    assert.equal(metadata?.finalizers, undefined);
    assert.equal(here.solver.world.size, 0);
    assert.ok(here.ca.count('accept') <= 1, here.ca.calls.join('\n'));
  });

test('killed while the CA looks: the answer is there again before the CA is asked anything', async (t) => {
  const here = await ChallengeWorld.start(t, { inMemory: false });
  here.ca.verdict = 'never';
  const name = await here.prove('web');
  await here.world.clock.advance(6_000);
  assert.equal((await here.get(name)).status?.state, 'processing');
  here.world.ours.dieAfter(0);
  // What this process answered itself goes with it.
  here.solver.world.clear();
  const before = here.ca.calls.length;
  await here.world.restart();
  assert.equal(here.solver.world.size, 1);
  here.ca.of('web.example.com').status = 'valid';
  await here.world.clock.advance(60_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(here.ca.count('accept'), 1);
  assert.ok(here.ca.calls.length - before < 6);
});

test('killed during a deletion: the answer is taken away by the next process', async (t) => {
  const here = await ChallengeWorld.start(t, { inMemory: false });
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  here.world.ours.dieAfter(0);
  await here.world.user.delete(challenges, { namespace, name });
  await here.world.settle();
  assert.ok((await here.find(name)) !== undefined);
  await here.world.restart();
  assert.equal(await here.find(name), undefined);
  assert.equal(here.solver.world.size, 0);
});

test('twenty at once: never more than there are slots, all valid', async (t) => {
  const here = await ChallengeWorld.start(t, {
    settings: { maxConcurrentChallenges: 10 },
  });
  const names = Array.from({ length: 20 }, (_one, i) => `n${i}.example.com`);
  const order = await here.order('many', names);
  for (const name of names) await here.challenge(order, here.spec(order, name));
  const wanted = names.length;
  await here.world.clock.advance(5 * 60_000);
  let valid = 0;
  for (const name of names) if ((await here.get(`many-${name}-http-01`)).status?.state === 'valid') valid++;
  assert.equal(valid, wanted);
  assert.ok(here.solver.most <= 10, String(here.solver.most));
  assert.equal(here.solver.world.size, 0);
  assert.equal(here.ca.count('accept'), wanted);
});

test('a name and its wildcard go one after the other, as they share a record', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.unseen.add('example.com');
  const order = await here.order('both', ['example.com', '*.example.com']);
  const apex = await here.challenge(order, here.spec(order, 'example.com', 'DNS-01'), { name: 'apex' });
  await here.world.clock.advance(2_000);
  const wild = await here.challenge(order, here.spec(order, '*.example.com', 'DNS-01'), { name: 'wild' });
  await here.world.clock.advance(60_000);
  assert.equal((await here.get(apex)).status?.processing, true);
  assert.equal((await here.get(wild)).status?.processing ?? false, false);
  here.solver.unseen.clear();
  await here.world.clock.advance(5 * 60_000);
  for (const name of [apex, wild]) assert.equal((await here.get(name)).status?.state, 'valid', name);
  assert.equal(here.solver.most, 1);
});

test('stuck ones make room: with all slots stuck, another issuer and another name still get theirs', async (t) => {
  const here = await ChallengeWorld.start(t, { settings: { maxConcurrentChallenges: 2 } });
  here.solver.unseen.add('a.example.com').add('b.example.com');
  const stuck = [await here.prove('a'), await here.prove('b')];
  const good = await here.prove('good');
  await here.world.clock.advance(60_000);
  assert.equal((await here.get(good)).status?.processing ?? false, false);
  await here.world.clock.advance(6 * 60_000);
  assert.equal((await here.get(good)).status?.state, 'valid');
  here.solver.unseen.clear();
  await here.world.clock.advance(10 * 60_000);
  for (const name of stuck) assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(here.solver.world.size, 0);
});
