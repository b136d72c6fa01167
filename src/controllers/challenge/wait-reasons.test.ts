/** Who waits for a slot says so in its status: after a minute, few at a time, seldom, and nothing that is known already. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import { ConflictError } from '../../kube/errors.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import type { ControllerContext } from '../context.ts';
import type { Obstacle } from './schedule.ts';
import { statusPatch } from './status.ts';
import { isWaitReason, waitReason, WaitReasons } from './wait-reasons.ts';

const minute = 60_000;
const full: Obstacle = { by: 'slots', held: 60, max: 60 };

function challenge(name: string, reason?: string): Challenge {
  return {
    metadata: { namespace: 'shop', name, uid: name },
    spec: {
      dnsName: `${name}.example.com`,
      type: 'HTTP-01',
      issuerRef: { kind: 'ClusterIssuer', name: 'acme' },
    },
    status: { processing: false, presented: false, ...(reason === undefined ? {} : { reason }) },
  } as Challenge;
}

function world(obstacleOf: (key: string) => Obstacle | undefined = () => full) {
  const cache = new Map<string, Challenge>();
  const clock = createFakeClock(0);
  const seen = { writes: [] as string[], waits: [] as number[], fault: undefined as Error | undefined };
  const warned: string[] = [];
  const log = { warn: (_fields: object, text: string) => void warned.push(text) };
  const reasons = new WaitReasons({
    context: { clock, informers: { challenges: cache }, log } as unknown as ControllerContext,
    writer: {
      status(one, change) {
        if (seen.fault !== undefined) return Promise.reject(seen.fault);
        const key = `shop/${one.metadata?.name}`;
        if (statusPatch(one, change) === undefined) return Promise.resolve(one);
        seen.writes.push(key);
        const written = challenge(one.metadata?.name ?? '', change.reason ?? undefined);
        cache.set(key, written);
        // As the watch does.
        reasons.begin(key);
        return Promise.resolve(written);
      },
    },
    obstacleOf,
    onWait: (afterMs) => void seen.waits.push(afterMs),
  });
  const add = (name: string, reason?: string): void => {
    cache.set(`shop/${name}`, challenge(name, reason));
    reasons.begin(`shop/${name}`);
  };
  return { reasons, clock, seen, warned, cache, add };
}
const open = new AbortController().signal;

test('nothing for a minute, then once, and not again while it stays true', async () => {
  const { reasons, clock, seen, cache, add } = world();
  add('web');
  assert.deepEqual(seen.waits, [minute]);
  await clock.advance(minute - 1);
  assert.equal(await reasons.tell(open), minute);
  assert.deepEqual(seen.writes, []);
  await clock.advance(1);
  await reasons.tell(open);
  assert.equal(
    cache.get('shop/web')?.status?.reason,
    'Waiting for a slot: 60 of 60 are taken (--max-concurrent-challenges)',
  );
  for (let i = 0; i < 60; i++) {
    await clock.advance(minute);
    await reasons.tell(open);
  }
  assert.deepEqual(seen.writes, ['shop/web']);
  reasons.end('shop/web');
  assert.equal(await reasons.tell(open), undefined);
});

test('a cause that changes all the time is written once in ten minutes', async () => {
  let other = 0;
  const { reasons, clock, seen, add } = world(() => ({ by: 'working', key: `shop/other-${other++}` }));
  add('web');
  for (let i = 0; i < 60; i++) {
    await clock.advance(minute);
    await reasons.tell(open);
  }
  assert.equal(seen.writes.length, 6);
});

for (const count of [1_000, 10_000])
  test(`of ${count} that wait a hundred are told in one round, the longest first`, async () => {
    const { reasons, clock, seen, add } = world();
    for (let i = 0; i < count; i++) add(`c${i}`);
    assert.equal(seen.waits.length, 1);
    await clock.advance(minute);
    await reasons.tell(open);
    assert.deepEqual(
      seen.writes.toSorted(),
      Array.from({ length: 100 }, (_one, i) => `shop/c${i}`).toSorted(),
    );
    await clock.advance(minute);
    await reasons.tell(open);
    assert.equal(seen.writes.length, 200);
    assert.equal(new Set(seen.writes).size, 200);
  });

test('who has a turn, or a better reason, is not told', async () => {
  const { reasons, clock, seen, add } = world((key) => (key === 'shop/next' ? undefined : full));
  add('next');
  add('refused', 'Not worked on: its Order web does not exist');
  await clock.advance(minute);
  await reasons.tell(open);
  assert.deepEqual(seen.writes, []);
});

test('a write that is refused holds up nobody, and is tried again later', async () => {
  const { reasons, clock, seen, warned, add } = world();
  add('web');
  await clock.advance(minute);
  seen.fault = new ConflictError('changed');
  await reasons.tell(open);
  assert.deepEqual(warned, []);
  seen.fault = new Error('no room');
  await clock.advance(10 * minute);
  await reasons.tell(open);
  assert.equal(warned.length, 1);
  seen.fault = undefined;
  await clock.advance(10 * minute);
  await reasons.tell(open);
  assert.deepEqual(seen.writes, ['shop/web']);
});

test('the reason names what stands in the way, but nobody in a namespace of others', () => {
  const one = challenge('web');
  const said = (obstacle: Obstacle): string => waitReason(one, obstacle);
  const start =
    'Waiting for a slot: another Challenge for the same name and type (web.example.com, HTTP-01) ';
  assert.equal(said({ by: 'working', key: 'shop/other' }), `${start}is at work: other`);
  assert.equal(said({ by: 'older', key: 'shop/other' }), `${start}is before it in the line: other`);
  assert.equal(said({ by: 'working', key: 'bank/other' }), `${start}is at work, in another namespace`);
  assert.equal(
    said({ by: 'share', held: 54, share: 54, max: 60 }),
    'Waiting for a slot: ClusterIssuer acme holds 54, and one issuer may have 54 of the 60 (--max-concurrent-challenges)',
  );
  assert.equal(isWaitReason(said(full)), true);
  assert.equal(isWaitReason('Waiting for HTTP-01 challenge propagation: nothing there'), false);
  assert.equal(isWaitReason(undefined), false);
});
