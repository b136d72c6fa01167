/** The ladder of acme.md §7.3, and that no state a Challenge can be in leads to two things at once or to a loop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, boolean, constantFrom, integer, option, property, record } from 'fast-check';
import type { Challenge, ChallengeStatus } from '../../api/challenge.ts';
import type { ChallengeType } from '../../api/enumerations.ts';
import { acmeStates } from '../../api/enumerations.ts';
import { challengeFinalizer, legacyChallengeFinalizer } from '../../api/labels.ts';
import { cleanUpLimit, decide, isStuck, type ChallengeStep } from './decide.ts';
import { Memories, type ChallengeMemory } from './memory.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

interface Case {
  status?: ChallengeStatus;
  finalizers?: string[];
  deleted?: boolean;
  orderState?: 'pending' | 'invalid' | 'valid';
  memory?: Partial<ChallengeMemory>;
  type?: ChallengeType;
  wait?: string;
  generation?: number;
}

function step({
  generation,
  status,
  finalizers = [challengeFinalizer],
  deleted,
  orderState,
  memory,
  type,
  wait,
}: Case): ChallengeStep {
  const challenge = {
    metadata: {
      finalizers,
      generation,
      ...(deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { type: type ?? 'HTTP-01', solver: wait === undefined ? {} : { waitInsteadOfSelfCheck: wait } },
    status,
  } as Challenge;
  const full = { ...new Memories().of('key', 'uid'), ...memory };
  return decide({ challenge, orderState, memory: full, now });
}

const working = { processing: true, presented: true, state: 'pending' } as const;
const placed = { presentedMs: now, known: true };

const table: readonly [string, Case, ChallengeStep['do']][] = [
  ['new', {}, 'wait'],
  ['with a slot, without finalizer', { status: { processing: true }, finalizers: [] }, 'hold'],
  [
    'with the old finalizer alone',
    { status: { processing: true }, finalizers: [legacyChallengeFinalizer] },
    'hold',
  ],
  ['its state not known', { status: { processing: true } }, 'ask'],
  ['not presented', { status: { processing: true, state: 'pending' } }, 'present'],
  ['presented by another process', { status: working }, 'present'],
  [
    'presented again, nobody knows whether accepted',
    { status: working, memory: { presentedMs: now } },
    'poll',
  ],
  ['presented', { status: working, memory: placed }, 'check'],
  [
    'the check failed a while ago',
    { status: working, memory: { ...placed, presentedMs: now - 1, failures: 1 } },
    'present',
  ],
  [
    'the check of a record failed a moment ago',
    { status: working, type: 'DNS-01', memory: { ...placed, presentedMs: now - 10_000, failures: 1 } },
    'check',
  ],
  ['the check passed', { status: working, memory: { ...placed, passedMs: now } }, 'accept'],
  [
    'the check passed, the record has to settle',
    { status: working, memory: { ...placed, passedMs: now, settleMs: 1 } },
    'wait',
  ],
  ['accepted', { status: working, memory: { ...placed, acceptedMs: now } }, 'poll'],
  ['accepted by another process', { status: { ...working, state: 'processing' }, memory: placed }, 'poll'],
  [
    'accepted long ago, and the CA forgot',
    { status: working, memory: { ...placed, passedMs: now, acceptedMs: now - 3_600_000 } },
    'accept',
  ],
  ['not due', { status: working, memory: { ...placed, dueMs: now + 1 } }, 'wait'],
  [
    'to wait instead of looking',
    { status: { ...working, presentedAt: '2025-12-31T23:59:55Z' }, wait: '10s', memory: placed },
    'wait-instead',
  ],
  [
    'waited long enough',
    { status: { ...working, presentedAt: '2025-12-31T23:59:50Z' }, wait: '10s', memory: placed },
    'accept',
  ],
  [
    'asked to make room',
    { status: working, memory: { ...placed, yieldAsked: true, dueMs: now + 1 } },
    'yield',
  ],
  [
    'asked to make room while the CA looks',
    { status: working, memory: { ...placed, yieldAsked: true, acceptedMs: now, toldMs: now } },
    'poll',
  ],
  [
    'asked to make room when the CA has not decided for ten minutes',
    {
      status: working,
      memory: { ...placed, yieldAsked: true, acceptedMs: now - 1, toldMs: now - 10 * 60_000 },
    },
    'yield',
  ],
  [
    'the CA has not looked for ten minutes',
    { status: working, memory: { ...placed, acceptedMs: now - 10 * 60_000 } },
    'check',
  ],
  [
    'the CA has not looked for nearly ten minutes',
    { status: working, memory: { ...placed, acceptedMs: now - 10 * 60_000 + 1 } },
    'poll',
  ],
  ['valid', { status: { ...working, state: 'valid' } }, 'clean-up'],
  [
    'valid and let go of, when it was presented is still told',
    {
      status: { state: 'valid', presented: false, presentedAt: '2026-01-01T00:00:00Z' },
      finalizers: [],
    },
    'wait',
  ],
  [
    'valid, with a slot and nothing in place',
    { status: { state: 'valid', presented: false, processing: true }, finalizers: [] },
    'let-go',
  ],
  [
    'valid, and the clean-up failed for half an hour: nobody waits for it',
    {
      status: { ...working, state: 'valid', cleanUpAttempts: cleanUpLimit },
      memory: { cleanUpDueMs: now + 1 },
    },
    'wait',
  ],
  [
    'valid and cleaned up',
    { status: { state: 'valid', presented: false, processing: false }, finalizers: [] },
    'wait',
  ],
  ['its Order failed', { status: working, orderState: 'invalid' }, 'clean-up'],
  ['its Order is valid', { status: working, orderState: 'valid', memory: placed }, 'check'],
  ['deleted', { status: working, deleted: true }, 'clean-up'],
  ['deleted, as it was made', { status: working, deleted: true, generation: 2 }, 'clean-up'],
  ['deleted after its spec was changed', { status: working, deleted: true, generation: 3 }, 'let-go'],
  ['over after its spec was changed', { status: { ...working, state: 'valid' }, generation: 2 }, 'let-go'],
  ['deleted before anybody worked on it', { deleted: true }, 'let-go'],
  [
    'deleted before anybody worked on it, with the old finalizer',
    { deleted: true, finalizers: [legacyChallengeFinalizer] },
    'let-go',
  ],
  [
    'over and cleaned up, with the old finalizer',
    { status: { state: 'invalid', presented: false }, finalizers: [legacyChallengeFinalizer] },
    'let-go',
  ],
  ['deleted, of somebody else', { deleted: true, finalizers: ['example.com/x'] }, 'wait'],
  [
    'deleted, and the clean-up failed a moment ago',
    { status: working, deleted: true, memory: { cleanUpDueMs: now + 1 } },
    'wait',
  ],
  [
    'deleted, and the clean-up failed for half an hour',
    {
      status: { ...working, cleanUpAttempts: cleanUpLimit },
      deleted: true,
      memory: { cleanUpDueMs: now + 1 },
    },
    'clean-up',
  ],
];

for (const [title, facts, expected] of table)
  test(`${title}: ${expected}`, () => assert.equal(step(facts).do, expected));

test('whoever waits for the world is stuck; whoever gives the CA a moment is not', () => {
  const minute = 60_000;
  const cases: readonly [Partial<ChallengeMemory>, boolean][] = [
    [{}, false],
    [{ stuck: true }, true],
    [{ heldSinceMs: now - 59 * minute }, false],
    [{ heldSinceMs: now - 60 * minute }, true],
    [{ heldSinceMs: now - 60 * minute, toldMs: now - 9 * minute, stuck: true }, false],
    [{ heldSinceMs: now - 20 * minute, toldMs: now - 10 * minute }, true],
  ];
  for (const [memory, expected] of cases)
    assert.equal(
      isStuck({ ...new Memories().of('key', 'uid'), ...memory }, now),
      expected,
      JSON.stringify(memory),
    );
});

test('nothing is presented, and no CA called, without slot and finalizer, or for what is over', () => {
  const outward = new Set(['ask', 'present', 'check', 'accept', 'poll', 'wait-instead']);
  const status = record({
    processing: boolean(),
    presented: boolean(),
    state: option(constantFrom(...acmeStates), { nil: undefined }),
  });
  const memory = record({
    dueMs: constantFrom(0, now + 1000),
    presentedMs: option(constantFrom(now), { nil: undefined }),
    acceptedMs: option(constantFrom(now, now - 3_600_000), { nil: undefined }),
    passedMs: option(constantFrom(now), { nil: undefined }),
    known: boolean(),
    yieldAsked: boolean(),
    failures: integer({ min: 0, max: 3 }),
  });
  const finalizers = constantFrom<readonly string[]>(
    [],
    [challengeFinalizer],
    ['example.com/x'],
    [legacyChallengeFinalizer],
  );
  check(
    property(status, memory, finalizers, boolean(), (seen, remembered, held, deleted) => {
      const decided = step({ status: seen, memory: remembered, finalizers: [...held], deleted });
      const over = deleted || ['valid', 'invalid', 'expired', 'errored'].includes(seen.state ?? '');
      if (outward.has(decided.do)) {
        assert.ok(seen.processing && held.includes(challengeFinalizer) && !over, decided.do);
        assert.ok(remembered.dueMs <= now);
      }
      if (decided.do === 'wait' && decided.untilMs !== undefined) assert.ok(decided.untilMs > now);
    }),
  );
});
