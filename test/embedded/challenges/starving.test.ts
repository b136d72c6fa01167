/** Nobody keeps the slots from everybody else: no CA that never decides, no provider that fails, no object that cannot be written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Challenge } from '../../../src/api/challenge.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Solver } from '../../../src/api/solver.ts';
import { challenges } from '../../../src/api/resources.ts';
import { namespace } from '../standalone-world.ts';
import { ChallengeWorld } from './challenge-world.ts';
import { refusal } from './fake-ca.ts';

const minute = 60_000;
const oneSlot = { settings: { maxConcurrentChallenges: 1 } };

async function stateOf(here: ChallengeWorld, name: string): Promise<string | undefined> {
  return (await here.get(name)).status?.state;
}

test('a CA that never decides keeps its slot for ten minutes while others wait, and is asked again later', async (t) => {
  const here = await ChallengeWorld.start(t, oneSlot);
  here.ca.verdict = 'never';
  const slow = await here.prove('slow');
  await here.world.clock.advance(minute);
  assert.equal(await stateOf(here, slow), 'processing');
  here.ca.verdict = 'valid';
  const good = await here.prove('good');
  await here.world.clock.advance(5 * minute);
  assert.notEqual(await stateOf(here, good), 'valid', 'the CA may look at any moment');
  await here.world.clock.advance(7 * minute);
  assert.equal(await stateOf(here, good), 'valid');
  here.ca.of('slow.example.com').status = 'valid';
  await here.world.clock.advance(5 * minute);
  assert.equal(await stateOf(here, slow), 'valid');
  assert.equal(here.solver.world.size, 0);
});

test('a provider that can neither write nor clean up keeps no slot, and what may be left is taken away in the end', async (t) => {
  const here = await ChallengeWorld.start(t, oneSlot);
  let expired = true;
  for (const fault of ['presentFault', 'cleanUpFault'])
    Object.defineProperty(here.solver, fault, {
      get: () =>
        expired && here.solver.calls.at(-1)?.includes('broken') === true
          ? new Error('the token has expired')
          : undefined,
    });
  const broken = await here.prove('broken');
  const good = await here.prove('good');
  await here.world.clock.advance(minute);
  assert.equal((await here.get(broken)).status?.processing, true);
  await here.world.clock.advance(5 * minute);
  assert.equal(await stateOf(here, good), 'valid');
  const { status } = await here.get(broken);
  assert.equal(status?.cleanUpAttempts, 1);
  expired = false;
  const cleaned = here.solver.count('cleanUp broken');
  await here.delete(broken);
  await here.world.clock.advance(minute);
  assert.equal(here.solver.count('cleanUp broken'), cleaned + 1, 'something may be in place');
});

test('a CA that is away keeps no slot, and is left alone for as long as it asked', async (t) => {
  const here = await ChallengeWorld.start(t, oneSlot);
  const until = here.world.clock.now() + 60 * minute;
  here.ca.faults.push(refusal(429, 'rateLimited', until));
  const limited = await here.prove('limited');
  const good = await here.prove('good');
  await here.world.clock.advance(7 * minute);
  assert.equal(await stateOf(here, good), 'valid');
  const { status } = await here.get(limited);
  assert.equal(status?.processing, false);
  assert.equal(Date.parse(status?.nextAttemptAt ?? ''), Math.floor(until / 1000) * 1000);
  assert.equal(here.ca.count('get https://ca.example/authz/limited'), 1);
  assert.equal(here.solver.count('cleanUp limited'), 0, 'nothing was put in place');
  await here.world.clock.advance(45 * minute);
  assert.equal(here.ca.count('get https://ca.example/authz/limited'), 1);
  await here.world.clock.advance(15 * minute);
  assert.equal(await stateOf(here, limited), 'valid');
});

test('one whose status cannot be written keeps the slot from nobody', async (t) => {
  const here = await ChallengeWorld.start(t, oneSlot);
  const { ours } = here.world;
  const patch = ours.patch.bind(ours);
  ours.patch = (...args: Parameters<typeof patch>) =>
    args[0].plural === 'challenges' && args[1].name === 'heavy'
      ? Promise.reject(new Error('etcdserver: request is too large'))
      : patch(...args);
  const heavy = await here.prove('heavy');
  const good = await here.prove('good');
  await here.world.clock.advance(minute);
  assert.equal(await stateOf(here, good), 'valid');
  ours.patch = patch;
  await here.world.clock.advance(6 * minute);
  assert.equal(await stateOf(here, heavy), 'valid');
});

test('made-up Challenges ask the API server less and less often, and come before nobody', async (t) => {
  const here = await ChallengeWorld.start(t, oneSlot);
  const order = await here.order('web', ['web.example.com']);
  const spec = here.spec(order, 'web.example.com');
  for (let i = 0; i < 20; i++) {
    const issuerRef = { name: `made-up-${i}`, kind: 'Issuer', group: 'cert-manager.io' };
    await here.challenge(order, { ...spec, issuerRef }, { name: `made-up-${i}` });
  }
  let asked = 0;
  const { ours } = here.world;
  const get = ours.get.bind(ours);
  ours.get = (...args: Parameters<typeof get>) => {
    if (args[0].plural === 'orders') asked++;
    return get(...args);
  };
  await here.world.clock.advance(10 * minute);
  asked = 0;
  const good = await here.prove('good');
  await here.world.clock.advance(minute);
  assert.equal(await stateOf(here, good), 'valid');
  await here.world.clock.advance(59 * minute);
  assert.ok(asked > 0 && asked <= 20 * 4, String(asked));
  const made = await here.world.user.get<Challenge>(challenges, { namespace, name: 'made-up-0' });
  assert.match(made.status?.reason ?? '', /Not worked on: it names another issuer/u);
});

test('a slot is free again also where the watch tells of the last write before its answer comes', async (t) => {
  // No finalizer goes afterwards, by which its end would be heard of a second time.
  const listener: Solver = { http01: { listener: {} } };
  const here = await ChallengeWorld.start(t, { ...oneSlot, solvers: [listener] });
  const { ours } = here.world;
  const patch = ours.patch.bind(ours);
  ours.patch = async <T extends KubeObject>(...asked: Parameters<typeof patch>): Promise<T> => {
    const answer = await patch<T>(...asked);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    return answer;
  };
  const names: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    const dnsName = `${name}.example.com`;
    const order = await here.order(name, [dnsName]);
    names.push(await here.challenge(order, here.spec(order, dnsName, 'HTTP-01', listener), { name }));
  }
  await here.world.clock.advance(2 * minute);
  assert.deepEqual(await Promise.all(names.map((name) => stateOf(here, name))), ['valid', 'valid', 'valid']);
});
