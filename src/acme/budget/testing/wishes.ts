/** Wishes of Let's Encrypt's directory for tests of the ledger, at one time. */
import assert from 'node:assert/strict';
import { publishedLimits } from '../ca-limits.ts';
import type { BudgetOrder, OrderBudget } from '../order-budget.ts';

export const directory = publishedLimits[0]?.directories[0] ?? '';
export const account = 'https://acme-v02.api.letsencrypt.org/acme/acct/1';
export const now = Date.parse('2026-11-22T07:00:00Z');
export const minute = 60_000;
export const hour = 60 * minute;

let serial = 0;
export function order(names: string[], change: Partial<BudgetOrder> = {}): BudgetOrder {
  serial += 1;
  const identifiers = names.map((value) => ({ type: 'dns' as const, value }));
  return { id: `uid-${serial}`, directory, account, identifiers, replaces: false, ...change };
}
export function use(budget: OrderBudget, count: number, name: (index: number) => string[], at = now): void {
  for (let index = 0; index < count; index++) {
    const wish = order(name(index));
    assert.deepEqual(budget.admit(wish, at), { admit: true });
    budget.issued(wish, at);
  }
}
export const rateLimited = (detail: string) => ({
  problem: { type: 'urn:ietf:params:acme:error:rateLimited', detail, subproblems: [] },
  status: 429,
});
