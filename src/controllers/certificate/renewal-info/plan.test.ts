import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRenewal, type PlanInput } from './plan.ts';

const hour = 3_600_000;
const day = 24 * hour;
const notBefore = Date.parse('2026-03-01T00:00:00Z');
const life = { notBefore, notAfter: notBefore + 45 * day };
const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const plan = (more: Partial<PlanInput> = {}): ReturnType<typeof planRenewal> =>
  planRenewal({
    life,
    policy: {},
    identity: 'shop/web x',
    spread: true,
    info: undefined,
    early: { count: 0, at: notBefore },
    ...more,
  });
const info = (from: number, to: number, checked = 1): NonNullable<PlanInput['info']> => ({
  suggestedWindow: { start: iso(notBefore + from * day), end: iso(notBefore + to * day) },
  lastChecked: iso(notBefore + checked * day),
  explanationURL: 'https://ca.example/why',
});
const days = (ms: number | undefined): number => ((ms ?? NaN) - notBefore) / day;

test('without a window: the formula where the spec or no public CA says, else up to a twentieth of the life later', () => {
  assert.equal(days(plan({ spread: false }).at), 30);
  assert.equal(days(plan({ policy: { renewBeforeMs: 10 * day } }).at), 35);
  assert.equal(days(plan({ policy: { renewBeforePercentage: 20 } }).at), 36);
  const times = Array.from({ length: 500 }, (_, i) => days(plan({ identity: `shop/web-${i}` }).at));
  assert.ok(Math.min(...times) >= 30 && Math.max(...times) <= 32.25);
  assert.ok(Math.max(...times) - Math.min(...times) > 2, 'spread over the whole of it');
  assert.equal(plan({ policy: { renewal: { policy: 'Disabled', windows: [] } } }).at, undefined);
});

test('six days: renewed with two days left, spread over seven hours', () => {
  const short = { notBefore, notAfter: notBefore + 6 * day };
  const times = Array.from({ length: 200 }, (_, i) => days(plan({ life: short, identity: `${i}` }).at));
  assert.ok(Math.min(...times) >= 4 && Math.max(...times) <= 4.3);
});

test('the window of the CA comes before renewBefore; windows of the spec come after it', () => {
  const asked = plan({ info: info(20, 22), policy: { renewBeforeMs: 5 * day } });
  assert.ok(days(asked.at) >= 20 && days(asked.at) <= 22);
  assert.equal(asked.asked?.urgent, false);
  assert.equal(asked.asked?.early, false);
  const windows = [{ cron: '0 2 * * 0', windowMs: 3 * hour }];
  const sunday = plan({ info: info(20, 22), policy: { renewal: { policy: 'RenewBefore', windows } } });
  assert.equal(new Date(sunday.at!).getUTCDay(), 0);
  assert.ok(sunday.at! >= asked.at!);
});

test('a window that was over is urgent and waits for no window of the spec', () => {
  const windows = [{ cron: '0 2 * * 0', windowMs: 3 * hour }];
  const urgent = plan({ info: info(9, 9.5, 10), policy: { renewal: { policy: 'RenewBefore', windows } } });
  assert.equal(urgent.asked?.urgent, true);
  assert.equal(urgent.asked?.explanationURL, 'https://ca.example/why');
  assert.ok(days(urgent.at) >= 9 && days(urgent.at) <= 9.5);
  assert.equal(
    plan({ info: info(9, 9.5, 10), policy: { renewal: { policy: 'Disabled', windows: [] } } }).at,
    undefined,
  );
});

test('the second early renewal in a row waits, the third longer', () => {
  const early = (count: number): number =>
    days(plan({ info: info(0.5, 0.6, 1), early: { count, at: notBefore } }).at);
  assert.ok(early(0) < 0.6);
  assert.ok(early(1) < 0.6, 'an hour after the issue has passed long ago');
  assert.equal(early(3), 16 / 24);
  assert.equal(early(9), 15);
  const late = plan({ info: info(29, 31), early: { count: 9, at: notBefore + 29 * day } });
  assert.ok(days(late.at) <= 31, 'what is not early is not put off');
});

test('a window that cannot be followed leaves it to the formula', () => {
  for (const lie of [info(-1, 3), info(44, 45), info(9000, 9001), info(30, 20)])
    assert.equal(plan({ info: lie }).at, plan().at);
});
