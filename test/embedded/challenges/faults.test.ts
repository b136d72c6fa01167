/** What a CA or the network does wrong (acme.md §7.4): what may pass is waited for, what is final ends the challenge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcmeProtocolError, AcmeTransportError } from '../../../src/acme/errors.ts';
import { longestNonsense } from '../../../src/controllers/challenge/ca-errors.ts';
import { epoch } from '../standalone-world.ts';
import { ChallengeWorld } from './challenge-world.ts';
import { refusal } from './fake-ca.ts';

const passing: readonly [string, unknown][] = [
  ['429', refusal(429, 'rateLimited')],
  ['503', refusal(503, 'serverInternal')],
  ['500', refusal(500, 'serverInternal')],
  ['a timeout', new AcmeTransportError('timeout', 'no answer in 90 s')],
  ['a cut connection', new AcmeTransportError('cut', 'the answer ended early')],
  ['nonsense', new AcmeProtocolError('not JSON')],
];

for (const [name, fault] of passing)
  test(`${name} at any call is waited for, and the challenge goes on by itself`, async (t) => {
    const here = await ChallengeWorld.start(t);
    // The first look, the order to look, the question for the outcome: each fails once.
    here.ca.faults.push(fault, undefined, fault, undefined, fault);
    const challenge = await here.prove('web');
    const { status } = await here.get(challenge);
    assert.equal(status?.state, undefined, 'the state stays as it was');
    assert.equal(status?.nextAttemptAt, '2026-01-01T00:00:05Z');
    assert.match(status?.reason ?? '', /^Waiting for the CA: /u);
    await here.world.clock.advance(60_000);
    assert.equal((await here.get(challenge)).status?.state, 'valid');
    assert.equal((await here.get(challenge)).status?.nextAttemptAt, undefined);
    assert.ok(here.ca.calls.length <= 7, here.ca.calls.join('\n'));
    assert.equal(here.solver.world.size, 0);
  });

test('the time that the CA names is waited for, and not a moment less', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.faults.push(refusal(429, 'rateLimited', epoch + 1_800_000));
  const name = await here.prove('web');
  assert.equal((await here.get(name)).status?.nextAttemptAt, '2026-01-01T00:30:00Z');
  await here.world.clock.advance(1_799_000);
  assert.equal(here.ca.calls.length, 1);
  await here.world.clock.advance(3_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
});

test('a CA that is away for an hour is asked a bounded number of times', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.faults.push(...Array.from({ length: 1000 }, () => refusal(503, 'serverInternal')));
  const name = await here.prove('web');
  await here.world.clock.advance(3_600_000);
  assert.ok(here.ca.calls.length < 25, String(here.ca.calls.length));
  assert.equal((await here.get(name)).status?.state, undefined);
  here.ca.faults.length = 0;
  await here.world.clock.advance(400_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
});

test('nonsense again and again ends the challenge in the end', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.faults.push(...Array.from({ length: 1000 }, () => new AcmeProtocolError('not JSON')));
  const name = await here.prove('web');
  await here.world.clock.advance(3_600_000);
  const { status } = await here.get(name);
  assert.equal(status?.state, 'errored');
  assert.equal(status.reason, 'unexpected non-ACME API error: not JSON');
  assert.equal(here.ca.calls.length, longestNonsense);
});

for (const [status, type, state, reason] of [
  [404, 'malformed', 'expired', ''],
  [
    403,
    'unauthorized',
    'errored',
    'Failed to retrieve Order resource: 403 urn:ietf:params:acme:error:unauthorized: the CA says 403',
  ],
] as const)
  test(`a refusal with ${type} makes it ${state}`, async (t) => {
    const here = await ChallengeWorld.start(t);
    here.ca.faults.push(undefined, refusal(status, type));
    const name = await here.prove('web');
    await here.world.clock.advance(2_000);
    const found = await here.get(name);
    assert.equal(found.status?.state, state);
    assert.equal(found.status?.reason, reason);
    assert.equal(here.solver.world.size, 0);
    assert.equal(found.metadata?.finalizers, undefined);
  });

test('malformed because the CA was told before: the authorization decides', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  here.ca.of('web.example.com').status = 'valid';
  here.solver.unseen.clear();
  await here.world.clock.advance(11_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
});

test('a look at the authorization that fails for now ends nothing', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  here.ca.of('web.example.com').status = 'valid';
  here.solver.unseen.clear();
  // The order to look is refused, as it was decided already; what says so is away.
  here.ca.faults.push(refusal(400, 'malformed'), refusal(503, 'serverInternal'));
  await here.world.clock.advance(60_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(here.ca.faults.length, 0);
});

test('a challenge that the CA does not offer any more ends', async (t) => {
  const here = await ChallengeWorld.start(t);
  const order = await here.order('web', ['web.example.com']);
  const spec = here.spec(order, 'web.example.com');
  here.ca.of('web.example.com').challenges = [];
  const name = await here.challenge(order, spec);
  const { status } = await here.get(name);
  assert.equal(status?.state, 'errored');
  assert.equal(status.reason, 'unexpected non-ACME API error: challenge was not present in authorization');
});

test('a CA that never answers is asked less and less often, and told to look again after ten minutes', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.verdict = 'never';
  const name = await here.prove('web');
  await here.world.clock.advance(5 * 60_000);
  assert.equal((await here.get(name)).status?.state, 'processing');
  assert.equal(here.ca.count('accept'), 1);
  assert.ok(here.ca.count('get') < 20, String(here.ca.count('get')));
  const authorization = here.ca.of('web.example.com');
  authorization.challenges[0]!.status = 'pending';
  here.ca.verdict = 'valid';
  await here.world.clock.advance(6 * 60_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
  assert.equal(here.ca.count('accept'), 2);
});

test('a CA that says when to look again at what it was told is not asked before', async (t) => {
  const here = await ChallengeWorld.start(t);
  here.ca.verdict = 'never';
  const order = await here.order('web', ['web.example.com']);
  here.ca.of('web.example.com').retryAt = here.world.clock.now() + 4 * 60_000;
  await here.challenge(order, here.spec(order, 'web.example.com'));
  await here.world.clock.advance(10_000);
  assert.equal(here.ca.count('accept'), 1);
  const asked = here.ca.count('get');
  await here.world.clock.advance(3 * 60_000);
  assert.equal(here.ca.count('get'), asked);
  await here.world.clock.advance(2 * 60_000);
  assert.ok(here.ca.count('get') > asked);
});

test('reasons that differ by an id of the moment only are the same reason', async (t) => {
  const here = await ChallengeWorld.start(t);
  let attempt = 0;
  Object.defineProperty(here.solver, 'checkFault', {
    get: () => new Error(`throttled, RequestId: 8f1b2c${attempt++}-aaaa-4bbb-8ccc-123456789abc`),
  });
  const name = await here.prove('web');
  const writes = here.world.ours.writes.length;
  await here.world.clock.advance(60_000);
  assert.equal(here.world.ours.writes.length, writes);
  assert.match((await here.get(name)).status?.reason ?? '', /throttled, <redacted>/u);
});
