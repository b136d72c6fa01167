import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginAs, refusals, refusalsOf } from './sample-review.ts';
import { challengeCases, orderCases } from './testing/order-cases.ts';

for (const each of [...orderCases, ...challengeCases]) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}

test('orders and challenges are not looked at when they are created', async () => {
  assert.deepEqual(await refusalsOf('Order', {}), []);
  assert.deepEqual(await refusalsOf('Challenge', {}), []);
});
