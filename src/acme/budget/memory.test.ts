/** A ledger of very many wishes stays small, and forgets without looking for what is oldest each time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOrderBudget } from './create-order-budget.ts';
import { Slots } from './slots.ts';
import { now, order } from './testing/wishes.ts';

test('of more than twenty thousand wishes the oldest are forgotten, in few passes', (t) => {
  // A CA without limits that are known: what is remembered are the wishes alone.
  const directory = 'https://ca.example/directory';
  const budget = createOrderBudget();
  const [first, ...more] = Array.from({ length: 22_500 }, () => order(['a.example.com'], { directory }));
  const passes = t.mock.method(Map.prototype, 'keys');
  for (const wish of [first!, ...more]) budget.placed(wish, now);
  assert.ok(passes.mock.callCount() <= 4, `${passes.mock.callCount()} passes`);
  const { taken } = budget.serialise(now);
  const count = Object.keys(taken).length;
  assert.ok(count <= 20_000 && count >= 18_000, String(count));
  assert.equal(taken[first!.id], undefined);
  assert.ok(taken[more.at(-1)!.id] !== undefined);
});

test('of more than fifty thousand refusals those that are over go, then the oldest, a tenth at once', () => {
  const slots = new Slots();
  for (let i = 0; i < 50_000; i++) slots.hold(`key-${i}`, now + (i < 10 ? 500 : 5_000), now);
  assert.equal(slots.holds.size, 50_000);
  slots.hold('more', now + 5_000, now + 1_000);
  assert.equal(slots.holds.size, 45_000);
  assert.equal(slots.holds.get('key-10'), undefined);
  assert.equal(slots.heldUntil('more', now + 1_000), now + 5_000);
  assert.equal(slots.heldUntil('key-49999', now + 1_000), now + 5_000);
});
