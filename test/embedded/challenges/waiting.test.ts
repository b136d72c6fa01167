/** A Challenge that waits for a slot says so, once, and goes on by itself; being told costs no storm. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ChallengeWorld } from './challenge-world.ts';

const minute = 60_000;

/** One slot that a CA which never decides keeps for ten minutes, and how often each status was written. */
async function start(t: TestContext) {
  const here = await ChallengeWorld.start(t, { settings: { maxConcurrentChallenges: 1 } });
  const writes = new Map<string, number>();
  const { ours } = here.world;
  const patch = ours.patch.bind(ours);
  ours.patch = (...args: Parameters<typeof patch>) => {
    const [type, { name }] = args;
    if (type.plural === 'challenges') writes.set(name, (writes.get(name) ?? 0) + 1);
    return patch(...args);
  };
  here.ca.verdict = 'never';
  await here.prove('slow');
  await here.world.clock.advance(1_000);
  here.ca.verdict = 'valid';
  return { here, writes };
}

test('after a minute the status says what the slot is kept by; the next step takes that away', async (t) => {
  const { here, writes } = await start(t);
  const names: string[] = [];
  for (let i = 0; i < 6; i++) names.push(await here.prove(`web-${i}`));
  await here.world.clock.advance(50_000);
  assert.equal((await here.get('web-0')).status?.reason, undefined);
  await here.world.clock.advance(8 * minute);
  for (const name of names) {
    const { status } = await here.get(name);
    assert.equal(status?.reason, 'Waiting for a slot: 1 of 1 are taken (--max-concurrent-challenges)');
    assert.equal(status?.processing, false);
    assert.equal(writes.get(name), 1, 'the news of that write is no reason for another one');
  }
  await here.world.clock.advance(10 * minute);
  for (const name of names) {
    const { status } = await here.get(name);
    assert.equal(status?.state, 'valid');
    assert.equal(status.reason, 'Successfully authorized domain');
  }
});

test('of one name and type, the one that works is named', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.verdict = 'never';
  await here.prove('first', 'web.example.com');
  await here.world.clock.advance(1_000);
  await here.prove('second', 'web.example.com');
  await here.prove('third', 'web.example.com');
  await here.world.clock.advance(3 * minute);
  for (const name of ['second', 'third'])
    assert.equal(
      (await here.get(name)).status?.reason,
      'Waiting for a slot: another Challenge for the same name and type (web.example.com, HTTP-01) is at work: first',
    );
});
