/** What it costs to give a slot, counted in reads of the cache; and what must be heard of for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import type { ControllerContext } from '../context.ts';
import { Memories } from './memory.ts';
import { patienceMs, Slots } from './slots.ts';

const begin = Date.parse('2026-11-22T10:00:00Z');

function challenge(name: string, change: Partial<Challenge['spec']> = {}): Challenge {
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { namespace: 'shop', name, uid: name, creationTimestamp: new Date(begin).toISOString() },
    spec: {
      url: 'https://ca.example/challenge/1',
      authorizationURL: 'https://ca.example/authz/1',
      dnsName: `${name}.example.com`,
      type: 'HTTP-01',
      token: name,
      key: name,
      solver: { http01: { listener: {} } },
      issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
      ...change,
    },
  };
}

function world(options: { max: number; refuses?: (key: string) => boolean }) {
  const cache = new Map<string, Challenge>();
  const clusterIssuers = new Map<string, AnyIssuer>([['acme', {} as AnyIssuer]]);
  const memories = new Memories();
  const clock = createFakeClock(begin);
  const told = { reads: 0, refusals: 0, started: [] as string[], waits: new Set<string>() };
  const challenges = {
    get: (key: string) => {
      told.reads++;
      return cache.get(key);
    },
  };
  const context = {
    clock,
    informers: { challenges, clusterIssuers, issuers: new Map(), orders: new Map() },
    log: { error: () => undefined },
  } as unknown as ControllerContext;
  const change = (key: string, to: Challenge | undefined): boolean => {
    if (to === undefined) cache.delete(key);
    else cache.set(key, to);
    return slots.observe(key, to);
  };
  const slots = new Slots({
    context,
    memories,
    max: options.max,
    waits: { begin: (key) => void told.waits.add(key), end: (key) => void told.waits.delete(key) },
    enqueue: () => undefined,
    work: {
      refuse(key, { metadata }) {
        if (options.refuses?.(key) !== true) return Promise.resolve(undefined);
        told.refusals++;
        memories.of(key, metadata?.uid ?? '').refusedUntilMs = clock.now() + 60_000;
        return Promise.resolve('made up');
      },
      start(key, one) {
        told.started.push(key);
        change(key, { ...one, status: { processing: true, presented: false } });
        return Promise.resolve();
      },
    },
  });
  const add = (name: string, spec: Partial<Challenge['spec']> = {}): boolean =>
    change(`shop/${name}`, challenge(name, spec));
  return { slots, told, clock, memories, cache, clusterIssuers, add, change };
}

for (const count of [100, 2_000])
  test(`a slot that becomes free costs a few reads, with ${count} that wait, too`, async () => {
    const { slots, told, add, change } = world({ max: 10 });
    for (let i = 0; i < count; i++) add(`c${i}`);
    assert.equal(told.reads, 0);
    await slots.fill();
    assert.equal(slots.holding, 9, 'one issuer has its share');
    for (let freed = 0; freed < 20; freed++) {
      assert.equal(change(told.started[freed]!, undefined), true);
      told.reads = 0;
      await slots.fill();
      assert.equal(slots.holding, 9);
      assert.ok(told.reads <= 10, `${told.reads} reads for one slot`);
    }
    assert.equal(slots.waiting, count - 29);
  });

test('news about one that waits cost a few reads while there is no slot', async () => {
  const { slots, told, add } = world({ max: 2 });
  for (let i = 0; i < 500; i++) add(`c${i}`);
  await slots.fill();
  told.reads = 0;
  for (let i = 0; i < 100; i++) {
    assert.equal(add(`c${400 + i}`), true, 'it may have been what a slot waits for');
    await slots.fill();
  }
  assert.ok(told.reads <= 2 * 100, String(told.reads));
});

test('who is refused takes no slot, is not tried before its time, and is not told to wait', async () => {
  const { slots, told, add, clock } = world({ max: 3, refuses: (key) => key.startsWith('shop/made-up') });
  for (let i = 0; i < 50; i++) add(`made-up-${i}`);
  add('good');
  while ((await slots.fill()) === 0);
  assert.deepEqual(told.started, ['shop/good']);
  assert.equal(told.refusals, 50);
  assert.deepEqual([...told.waits], []);
  await slots.fill();
  assert.equal(told.refusals, 50);
  await clock.advance(60_000);
  while ((await slots.fill()) === 0);
  assert.equal(told.refusals, 100);
});

test('a refusal that is taken back counts at once', async () => {
  const refused = new Set(['shop/a']);
  const { slots, told, add, memories, cache } = world({ max: 1, refuses: (key) => refused.has(key) });
  add('a');
  while ((await slots.fill()) === 0);
  assert.deepEqual(told.started, []);
  refused.clear();
  memories.peek('shop/a')!.refusedUntilMs = 0;
  assert.equal(slots.observe('shop/a', cache.get('shop/a')), true);
  await slots.fill();
  assert.deepEqual(told.started, ['shop/a']);
});

test('whose answer is being taken away waits for the end of that, and no other does', async () => {
  const { slots, told, add } = world({ max: 9 });
  const removed = challenge('removed', { dnsName: 'a.example.com', key: 'same' });
  slots.park(removed);
  add('same', { dnsName: 'A.example.com', key: 'same' });
  add('other', { dnsName: 'b.example.com' });
  await slots.fill();
  assert.deepEqual(told.started, ['shop/other']);
  assert.equal(slots.unpark(challenge('nobody')), false);
  assert.equal(slots.unpark(removed), true);
  await slots.fill();
  assert.deepEqual(told.started, ['shop/other', 'shop/same']);
});

test('names and keys that read the same, cut elsewhere, leave nobody behind in the line', async () => {
  const { slots, told, add, change } = world({ max: 1 });
  add('one', { dnsName: 'a b', key: 'c' });
  add('two', { dnsName: 'a', key: 'b c' });
  change('shop/two', undefined);
  change('shop/one', undefined);
  add('good');
  await slots.fill();
  assert.deepEqual(told.started, ['shop/good']);
});

test('issuers that do not exist, of whatever group or kind, share one place', async () => {
  const { slots, told, add } = world({ max: 4 });
  const names = [
    { name: 'nobody' },
    { name: 'acme', kind: 'ClusterIssuer', group: 'made.up' },
    { name: 'acme', kind: 'Made-up' },
  ];
  for (let i = 0; i < 9; i++) add(`made-up-${i}`, { issuerRef: names[i % 3]! });
  add('good');
  add('better');
  await slots.fill();
  assert.deepEqual(told.started.toSorted(), ['shop/better', 'shop/good', 'shop/made-up-0', 'shop/made-up-1']);
});

test('an issuer that appears has a place of its own once its Challenges are looked at again', async () => {
  const { slots, told, add, change, cache, clusterIssuers } = world({ max: 2 });
  const issuerRef = { name: 'late', kind: 'ClusterIssuer' };
  for (const name of ['a', 'b']) add(name, { issuerRef: { name: 'nobody' } });
  await slots.fill();
  add('first', { issuerRef: { name: 'nobody' } });
  add('second', { issuerRef });
  clusterIssuers.set('late', {} as AnyIssuer);
  slots.observe('shop/second', cache.get('shop/second'));
  change('shop/a', undefined);
  await slots.fill();
  assert.equal(told.started.at(-1), 'shop/second');
});

test('it is looked at again when the patience with a holder ends, else each half minute', async () => {
  const { slots, told, clock, add, memories } = world({ max: 1, refuses: (key) => key === 'shop/refused' });
  assert.equal(await slots.fill(), undefined);
  add('holder');
  await slots.fill();
  assert.equal(await slots.fill(), undefined, 'nobody waits');
  add('waits');
  assert.equal(await slots.fill(), 30_000);
  await clock.advance(patienceMs - 10_000);
  assert.equal(await slots.fill(), 10_000);
  await clock.advance(20_000);
  assert.equal(await slots.fill(), 30_000, 'it is not stuck');
  assert.equal(memories.peek('shop/holder')?.yieldAsked, false);
  memories.peek('shop/holder')!.stuck = true;
  await slots.fill();
  assert.equal(memories.peek('shop/holder')?.yieldAsked, true);
  assert.deepEqual(told.started, ['shop/holder']);
});
