/** What an order that is to replace a certificate costs in the ledger (RFC 9773 §5): nothing, unless the CA would not hear of that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcmeClient, AcmeDirectory, AcmeOrder, NewOrder } from '../../acme/acme-client.ts';
import { createOrderBudget } from '../../acme/budget/create-order-budget.ts';
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import { account, directory, now, order as wished, use } from '../../acme/budget/testing/wishes.ts';
import type { Order } from '../../api/order.ts';
import { problem } from '../testing/fake-ca.ts';
import { wishOf } from './budget-wish.ts';
import { create, type StepInput } from './ca-steps.ts';
import { LostOrders } from './lost-orders.ts';

const order: Order = {
  metadata: { name: 'web-2-1', namespace: 'shop', uid: 'u' },
  spec: { request: '', issuerRef: { name: 'acme' }, dnsNames: ['www.example.com'], replaces: 'aki.serial' },
};
const issuer: StepInput['issuer'] = {
  metadata: { name: 'acme', namespace: 'shop' },
  spec: { acme: { server: directory, privateKeySecretRef: { name: 'k' } } },
  status: { acme: { uri: account } },
};

/** @param hears the CA knows what is to be replaced; undefined: it speaks of no renewal */
function stepFor(budget: OrderBudget, hears: boolean | undefined): { input: StepInput; asked: NewOrder[] } {
  const asked: NewOrder[] = [];
  const client: Partial<AcmeClient> = {
    directory: () =>
      Promise.resolve((hears === undefined ? {} : { renewalInfo: 'https://ca/ari' }) as AcmeDirectory),
    newOrder: (ask) => {
      asked.push(ask);
      if (ask.replaces !== undefined && hears === false)
        return Promise.reject(problem(409, 'alreadyReplaced', 'by another order'));
      const { replaces } = ask;
      const placed: AcmeOrder = {
        url: 'https://ca/order/1',
        status: 'pending',
        identifiers: [],
        authorizations: ['https://ca/authz/1'],
        finalize: 'https://ca/finalize/1',
        ...(replaces === undefined ? {} : { replaces }),
      };
      return Promise.resolve(placed);
    },
  };
  const input: StepInput = {
    order,
    issuer,
    client: client as AcmeClient,
    budget,
    lost: new LostOrders(() => false),
    memory: { uid: 'u', polls: 0, failures: 0, ready: false, finalizing: false, pollAtMs: 0 },
    now,
    signal: new AbortController().signal,
  };
  return { input, asked };
}

/** How many certificates of the domain are left, of 50. */
function left(budget: OrderBudget): number {
  const of = budget.forecast(directory, account, now);
  return of.find(({ limit }) => limit === 'new-certificates-per-registered-domain')?.available ?? 50;
}

test('a replacement is counted as none, an order that had to go without as any other', async () => {
  for (const [hears, expected] of [
    [true, 50],
    [false, 49],
    [undefined, 49],
  ] as const) {
    const budget = createOrderBudget();
    const { input } = stepFor(budget, hears);
    assert.equal((await create(input)).status.url, 'https://ca/order/1');
    assert.equal(left(budget), expected, String(hears));
    // It fails: what it took is given back, although its spec still names what it was to replace.
    budget.released(wishOf(order, issuer), true, now);
    assert.equal(left(budget), 50, String(hears));
  }
});

test('where the limit is used up, an order that has to go without waits for its slot', async () => {
  const budget = createOrderBudget();
  use(budget, 50, (index) => [`h${index}.example.com`]);
  const { input, asked } = stepFor(budget, false);
  const { status } = await create(input);
  assert.match(status.reason ?? '', /example\.com; next slot in/u);
  await create(input);
  assert.deepEqual(
    asked.map(({ replaces }) => replaces),
    ['aki.serial'],
    'the CA is not asked again about what it would not hear of',
  );
  assert.equal(budget.admit(wished(['other.example.org']), now).admit, true);
});
