/** A Challenge from its creation to the answer of the CA (acme.md §7.3): states, reasons, events, order of calls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problem } from './fake-ca.ts';
import { ChallengeWorld, dns01 } from './challenge-world.ts';

test('a challenge is scheduled, presented, seen, accepted, and cleaned up once it is valid', async (t) => {
  const here = await ChallengeWorld.start(t);
  const name = await here.prove('web');
  await here.world.clock.advance(2_000);
  const { metadata, status } = await here.get(name);
  assert.equal(status?.state, 'valid');
  assert.equal(status.reason, 'Successfully authorized domain');
  assert.equal(status.processing, false);
  assert.equal(status.presented, false);
  assert.equal(typeof status.presentedAt, 'string');
  assert.deepEqual(
    status.checks?.map(({ view, passed, trusted }) => ({ view, passed, trusted })),
    [{ view: 'direct', passed: true, trusted: true }],
  );
  assert.equal(metadata?.finalizers, undefined);
  assert.deepEqual(here.solver.calls, [
    'present web.example.com',
    'check web.example.com',
    'cleanUp web.example.com',
  ]);
  assert.equal(here.ca.count('accept'), 1);
  assert.equal(here.solver.world.size, 0);
  assert.deepEqual(await here.world.told('Challenge', name), [
    'DomainVerified: Domain "web.example.com" verified with "HTTP-01" validation',
  ]);
  // What was over in a moment is written with what came of it: finalizer, status, finalizer.
  const writes = here.world.ours.writes.filter(({ kind }) => kind === 'Challenge');
  assert.deepEqual(
    writes.map(({ verb }) => verb),
    ['apply', 'patch', 'patch'],
  );
  assert.deepEqual(here.world.problems, []);
});

test('what lasts is written after five seconds, and told then', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.verdict = 'never';
  const name = await here.prove('web');
  assert.equal((await here.get(name)).status?.presented, undefined);
  await here.world.clock.advance(5_500);
  const { status } = await here.get(name);
  assert.deepEqual([status?.processing, status?.presented, status?.state], [true, true, 'processing']);
  assert.deepEqual(await here.world.told('Challenge', name), [
    'Started: Challenge scheduled for processing',
    'Presented: Presented challenge using HTTP-01 challenge mechanism',
  ]);
});

test('before a record is written into a zone, the Challenge says that it is worked on', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.presentFault = new Error('stop here');
  const before = here.world.ours.writes.length;
  const name = await here.prove('web', 'web.example.com', 'DNS-01');
  await here.world.clock.advance(1_000);
  const writes = here.world.ours.writes.slice(before).filter(({ kind }) => kind === 'Challenge');
  assert.deepEqual(
    writes.map(({ verb }) => verb),
    ['patch', 'apply', 'patch'],
  );
  assert.equal((await here.get(name)).status?.processing, true);
});

test('the finalizer is there before the answer is, and the solver is told where credentials are', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  const { metadata, status } = await here.get(name);
  assert.deepEqual(metadata?.finalizers, ['acme.cert-manager.io/finalizer']);
  assert.equal(status?.presented, true);
  assert.equal(status.state, 'pending');
  assert.equal(status.reason, 'Waiting for HTTP-01 challenge propagation: direct saw nothing there');
  const [context] = [...here.solver.world.values()];
  assert.equal(context?.resourceNamespace, 'kube-system');
  assert.equal(context.ambient, true);
  assert.equal(context.accountUri, 'https://ca.example/account/1');
});

test('a self-check that fails is made again soon, then every ten seconds, with the answer put in place before', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  // At once, and after 1, 3, 7, 15 and 25 s.
  await here.world.clock.advance(30_000);
  assert.equal(here.solver.count('check'), 6);
  assert.equal(here.solver.count('present'), 6);
  assert.equal(here.ca.count('accept'), 0);
  const writes = here.world.ours.writes.length;
  await here.world.clock.advance(60_000);
  assert.equal(here.world.ours.writes.length, writes, 'nothing is written while nothing changes');
  here.solver.unseen.clear();
  await here.world.clock.advance(15_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
});

test('a DNS record is not written again with every check', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.unseen.add('web.example.com');
  await here.prove('web', 'web.example.com', 'DNS-01');
  await here.world.clock.advance(60_000);
  assert.equal(here.solver.count('check'), 7);
  assert.equal(here.solver.count('present'), 1);
  await here.world.clock.advance(20_000);
  assert.equal(here.solver.count('present'), 2);
});

test('the CA is told to look only after the time that the solver asks for', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [dns01] });
  here.solver.settleMs = 60_000;
  const name = await here.prove('web', 'web.example.com', 'DNS-01');
  await here.world.clock.advance(50_000);
  assert.equal(here.ca.count('accept'), 0);
  const { status } = await here.get(name);
  assert.equal(status?.nextAttemptAt, '2026-01-01T00:01:00Z');
  await here.world.clock.advance(12_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(here.solver.count('check'), 1);
});

test('waitInsteadOfSelfCheck waits instead of looking', async (t) => {
  const solver = { http01: { ingress: {} }, waitInsteadOfSelfCheck: '25s' };
  const here = await ChallengeWorld.start(t, { solvers: [solver] });
  const order = await here.order('web', ['web.example.com']);
  const name = await here.challenge(order, here.spec(order, 'web.example.com', 'HTTP-01', solver));
  assert.equal(
    (await here.get(name)).status?.reason,
    'Waiting 25s before accepting HTTP-01 challenge without self-check',
  );
  await here.world.clock.advance(20_000);
  assert.equal(
    (await here.get(name)).status?.reason,
    'Waiting 5s before accepting HTTP-01 challenge without self-check',
  );
  assert.equal(here.ca.count('accept'), 0);
  await here.world.clock.advance(7_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(here.solver.count('check'), 0);
});

test('an answer that the CA refuses ends the challenge with the words of the CA', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.verdict = 'invalid';
  const name = await here.prove('web');
  await here.world.clock.advance(2_000);
  const { status } = await here.get(name);
  assert.equal(status?.state, 'invalid');
  const text =
    'acme: authorization error for web.example.com: 403 urn:ietf:params:acme:error:unauthorized: the answer was another one';
  assert.equal(status.reason, `Error accepting authorization: ${text}`);
  assert.equal(status.processing, false);
  assert.equal(here.solver.world.size, 0);
  const told = await here.world.told('Challenge', name);
  assert.ok(told.includes(`Failed: Accepting challenge authorization failed: ${text}`), told.join('\n'));
});

test('an authorization that is valid already needs no answer', async (t) => {
  const here = await ChallengeWorld.start(t);
  const order = await here.order('web', ['web.example.com']);
  here.ca.of('web.example.com').status = 'valid';
  const name = await here.challenge(order, here.spec(order, 'web.example.com'));
  assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(here.solver.count('present'), 0);
});

test('an Order that failed has what its challenges put in place taken away', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.unseen.add('a.example.com').add('b.example.com');
  const order = await here.order('web', ['a.example.com', 'b.example.com']);
  const names = [
    await here.challenge(order, here.spec(order, 'a.example.com')),
    await here.challenge(order, here.spec(order, 'b.example.com')),
  ];
  assert.equal(here.solver.world.size, 2);
  await here.orderStatus(order, { state: 'invalid' });
  assert.equal(here.solver.world.size, 0);
  for (const name of names) {
    const { metadata, status } = await here.get(name);
    assert.equal(metadata?.finalizers, undefined);
    assert.equal(status?.processing, false);
    assert.equal(status.reason, 'Its Order has failed: there is nothing left to prove');
  }
  const checks = here.solver.count('check');
  await here.world.clock.advance(120_000);
  assert.equal(here.solver.count('check'), checks);
});

test('what the CA says about the challenge before it looked is told', async (t) => {
  const here = await ChallengeWorld.start(t);
  const order = await here.order('web', ['web.example.com']);
  here.solver.presentFault = new Error('the ingress class is not there');
  here.ca.of('web.example.com').challenges[0]!.error = problem('dns', 'no such name');
  const name = await here.challenge(order, here.spec(order, 'web.example.com'));
  const { status } = await here.get(name);
  assert.equal(status?.reason, 'Error presenting challenge: the ingress class is not there');
  assert.equal(status.presented, false);
  assert.equal(status.nextAttemptAt, '2026-01-01T00:00:05Z');
  const told = await here.world.told('Challenge', name);
  assert.ok(
    told.includes('PresentError: Error presenting challenge: the ingress class is not there'),
    told.join('\n'),
  );
  here.solver.presentFault = undefined;
  await here.world.clock.advance(7_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
});
