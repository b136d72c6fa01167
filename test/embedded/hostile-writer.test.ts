/** Somebody keeps destroying one Secret: its Certificate says who and what to do, nobody else notices, and it heals by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../src/api/core.ts';
import { secrets } from '../../src/api/resources.ts';
import { checkSecret, entryOf } from '../../src/controllers/testing/check-secret.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { hour, namespace, StandaloneWorld } from './standalone-world.ts';

const write = { fieldManager: 'vandal' };
const key = { namespace, name: 'victim' };
const minute = 60_000;

function patch(world: StandaloneWorld, body: object): Promise<Secret> {
  return world.user.patch<Secret>(secrets, key, 'merge', body, write);
}

interface Vandalism {
  what: string;
  /** Whether the API can tell who did it. */
  leavesTraces: boolean;
  destroy(world: StandaloneWorld, round: number): Promise<unknown>;
}

const text = (value: string): string => Buffer.from(value).toString('base64');
const vandalisms: Vandalism[] = [
  {
    what: 'rewrites tls.crt with nonsense, another one each time',
    leavesTraces: true,
    destroy: (world, round) => patch(world, { data: { 'tls.crt': text(`nonsense ${round}`) } }),
  },
  {
    what: 'puts the certificate of somebody else into tls.crt',
    leavesTraces: true,
    async destroy(world) {
      const other = await world.user.get<Secret>(secrets, { namespace, name: 'other' });
      return patch(world, { data: { 'tls.crt': other.data?.['tls.crt'] } });
    },
  },
  {
    what: 'applies tls.key, by force',
    leavesTraces: true,
    destroy: (world, round) => {
      const data = { 'tls.key': text(`my key ${round}`) };
      const object: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: key, data };
      return world.user.apply(secrets, object, { ...write, force: true });
    },
  },
  {
    what: 'says that another issuer made it',
    leavesTraces: true,
    destroy: (world) =>
      patch(world, { metadata: { annotations: { 'cert-manager.io/issuer-name': 'mine' } } }),
  },
  {
    what: 'empties its entries',
    leavesTraces: true,
    destroy: (world) => patch(world, { data: { 'tls.crt': '', 'tls.key': '' } }),
  },
  {
    // With another value of the label it is a Secret that cannot be seen (lifecycle §3), and so is its writer.
    what: 'gives our label another value',
    leavesTraces: false,
    destroy: (world, round) =>
      patch(world, {
        metadata: { labels: { 'controller.cert-manager.io/fao': 'false' } },
        data: { 'tls.crt': text(`nonsense ${round}`) },
      }),
  },
  {
    what: 'deletes it',
    leavesTraces: false,
    destroy: (world) =>
      world.user.delete(secrets, key).catch((error: unknown) => {
        if (!(error instanceof NotFoundError)) throw error;
      }),
  },
];

async function attackedWorld(...args: Parameters<typeof StandaloneWorld.start>): Promise<StandaloneWorld> {
  const world = await StandaloneWorld.start(...args);
  await world.clusterIssuer('selfsigned', { selfSigned: {} });
  for (const name of ['victim', 'other']) await world.certificate(name, { commonName: name });
  assert.equal((await world.condition('victim', 'Ready'))?.status, 'True');
  return world;
}

for (const vandalism of vandalisms) {
  const { what, leavesTraces } = vandalism;
  test(`a writer that ${what}, ten times a second`, async (t) => {
    const world = await attackedWorld(t);
    const begin = world.ours.writes.length;
    for (let round = 0; round < 60; round++) {
      await vandalism.destroy(world, round);
      await world.clock.advance(100);
    }
    const attempts = (await world.get('victim')).status?.revision ?? 0;
    assert.ok(attempts > 1 && attempts <= 7, `${attempts - 1} re-issues in 6 s`);
    const writes = world.ours.writes.length - begin;
    assert.ok(writes <= attempts * 8, `${writes} writes of ours for ${attempts - 1} re-issues`);
    const ready = await world.condition('victim', 'Ready');
    assert.equal(ready?.status, 'False');
    assert.match(
      ready?.message ?? '',
      leavesTraces ? /field manager "vandal"/ : /left no field manager to name/,
    );
    assert.match(
      ready?.message ?? '',
      /Secret "victim".*Stop that writer, or give this Certificate another spec\.secretName/,
    );

    // Whoever comes now is served at once.
    await world.certificate('late', { commonName: 'late' });
    assert.equal((await world.condition('late', 'Ready'))?.status, 'True');
    assert.equal((await world.get('other')).status?.revision, 1);

    // The writer stops: it heals by itself.
    await world.clock.advance(11 * minute);
    assert.equal((await world.condition('victim', 'Ready'))?.status, 'True');
    checkSecret(await world.secret('victim'));
    const healed = await world.secret('victim');
    await world.clock.advance(2 * hour);
    assert.deepEqual(
      entryOf(await world.secret('victim'), 'tls.crt'),
      entryOf(healed, 'tls.crt'),
      'and is left alone',
    );
    assert.deepEqual(world.problems, []);
  });
}

test('a writer that goes on for hours costs six issues an hour, also across restarts', async (t) => {
  const world = await attackedWorld(t);
  let round = 0;
  const attack = async (times: number): Promise<number> => {
    const before = (await world.get('victim')).status?.revision ?? 0;
    for (let i = 0; i < times; i++) {
      await patch(world, { data: { 'tls.crt': text(`nonsense ${round++}`) } });
      await world.clock.advance(minute);
    }
    return ((await world.get('victim')).status?.revision ?? 0) - before;
  };
  const first = await attack(120);
  assert.ok(first >= 6 && first <= 5 + 12 + 1, `${first} re-issues in two hours`);
  await world.restart();
  const later = await attack(60);
  assert.ok(later <= 5 + 6 + 1, `${later} re-issues in the hour after a restart`);
  assert.equal((await world.get('other')).status?.revision, 1);
});
