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

test('a certificate that runs out shortens the pauses; one that is gone, or has long to go, does not', () => {
  const day = 24 * hour;
  const left = (rest: number, life: number, attempts = 6): number =>
    backoffRemaining({
      lastFailureMs: 0,
      attempts,
      minMs: hour,
      maxMs: 32 * hour,
      nowMs: 0,
      relief: { life: { notBefore: rest - life, notAfter: rest } },
    }) / hour;
  assert.equal(left(30 * day, 90 * day), 32, 'as without');
  assert.equal(left(6 * day, 90 * day), 32);
  assert.equal(left(2 * day, 6 * day), 12);
  assert.equal(left(12 * hour, 6 * day), 3);
  assert.equal(left(hour, 6 * day), 1, 'not below the minimum');
  assert.equal(left(hour / 3, hour), 1 / 12, 'but for a certificate of one hour');
  assert.equal(left(hour / 3, hour, 1), 1 / 12);
  assert.equal(left(hour / 60, hour), 1 / 48, 'and even there more than a minute');
  assert.equal(left(0, 6 * day), 32, 'nothing to save any more');
});

test('six days: a CA that is down for the last two is asked at least a dozen times before the end', () => {
  const life = { notBefore: 0, notAfter: 144 * hour };
  let at = 96 * hour;
  let attempts = 0;
  while (at < life.notAfter) {
    attempts++;
    at += backoffRemaining({
      lastFailureMs: at,
      attempts,
      minMs: hour,
      maxMs: 32 * hour,
      nowMs: at,
      relief: { life },
    });
  }
  assert.ok(attempts >= 12 && attempts <= 20, `${attempts}`);
});

test('a fault of the CA, or an issuer that is Ready again, ends the pause sooner', () => {
  const base = { lastFailureMs: 1000, attempts: 6, minMs: hour, maxMs: 32 * hour, nowMs: 1000 };
  assert.equal(backoffRemaining({ ...base, relief: { caAtFault: true } }), 4 * hour);
  assert.equal(
    backoffRemaining({ ...base, relief: { readySinceMs: 999 } }),
    32 * hour,
    'it was Ready when it failed',
  );
  assert.equal(backoffRemaining({ ...base, relief: { readySinceMs: 2000 } }), hour / 4);
});
