import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkDelay } from './retry.ts';

test('what is routed is looked for soon, then less often, and never less often than was asked for', () => {
  const delays = (type: string, period: number): number[] =>
    [1, 2, 3, 4, 5, 60].map((failures) => checkDelay(type, failures, period));
  assert.deepEqual(delays('HTTP-01', 10_000), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  assert.deepEqual(delays('TLS-ALPN-01', 3_000), [1_000, 2_000, 3_000, 3_000, 3_000, 3_000]);
  assert.deepEqual(delays('HTTP-01', 500), Array(6).fill(500));
});

test('DNS is asked no sooner than was asked for', () => {
  for (const type of ['DNS-01', 'DNS-PERSIST-01'])
    for (const failures of [1, 2, 9]) assert.equal(checkDelay(type, failures, 10_000), 10_000);
});
