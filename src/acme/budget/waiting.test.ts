/** Who waits behind whom, and how long, also when the clock was wrong. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCaLimits } from './ca-limits.ts';
import { createOrderBudget } from './create-order-budget.ts';
import type { BudgetOrder, OrderBudget } from './order-budget.ts';
import { account, directory, hour, minute, now, order, rateLimited, use } from './testing/wishes.ts';

describe('lines of those who wait', () => {
  const limit = (per: string, windowSeconds: number, refill = 'sliding') => ({
    name: per,
    counts: 'certificate',
    per,
    allowed: 1,
    windowSeconds,
    refill,
  });
  const own = (...all: object[]) => readCaLimits([{ ca: 'own', directories: [directory], limits: all }]);
  const waits = (budget: OrderBudget, wish: BudgetOrder, at = now): number => {
    const answer = budget.admit(wish, at);
    assert.ok(!answer.admit);
    return answer.until - at;
  };

  it('who waits for one limit stands in nobody’s way at another', () => {
    const budget = createOrderBudget({
      limits: own(limit('account', 3600), limit('registered-domain', 300)),
    });
    use(budget, 1, () => ['a.example.com']);
    assert.equal(waits(budget, order(['b.example.com'])), hour + 1);
    assert.equal(waits(budget, order(['c.example.com'], { account: 'another' })), 5 * minute + 1);
  });
  it('who was promised a slot has it for some minutes, even if somebody new is quicker', () => {
    const budget = createOrderBudget({ limits: own(limit('account', 3600)) });
    use(budget, 1, () => ['a.example.com']);
    const first = order(['b.example.com']);
    const at = now + waits(budget, first);
    assert.ok(waits(budget, order(['c.example.com']), at + minute) > 0);
    assert.ok(budget.admit(first, at + 2 * minute).admit);
    const gone = createOrderBudget({ limits: own(limit('account', 3600)) });
    use(gone, 1, () => ['a.example.com']);
    waits(gone, order(['b.example.com']));
    assert.ok(gone.admit(order(['c.example.com']), at + 11 * minute).admit);
  });
  it('the same wish after its certificate is another certificate', () => {
    const budget = createOrderBudget({ limits: own(limit('exact-set', 3600)) });
    const wish = order(['a.example.com']);
    assert.ok(budget.admit(wish, now).admit);
    assert.ok(budget.admit(wish, now).admit, 'asked twice, taken once');
    budget.issued(wish, now);
    assert.equal(waits(budget, wish), hour + 1);
  });
  it('more than the CA allows, told afterwards, blocks for no longer than a window', () => {
    for (const refill of ['steady', 'sliding']) {
      const budget = createOrderBudget({ limits: own(limit('account', 3600, refill)) });
      for (let index = 0; index < 50; index++) budget.placed(order([`h${index}.example`]), now);
      assert.ok(waits(budget, order(['late.example'])) <= hour + 1);
    }
  });
  it('a refusal for one of two domains holds the set, and the later of two refusals counts', () => {
    const budget = createOrderBudget();
    const both = order(['www.example.com', 'www.example.org']);
    const named = 'see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-registered-domain';
    budget.refused(both, { ...rateLimited(named), retryAt: now + 2 * hour }, now);
    budget.refused(both, { ...rateLimited(named), retryAt: now + hour }, now);
    assert.equal(waits(budget, both), 2 * hour);
    for (const name of ['www.example.com', 'www.example.org'])
      assert.ok(budget.admit(order([name]), now).admit);
  });
  it('anchors of before certificates for addresses name the limits of today', () => {
    const budget = createOrderBudget();
    const wish = order(['www.example.com']);
    const old = 'see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-hostnames';
    assert.equal(
      budget.refused(wish, rateLimited(old), now).limit,
      'new-certificates-per-exact-set-of-identifiers',
    );
  });
});

describe('a clock that was ahead and is set right', () => {
  const year = 365 * 24 * hour;
  const limits = readCaLimits([
    {
      ca: 'own',
      directories: [directory],
      limits: ['steady', 'sliding'].map((refill) => ({
        name: refill,
        counts: 'order',
        per: 'account',
        allowed: 2,
        windowSeconds: 3600,
        refill,
      })),
    },
  ]);
  it('keeps nobody waiting for longer than a window, before a restart and after it', () => {
    const budget = createOrderBudget({ limits });
    use(budget, 2, (index) => [`h${index}.example`], now + year);
    const late = order(['late.example']);
    assert.equal(budget.admit(late, now + year).admit, false);
    const restarted = createOrderBudget({ limits, state: budget.serialise(now + year) });
    for (const ledger of [budget, restarted]) {
      const answer = ledger.admit(late, now);
      assert.ok(!answer.admit && answer.until <= now + hour + 1, JSON.stringify(answer));
      assert.ok(ledger.admit(late, answer.until).admit);
      assert.ok(ledger.forecast(directory, account, now).every(({ fullAt }) => fullAt <= now + 2 * hour + 1));
    }
  });
  it('forgets refusals from then, which the CA repeats where they still hold', () => {
    const budget = createOrderBudget({ limits });
    const wish = order(['held.example']);
    const retryAt = now + year + 24 * hour;
    budget.refused(wish, { ...rateLimited('later'), retryAt }, now + year);
    assert.equal(budget.admit(wish, now + year).admit, false);
    assert.ok(budget.admit(wish, now).admit);
  });
});
