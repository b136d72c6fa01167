import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { backoffDelay, backoffRemaining } from './backoff.ts';

const hour = 3_600_000;

test('with the defaults the pauses are 1, 2, 4, 8, 16, 32, 32 hours', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 60, 2000].map(
    (attempts) => backoffDelay(attempts, hour, 32 * hour) / hour,
  );
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 32, 32, 32]);
  assert.equal(backoffDelay(undefined, hour, 32 * hour), hour);
  assert.equal(backoffDelay(0, hour, 32 * hour), hour);
});

test('nothing failed, or no minimum: no pause', () => {
  const base = { attempts: 3, minMs: hour, maxMs: 32 * hour, nowMs: 0 };
  assert.equal(backoffRemaining({ ...base, lastFailureMs: undefined }), 0);
  assert.equal(backoffRemaining({ ...base, lastFailureMs: 0, minMs: 0 }), 0);
});

test('the pause never exceeds the maximum, never falls below the minimum, and ends', () => {
  const limits = fc.tuple(fc.integer({ min: 1, max: 10 * hour }), fc.integer({ min: 0, max: 100 * hour }));
  fc.assert(
    fc.property(
      limits,
      fc.integer({ min: -2, max: 5000 }),
      fc.integer({ min: -1000 * hour, max: 1000 * hour }),
      ([minMs, extra], attempts, nowMs) => {
        const maxMs = minMs + extra;
        const delay = backoffDelay(attempts, minMs, maxMs);
        assert.ok(delay >= minMs && delay <= maxMs);
        const remaining = backoffRemaining({ lastFailureMs: 0, attempts, minMs, maxMs, nowMs });
        assert.ok(remaining >= 0 && remaining <= delay);
        assert.equal(
          backoffRemaining({ lastFailureMs: 0, attempts, minMs, maxMs, nowMs: Math.max(0, nowMs) + delay }),
          0,
        );
      },
    ),
  );
});
