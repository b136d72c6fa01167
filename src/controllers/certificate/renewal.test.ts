import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { renewalTime, type RenewalPolicy } from './renewal.ts';

const hour = 3_600_000;
const from = Date.parse('2026-03-01T10:00:00Z');
const at = (lifetimeHours: number, policy: RenewalPolicy): string | undefined => {
  const { at: time } = renewalTime(from, from + lifetimeHours * hour, policy);
  return time === undefined ? undefined : new Date(time).toISOString();
};

test('renewBefore, percentage, a third; a renewBefore that is too long falls through', () => {
  assert.equal(at(100, { renewBeforeMs: 10 * hour }), '2026-03-05T04:00:00.000Z');
  assert.equal(at(100, { renewBeforePercentage: 25 }), '2026-03-04T13:00:00.000Z');
  assert.equal(at(90, {}), '2026-03-03T22:00:00.000Z');
  assert.equal(at(90, { renewBeforeMs: 90 * hour }), at(90, {}));
  assert.equal(at(90, { renewBeforePercentage: 100 }), at(90, {}));
  assert.equal(at(90, { renewal: { policy: 'Disabled', windows: [] } }), undefined);
});

test('without windows it is the formula, cut to the second', () => {
  const before = fc.option(fc.integer({ min: -hour, max: 5000 * hour }), { nil: undefined });
  const percentage = fc.option(fc.integer({ min: -5, max: 105 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 1000, max: 90_000 * hour }),
      before,
      percentage,
      (notBefore, life, renewBeforeMs, renewBeforePercentage) => {
        const result = renewalTime(notBefore, notBefore + life, { renewBeforeMs, renewBeforePercentage });
        let wanted = notBefore + life - life / 3;
        if (renewBeforePercentage !== undefined && renewBeforePercentage > 0 && renewBeforePercentage < 100)
          wanted = notBefore + life - life * (renewBeforePercentage / 100);
        if (renewBeforeMs !== undefined && renewBeforeMs > 0 && renewBeforeMs < life)
          wanted = notBefore + life - renewBeforeMs;
        assert.ok(result.at !== undefined && result.at % 1000 === 0);
        assert.ok(Math.abs(result.at - wanted) <= 1001);
        assert.equal(result.error, undefined);
      },
    ),
  );
});

const windows = (cron: string, windowMs: number, timezone?: string): RenewalPolicy => ({
  renewBeforeMs: 24 * hour,
  renewal: { policy: 'RenewBefore', windows: [{ cron, windowMs, timezone }] },
});

test('inside a window at once, else when the next one opens, in its own zone', () => {
  // Wanted: 2026-03-04T14:00Z.
  assert.equal(at(100, windows('0 13 * * *', 2 * hour)), '2026-03-04T14:00:00.000Z');
  assert.equal(at(100, windows('0 12 * * *', 2 * hour)), '2026-03-04T14:00:00.000Z');
  assert.equal(at(100, windows('0 11 * * *', 2 * hour)), '2026-03-05T11:00:00.000Z');
  assert.equal(at(100, windows('0 14 * * *', hour)), '2026-03-04T14:00:00.000Z');
  assert.equal(at(100, windows('0 3 * * *', hour, 'Europe/Berlin')), '2026-03-05T02:00:00.000Z');
});

test('the earliest of several windows counts, unless one is open', () => {
  const both: RenewalPolicy = {
    renewBeforeMs: 24 * hour,
    renewal: {
      policy: 'RenewBefore',
      windows: [
        { cron: '0 20 * * *', windowMs: hour },
        { cron: '0 18 * * *', windowMs: hour },
      ],
    },
  };
  assert.equal(at(100, both), '2026-03-04T18:00:00.000Z');
});

test('a window may open up to its own length after expiry, and no later', () => {
  const policy = windows('0 15 * * *', hour);
  const notAfter = Date.parse('2026-03-05T14:30:00Z');
  const late = { ...policy, renewBeforeMs: 1800_000 };
  assert.equal(renewalTime(from, notAfter, late).at, Date.parse('2026-03-05T15:00:00Z'));
  const none = renewalTime(from, Date.parse('2026-03-05T13:30:00Z'), late);
  assert.equal(none.at, Date.parse('2026-03-05T13:00:00Z'));
  assert.match(none.error ?? '', /none of the renewal windows opens between 2026-03-01 10:00:00/);
});

test('what cannot be read falls back to the plain time and says why', () => {
  const plain = Date.parse('2026-03-04T14:00:00Z');
  for (const [policy, why] of [
    [windows('TZ=UTC 0 1 * * *', hour), /time zone/],
    [windows('61 * * * *', hour), /61/],
    [windows('0 1 * * *', hour, 'Mars/Olympus'), /Mars/],
    [windows('0 1 * * *', 0), /positive duration/],
  ] as const) {
    const result = renewalTime(from, from + 100 * hour, policy);
    assert.equal(result.at, plain);
    assert.match(result.error ?? '', why);
  }
});
