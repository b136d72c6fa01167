/** A Challenge that was replaced has the answer of its successor: it must not take that away while it is needed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SolverUnavailableError } from '../../../src/solvers/errors.ts';
import { hour } from '../standalone-world.ts';
import { ChallengeWorld, dns01 } from './challenge-world.ts';

const dnsName = 'web.example.com';

/** The old one could not be cleaned up, the next one has its slot and is not seen yet. */
async function replaced(
  t: Parameters<typeof ChallengeWorld.start>[0],
  waitMs: number,
): Promise<ChallengeWorld> {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.unseen.add(dnsName);
  const order = await here.order('web', [dnsName]);
  const spec = here.spec(order, dnsName, 'DNS-01');
  const old = await here.challenge(order, spec, { name: 'old' });
  here.solver.cleanUpFault = new SolverUnavailableError('the credentials are gone');
  await here.delete(old);
  await here.world.clock.advance(waitMs);
  await here.challenge(order, spec, { name: 'next' });
  await here.world.clock.advance(5_000);
  assert.equal((await here.get('next')).status?.processing, true);
  here.solver.cleanUpFault = undefined;
  return here;
}

test('a late clean-up waits for the Challenge that presents the same answer', async (t) => {
  const here = await replaced(t, 60_000);
  const cleaned = here.solver.count('cleanUp');
  await here.world.clock.advance(4 * 60_000);
  assert.equal(here.solver.count('cleanUp'), cleaned, 'the record is needed');
  assert.match(
    (await here.get('old')).status?.reason ?? '',
    /Challenge \S+\/next presents the same one now/u,
  );
  here.solver.unseen.clear();
  await here.world.clock.advance(60_000);
  assert.equal((await here.get('next')).status?.state, 'valid');
  await here.world.clock.advance(15 * 60_000);
  assert.equal(await here.find('old'), undefined);
  assert.equal(here.solver.world.size, 0);
  assert.deepEqual(
    here.debts.filter((count) => count > 0),
    [],
  );
});

test('a debt is not paid with the record of a Challenge that is being proven', async (t) => {
  const here = await replaced(t, 40 * 60_000);
  assert.equal(here.debts.at(-1), 1);
  const cleaned = here.solver.count('cleanUp');
  await here.world.clock.advance(30 * 60_000);
  assert.equal(here.solver.count('cleanUp'), cleaned, 'the record is needed');
  here.solver.unseen.clear();
  await here.world.clock.advance(2 * hour);
  assert.equal((await here.get('next')).status?.state, 'valid');
  assert.equal(here.solver.world.size, 0);
  assert.equal(here.debts.at(-1), 0);
});

test('nobody presents an answer that is being taken away', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.unseen.add(dnsName);
  const order = await here.order('web', [dnsName]);
  const spec = here.spec(order, dnsName, 'DNS-01');
  const old = await here.challenge(order, spec, { name: 'old' });
  here.solver.cleanUpFault = new SolverUnavailableError('no answer');
  await here.delete(old);
  await here.world.clock.advance(60_000);
  assert.equal((await here.get(old)).status?.processing, false, 'its slot is for others');
  here.solver.cleanUpFault = undefined;
  const gate = Promise.withResolvers<void>();
  const cleanUp = here.solver.cleanUp.bind(here.solver);
  let isBegun = false;
  here.solver.cleanUp = async (context) => {
    isBegun = true;
    await gate.promise;
    await cleanUp(context);
  };
  await here.world.clock.advance(60_000);
  assert.ok(isBegun);
  const next = await here.challenge(order, spec, { name: 'next' });
  const { status } = await here.get(next);
  gate.resolve();
  assert.notEqual(status?.processing, true, 'its record would go');
  await here.world.settle();
  await here.world.clock.advance(3_000);
  assert.equal((await here.get(next)).status?.processing, true);
  assert.equal(here.solver.world.get(spec.key)?.challenge.metadata?.name, next);
});
