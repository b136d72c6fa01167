/** Answers of this process go with their Challenges, whatever was under way; and clocks that are set hold nobody up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChallengeSpec } from '../../../src/api/challenge.ts';
import type { Order } from '../../../src/api/order.ts';
import type { Solver } from '../../../src/api/solver.ts';
import { hour } from '../standalone-world.ts';
import { ChallengeWorld, dns01 } from './challenge-world.ts';

const minute = 60_000;
/** Answered by the process itself: the object has no finalizer, and goes at once. */
const listener: Solver = { http01: { listener: {} } };

async function world(
  t: Parameters<typeof ChallengeWorld.start>[0],
): Promise<{ here: ChallengeWorld; order: Order; spec: ChallengeSpec }> {
  const here = await ChallengeWorld.start(t, { solvers: [listener] });
  const order = await here.order('web', ['web.example.com']);
  return { here, order, spec: here.spec(order, 'web.example.com', 'HTTP-01', listener) };
}

test('an answer that is put in place while its Challenge is deleted is taken away', async (t) => {
  const { here, order, spec } = await world(t);
  const { solver } = here;
  const present = solver.present.bind(solver);
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  solver.present = async (context) => {
    begun.resolve();
    await gate.promise;
    await present(context);
  };
  const name = await here.challenge(order, spec, { name: 'web' });
  await begun.promise;
  await here.delete(name);
  assert.equal(await here.find(name), undefined);
  gate.resolve();
  await here.world.settle();
  assert.equal(solver.count('present'), 1);
  assert.equal(solver.world.size, 0);
});

for (const how of ['deleted', 'over'] as const)
  test(`what was put in place by half is taken away when its Challenge is ${how}`, async (t) => {
    const { here, order, spec } = await world(t);
    const { solver } = here;
    const present = solver.present.bind(solver);
    solver.present = async (context) => {
      await present(context);
      throw new Error('no route leads to it');
    };
    const name = await here.challenge(order, spec, { name: 'web' });
    assert.equal((await here.get(name)).status?.presented, false);
    assert.equal(solver.world.size, 1);
    if (how === 'deleted') await here.delete(name);
    else await here.orderStatus(order, { state: 'invalid' });
    await here.world.clock.advance(minute);
    assert.equal(solver.world.size, 0);
    assert.equal(solver.count('cleanUp'), 1);
  });

test('a clock that is set back an hour holds no Challenge up, and none that waits for its slot', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web', 'web.example.com', 'DNS-01');
  const { ours } = here.world;
  const patch = ours.patch.bind(ours);
  let broken = true;
  ours.patch = (...args: Parameters<typeof patch>) =>
    broken && args[0].plural === 'challenges' && args[1].name === 'next'
      ? Promise.reject(new Error('etcd has no leader'))
      : patch(...args);
  const next = await here.prove('next', 'next.example.com', 'DNS-01');
  assert.equal((await here.get(next)).status, undefined, 'it was given no slot');
  here.world.clock.jump(-hour);
  broken = false;
  here.solver.unseen.clear();
  await here.world.clock.advance(2 * minute);
  for (const one of [name, next]) assert.equal((await here.get(one)).status?.state, 'valid', one);
});

test('a clock that goes ahead an hour takes no slot from who works', async (t) => {
  const here = await ChallengeWorld.start(t, { settings: { maxConcurrentChallenges: 1 } });
  here.ca.verdict = 'never';
  const first = await here.prove('first');
  const second = await here.prove('second');
  await here.world.clock.advance(6 * minute);
  here.world.clock.jump(hour);
  await here.world.clock.advance(minute);
  assert.equal((await here.get(first)).status?.processing, true);
  assert.equal((await here.get(second)).status?.processing, false);
});
