import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Challenge, ChallengeStatus } from '../../api/challenge.ts';
import { acmeStates } from '../../api/enumerations.ts';
import type { Authorization, Order, OrderStatus } from '../../api/order.ts';
import { decide, type OrderDecision, type OrderFacts } from './decide.ts';
import { newChallenge, wantedChallenge } from './new-challenge.ts';

const now = Date.parse('2026-11-22T10:00:00Z');
const solvers = [{ http01: { ingress: {} } }];
const authorization = (name: string, change: Partial<Authorization> = {}): Authorization => ({
  url: `https://ca.example/authz/${name}`,
  identifier: name,
  wildcard: false,
  initialState: 'pending',
  challenges: [{ url: `https://ca.example/chall/${name}`, token: 'tok', type: 'http-01' }],
  ...change,
});
const placed: OrderStatus = {
  url: 'https://ca.example/order/1',
  finalizeURL: 'https://ca.example/finalize/1',
  state: 'pending',
  authorizations: [authorization('a.example'), authorization('b.example')],
};

function orderOf(status: OrderStatus | undefined, metadata: Order['metadata'] = {}): Order {
  return {
    metadata: { name: 'web-1-1', namespace: 'shop', uid: 'u', ...metadata },
    spec: { request: 'cg==', issuerRef: { name: 'acme' }, dnsNames: ['a.example', 'b.example'] },
    ...(status === undefined ? {} : { status }),
  };
}

function challengeOf(
  name: string,
  status: ChallengeStatus = {},
  metadata: Challenge['metadata'] = {},
): Challenge {
  const made = newChallenge(
    orderOf(placed),
    wantedChallenge(orderOf(placed), authorization(name), solvers),
    'k',
  );
  return { ...made, metadata: { ...made.metadata, ...metadata }, status };
}

const both = (a: ChallengeStatus = {}, b: ChallengeStatus = {}): Challenge[] => [
  challengeOf('a.example', a),
  challengeOf('b.example', b),
];

function run(status: OrderStatus | undefined, change: Partial<OrderFacts> = {}): OrderDecision {
  return decide({ order: orderOf(status), issued: false, challenges: [], solvers, now, ...change });
}

const ladder: [title: string, decision: OrderDecision, expected: Partial<OrderDecision> & { do: string }][] =
  [
    [
      'is being deleted',
      run(placed, { order: orderOf(placed, { deletionTimestamp: '2026-11-22T10:00:00Z' }) }),
      { do: 'nothing' },
    ],
    ['new', run(undefined), { do: 'create' }],
    [
      'no finalizeURL, as an interrupted cert-manager leaves it',
      run({ url: 'https://x' }),
      { do: 'fetch-order' },
    ],
    [
      'authorizations that are not known',
      run({ ...placed, authorizations: [{ url: 'https://u' }, authorization('b.example')] }),
      { do: 'fetch-authorizations', urls: ['https://u'] },
    ],
    ['no finalizeURL, though its state is known', run({ ...placed, finalizeURL: '' }), { do: 'fetch-order' }],
    [
      'one proven, the other being deleted',
      run(placed, {
        challenges: [
          challengeOf('a.example', { state: 'valid' }),
          challengeOf('b.example', { state: 'valid' }, { deletionTimestamp: '2026-11-22T10:00:00Z' }),
        ],
      }),
      { do: 'nothing' },
    ],
    ['no Challenge yet', run(placed), { do: 'create-challenges' }],
    [
      'nothing to prove',
      run({ ...placed, authorizations: [authorization('a.example', { initialState: 'valid' })] }),
      { do: 'check-order', early: true },
    ],
    [
      'Challenges under way',
      run(placed, { challenges: both({ state: 'valid' }, { state: 'pending' }) }),
      { do: 'nothing' },
    ],
    [
      'all proven',
      run(placed, { challenges: both({ state: 'valid' }, { state: 'valid' }) }),
      { do: 'check-order', early: true },
    ],
    [
      'one failed',
      run(placed, { challenges: both({ state: 'valid' }, { state: 'invalid' }) }),
      { do: 'check-order', early: false },
    ],
    [
      'an authorization that was lost before',
      run({ ...placed, authorizations: [authorization('a.example', { initialState: 'expired' })] }),
      { do: 'check-order', early: false },
    ],
    ['ready', run({ ...placed, state: 'ready' }), { do: 'finalize' }],
    ['the CA is issuing', run({ ...placed, state: 'processing' }), { do: 'check-order', early: true }],
    ['issued, but not here yet', run({ ...placed, state: 'valid' }), { do: 'fetch-certificate' }],
    [
      'done',
      run({ ...placed, state: 'valid' }, { issued: true, challenges: both() }),
      { do: 'delete-challenges' },
    ],
    ['done, nothing left', run({ ...placed, state: 'valid' }, { issued: true }), { do: 'nothing' }],
    ['failed', run({ ...placed, state: 'errored' }), { do: 'nothing' }],
    [
      'held by the CA',
      run({ ...placed, nextAttemptAt: '2026-11-22T10:05:00Z' }),
      { do: 'wait', untilMs: now + 300_000 },
    ],
    [
      'held for ever, as somebody wrote it',
      run({ ...placed, nextAttemptAt: '2999-01-01T00:00:00Z' }),
      { do: 'wait', untilMs: now + 7 * 86_400_000 },
    ],
    ['held no longer', run({ nextAttemptAt: '2026-11-22T09:59:59Z' }), { do: 'create' }],
    ['blocked', run(undefined, { blocked: { reason: 'no issuer' } }), { do: 'blocked' }],
    ['blocked, but over', run({ state: 'invalid' }, { blocked: { reason: 'no issuer' } }), { do: 'nothing' }],
    ['no solver', run(placed, { solvers: [{ dns01: {} }] }), { do: 'no-solver' }],
  ];
for (const [title, decision, expected] of ladder) {
  test(`an Order that is ${title}`, () => {
    assert.deepEqual({ ...decision, ...expected }, decision, JSON.stringify(decision));
  });
}

test('a missing Challenge is made, one of another solver goes', () => {
  const [a] = both();
  const missing = run(placed, { challenges: [a!] });
  assert.ok(missing.do === 'create-challenges' && missing.wanted.length === 1);
  const stale = challengeOf('a.example', {}, { name: 'web-1-1-0' });
  const removal = run(placed, { challenges: [...both(), stale] });
  assert.ok(removal.do === 'delete-challenges');
  assert.deepEqual(removal.challenges, [stale]);
});

test('when an order has failed, what is still open goes and what is settled stays to be looked at', () => {
  const challenges = [
    challengeOf('a.example', { state: 'valid' }),
    challengeOf('b.example', { state: 'invalid' }),
    challengeOf('a.example', { state: 'pending' }, { name: 'open' }),
    challengeOf('b.example', {}, { name: 'unknown' }),
    challengeOf('b.example', {}, { name: 'going', deletionTimestamp: '2026-11-22T09:00:00Z' }),
  ];
  const decision = run({ ...placed, state: 'invalid' }, { challenges });
  assert.ok(decision.do === 'delete-challenges');
  assert.deepEqual(
    decision.challenges.map(({ metadata }) => metadata?.name),
    ['open', 'unknown'],
  );
});

test('whatever is stored: an answer, no call for what is over, no second order, no finalizing before the CA is ready', () => {
  const anyState = fc.option(fc.constantFrom(...acmeStates), { nil: undefined });
  const anyStatus = fc.record(
    {
      url: fc.constantFrom('', 'https://ca.example/order/1'),
      finalizeURL: fc.constantFrom('', 'https://ca.example/finalize/1'),
      state: fc.constantFrom(...acmeStates),
      nextAttemptAt: fc.constantFrom('', 'never', '2026-11-22T10:05:00Z', '2026-11-22T09:00:00Z'),
      authorizations: fc.array(
        fc
          .record({ initialState: anyState, identifier: fc.constantFrom('', 'a.example') })
          .map((change) => authorization('a.example', change)),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: [] },
  );
  const anyChallenges = fc.array(
    anyState.map((state) => challengeOf('a.example', state === undefined ? {} : { state })),
    {
      maxLength: 3,
    },
  );
  const calls = new Set([
    'create',
    'fetch-order',
    'fetch-authorizations',
    'fetch-certificate',
    'finalize',
    'check-order',
  ]);
  fc.assert(
    fc.property(anyStatus, anyChallenges, fc.boolean(), (status, challenges, isBlocked) => {
      const blocked = isBlocked ? { blocked: { reason: 'because' } } : {};
      const decision = run(status, { challenges, ...blocked });
      assert.notEqual(decision.why, '');
      if (isBlocked) assert.ok(!calls.has(decision.do));
      if (['invalid', 'expired', 'errored'].includes(status.state ?? '')) assert.ok(!calls.has(decision.do));
      if (decision.do === 'create') assert.equal(status.url ?? '', '');
      if (decision.do === 'finalize') assert.equal(status.state, 'ready');
      if (status.nextAttemptAt === '2026-11-22T10:05:00Z') assert.ok(!calls.has(decision.do));
    }),
  );
});

test('the CA is not asked before its time, unless that was told by a clock that was set back since', () => {
  const proven = both({ state: 'valid' }, { state: 'valid' });
  const step = (pollAtMs: number): string => run(placed, { challenges: proven, pollAtMs }).do;
  assert.equal(step(now + 1), 'wait');
  assert.equal(step(now + 5 * 60_000), 'wait');
  assert.equal(step(now), 'check-order');
  assert.equal(step(now + 3_600_000), 'check-order');
});
