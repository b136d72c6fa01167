/** Whoever holds the lease writes, and nothing is written from the moment on when somebody else could be at work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps } from '../../src/api/resources.ts';
import { Health } from '../../src/cli/process/health.ts';
import { createElection, LeadershipLostError } from '../../src/cli/process/leader.ts';
import type { RoleContext } from '../../src/cli/process/role.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { createFakeClock } from '../../src/kube/testing/fake-clock.ts';
import { createServer } from '../../src/standalone/server.ts';

const silent = (): void => undefined;
const write = { fieldManager: 'test' };

test('a holder that was frozen writes nothing when it wakes up, and says that it does not end', async (t) => {
  const server = await createServer({ dataDir: ':memory:', namespaces: ['kube-system'] });
  t.after(() => server.close());
  const connection = {
    baseUrl: 'http://embedded.invalid',
    dispatcher: server.dispatcher(),
    clock: systemClock,
    random: () => 0,
    close: () => Promise.resolve(),
  };
  const clock = createFakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const health = new Health();
  const context = {
    connection,
    clock,
    random: () => 0,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    signal: new AbortController().signal,
    health,
  } as unknown as RoleContext;
  const election = createElection(context, {
    namespace: 'kube-system',
    name: 'cert-manager-controller',
    suffix: 'test',
    label: 'cert-manager',
    fieldManager: 'test',
    durationMs: 12_000,
    renewDeadlineMs: 8_000,
    retryMs: 2_000,
    healthzTimeoutMs: 20_000,
  });
  const leader = await election.becomeLeader();
  assert.ok(leader !== undefined);
  const direct = createKubeClient(connection);
  const client = leader.fence(direct);
  const make = (name: string): Promise<unknown> =>
    client.create(configMaps, { metadata: { namespace: 'default', name } }, write);
  await make('at-work');

  // Its timers have not run yet: nothing has told it that time has passed.
  clock.jump(7_999);
  await make('still-in-time');
  clock.jump(1);
  assert.equal(leader.lost.aborted, false);
  await assert.rejects(make('too-late'), LeadershipLostError);
  await assert.rejects(
    client.delete(configMaps, { namespace: 'default', name: 'at-work' }),
    LeadershipLostError,
  );
  assert.equal((await client.list(configMaps, { namespace: 'default' })).items.length, 2, 'it may look');

  assert.equal(health.answer('/livez').status, 200);
  clock.jump(24_001);
  assert.match(health.answer('/livez').body, /not renewed for 32 s and the work did not end/);
  await leader.release();
  assert.equal(health.answer('/livez').status, 200, 'what was given back need not be renewed');
});
