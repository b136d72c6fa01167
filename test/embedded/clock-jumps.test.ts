/** The wall clock jumps under a running standalone: what is due happens, nothing else does, and nothing is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSecret } from '../../src/controllers/testing/check-secret.ts';
import { hour, StandaloneWorld } from './standalone-world.ts';

const day = 24 * hour;
/** Name, duration and renewBefore in hours. */
const fleet = [
  ['hourly', 2, 1],
  ['daily', 24, 8],
  ['usual', 2160, 720],
  ['yearly', 8760, 720],
] as const;

async function fleetWorld(...args: Parameters<typeof StandaloneWorld.start>): Promise<StandaloneWorld> {
  const world = await StandaloneWorld.start(...args);
  await world.clusterIssuer('selfsigned', { selfSigned: {} });
  for (const [name, duration, renewBefore] of fleet)
    await world.certificate(name, { duration: `${duration}h`, renewBefore: `${renewBefore}h` });
  return world;
}

async function revisions(world: StandaloneWorld): Promise<Record<string, number | undefined>> {
  const found: Record<string, number | undefined> = {};
  for (const [name] of fleet) {
    const ready = await world.condition(name, 'Ready');
    assert.equal(ready?.status, 'True', `${name}: ${ready?.message}`);
    checkSecret(await world.secret(name));
    found[name] = (await world.get(name)).status?.revision;
  }
  assert.deepEqual(world.problems, []);
  return found;
}

test('forward: whatever became due is renewed within a second, once', async (t) => {
  const world = await fleetWorld(t);
  world.clock.jump(30 * 60_000);
  await world.clock.advance(1000);
  assert.deepEqual(await revisions(world), { hourly: 1, daily: 1, usual: 1, yearly: 1 });
  world.clock.jump(day);
  await world.clock.advance(1000);
  assert.deepEqual(await revisions(world), { hourly: 2, daily: 2, usual: 1, yearly: 1 });
  world.clock.jump(61 * day);
  await world.clock.advance(1000);
  assert.deepEqual(await revisions(world), { hourly: 3, daily: 3, usual: 2, yearly: 1 });
  world.clock.jump(2 * 365 * day);
  await world.clock.advance(1000);
  assert.deepEqual(
    await revisions(world),
    { hourly: 4, daily: 4, usual: 3, yearly: 2 },
    'also what had expired',
  );
});

test('back: nothing is re-issued, a restart changes nothing, and renewals come when the clock says so', async (t) => {
  const world = await fleetWorld(t);
  const secrets = await Promise.all(fleet.map(([name]) => world.secret(name)));
  world.clock.jump(-400 * day);
  await world.clock.advance(2 * hour);
  assert.deepEqual(await revisions(world), { hourly: 1, daily: 1, usual: 1, yearly: 1 });
  await world.restart();
  await world.clock.advance(2 * hour);
  assert.deepEqual(await revisions(world), { hourly: 1, daily: 1, usual: 1, yearly: 1 });
  for (const [index, [name]] of fleet.entries())
    assert.deepEqual((await world.secret(name))?.data, secrets[index]?.data, name);
  // New ones are issued under the clock as it is; then it is set right again.
  await world.certificate('new', { duration: '24h', renewBefore: '8h' });
  assert.equal((await world.condition('new', 'Ready'))?.status, 'True');
  world.clock.jump(400 * day);
  await world.clock.advance(1000);
  assert.deepEqual(await revisions(world), { hourly: 2, daily: 1, usual: 1, yearly: 1 });
  assert.equal((await world.get('new')).status?.revision, 2, 'it was due long since');
  checkSecret(await world.secret('new'));
});

test('there and back within a minute: what was renewed meanwhile is kept', async (t) => {
  const world = await fleetWorld(t);
  world.clock.jump(365 * day);
  await world.clock.advance(1000);
  assert.deepEqual(await revisions(world), { hourly: 2, daily: 2, usual: 2, yearly: 2 });
  world.clock.jump(-365 * day);
  await world.clock.advance(6 * hour);
  assert.deepEqual(await revisions(world), { hourly: 2, daily: 2, usual: 2, yearly: 2 });
});
