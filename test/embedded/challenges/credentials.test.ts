/** A Secret that a solver names is mended: who failed with it tries again then, and nobody else (docs/dns01.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../../src/api/core.ts';
import { secrets } from '../../../src/api/resources.ts';
import { SolverUnavailableError } from '../../../src/solvers/errors.ts';
import { ChallengeWorld, dns01 } from './challenge-world.ts';

async function change(here: ChallengeWorld, name: string, token: string): Promise<void> {
  await here.world.user.patch<Secret>(
    secrets,
    { namespace: 'kube-system', name },
    'merge',
    { stringData: { token } },
    { fieldManager: 'test' },
  );
  await here.world.settle();
}

/** A Challenge whose back-off has grown: the next attempt is minutes away. */
async function waiting(here: ChallengeWorld, name: string): Promise<number> {
  here.solver.presentFault = new Error('the token is wrong');
  const challenge = await here.prove(name, `${name}.example.com`, 'DNS-01');
  await here.world.clock.advance(320_000);
  assert.match((await here.get(challenge)).status?.reason ?? '', /the token is wrong/u);
  return here.solver.count('present');
}

test('a mended Secret ends the back-off of those that failed with it', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  const before = await waiting(here, 'web');
  await here.world.clock.advance(20_000);
  assert.equal(here.solver.count('present'), before, 'it is in back-off');
  here.solver.presentFault = undefined;
  await change(here, 'cloudflare', 'right');
  assert.equal(here.solver.count('present'), before + 1);
  await here.world.clock.advance(2_000);
  assert.equal((await here.get('web')).status?.state, 'valid');
});

test('each change is worth one attempt, and the pause goes on from where it was', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  const before = await waiting(here, 'web');
  await change(here, 'cloudflare', 'wrong, too');
  assert.equal(here.solver.count('present'), before + 1);
  await here.world.clock.advance(120_000);
  assert.equal(here.solver.count('present'), before + 1);
  // Somebody who writes it again and again gets no more than one attempt in five seconds.
  for (let round = 0; round < 20; round++) {
    await change(here, 'cloudflare', `wrong ${round}`);
    await here.world.clock.advance(500);
  }
  const more = here.solver.count('present') - before - 1;
  assert.ok(more >= 2 && more <= 3, String(more));
});

test('other Secrets wake nobody, and a time that the provider named is kept', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  const before = await waiting(here, 'web');
  const other = { name: 'other', namespace: 'kube-system' };
  const made = { apiVersion: 'v1', kind: 'Secret', metadata: other, stringData: { token: 'a' } };
  await here.world.user.create<Secret>(secrets, made, { fieldManager: 'test' });
  await here.world.settle();
  await change(here, 'other', 'b');
  assert.equal(here.solver.count('present'), before);
  here.solver.presentFault = new SolverUnavailableError('slow down', { retryAfterMs: 600_000 });
  await change(here, 'cloudflare', 'new');
  assert.equal(here.solver.count('present'), before + 1);
  await change(here, 'cloudflare', 'newer');
  assert.equal(here.solver.count('present'), before + 1);
});

test('a mended Secret ends the pause of a clean-up', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.cleanUpFault = new Error('the token is wrong');
  await here.prove('web', 'web.example.com', 'DNS-01');
  await here.world.clock.advance(330_000);
  const before = here.solver.count('cleanUp');
  here.solver.cleanUpFault = undefined;
  await change(here, 'cloudflare', 'right');
  assert.equal(here.solver.count('cleanUp'), before + 1);
  assert.equal(here.solver.world.size, 0);
});
