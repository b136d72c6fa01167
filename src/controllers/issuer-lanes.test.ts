import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../kube/testing/fake-clock.ts';
import { slowBackoff } from '../kube/queue.ts';
import { IssuerLanes } from './issuer-lanes.ts';
import { unobserved } from './observer.ts';

function lanes(reconcile: (key: string) => Promise<void>) {
  const clock = createFakeClock(0);
  let depth: { length: number; active: number } | undefined;
  const observer = {
    ...unobserved.work('orders'),
    queue: (queue: { length: number; active: number }) => void (depth = queue),
  };
  const all = new IssuerLanes({
    clock,
    backoff: slowBackoff,
    workers: 2,
    ready: Promise.resolve(),
    observer,
    reconcile,
    onResult: () => undefined,
  });
  return { clock, all, depth: () => [depth?.length, depth?.active] };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an issuer whose CA does not answer holds up no other', async () => {
  const done: string[] = [];
  const stuck = Promise.withResolvers<void>();
  const { all, depth } = lanes(async (key) => {
    if (key.startsWith('slow')) await stuck.promise;
    done.push(key);
  });
  for (let i = 0; i < 50; i++) all.add('slow', `slow/${i}`);
  for (let i = 0; i < 3; i++) all.add('quick', `quick/${i}`);
  await turn();
  assert.deepEqual(done, ['quick/0', 'quick/1', 'quick/2']);
  assert.deepEqual(depth(), [48, 2]);
  stuck.resolve();
  await all.stop();
});

test('a key whose lane changes is still worked on once at a time, and then again', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const { all, clock } = lanes(async () => {
    runs++;
    most = Math.max(most, ++running);
    await gate.promise;
    running--;
  });
  all.add('', 'shop/web');
  await turn();
  all.add('issuer', 'shop/web');
  await turn();
  assert.deepEqual([runs, most], [1, 1]);
  gate.resolve();
  await clock.advance(1_000);
  assert.deepEqual([runs, most], [2, 1]);
  await all.stop();
  all.add('issuer', 'shop/web');
  await turn();
  assert.equal(runs, 2);
});

test('a lane that nothing is left in is closed, and opened again for whoever comes', async () => {
  const done: string[] = [];
  const { all } = lanes((key) => {
    done.push(key);
    return Promise.resolve();
  });
  for (let i = 0; i < 100; i++) {
    all.add(`issuer-${i}`, `shop/${i}`);
    all.add('', `shop/${i}`);
    await turn();
    all.forget(`shop/${i}`);
  }
  assert.equal(all.size, 0);
  all.add('', 'shop/again');
  await turn();
  assert.equal(all.size, 1);
  assert.equal(done.at(-1), 'shop/again');
  await all.stop();
});
