import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcmeClient, AcmeOrder, NewOrder } from '../../acme/acme-client.ts';
import { AcmeTransportError } from '../../acme/errors.ts';
import { LostOrders } from './lost-orders.ts';

const now = Date.parse('2026-11-22T10:00:00Z');
const dns = (...names: string[]): NewOrder => ({
  identifiers: names.map((value) => ({ type: 'dns', value })),
});
const order = (number: number, more: Partial<AcmeOrder> = {}): AcmeOrder => ({
  url: `https://ca.example/order/${number}`,
  status: 'pending',
  ...dns('a.example', '*.a.example'),
  authorizations: [],
  finalize: `https://ca.example/finalize/${number}`,
  expires: now + 3_600_000,
  ...more,
});

interface Ca {
  client: AcmeClient;
  lists: number;
  looked: string[];
}

function ca(orders: readonly AcmeOrder[] | undefined | Error): Ca {
  const one: Ca = {
    lists: 0,
    looked: [],
    client: {
      listOrders: () => {
        one.lists++;
        if (orders instanceof Error) return Promise.reject(orders);
        return Promise.resolve(orders?.map(({ url }) => url));
      },
      order: (url: string) => {
        one.looked.push(url);
        return Promise.resolve((orders as AcmeOrder[]).find((each) => each.url === url)!);
      },
    } as Partial<AcmeClient> as AcmeClient,
  };
  return one;
}

const wanted = dns('*.A.example', 'a.example.');
const find = async (orders: Parameters<typeof ca>[0], wish = wanted, known: string[] = []) =>
  (await new LostOrders((url) => known.includes(url)).find(ca(orders).client, wish, 0, now, {}))?.url;

test('an order for the same names that nobody has is found, whatever their order and case', async () => {
  assert.equal(await find([order(1)]), order(1).url);
  assert.equal(await find([order(1, { status: 'ready' })]), order(1).url);
});

const others: [string, AcmeOrder, NewOrder?][] = [
  ['has a certificate', order(1, { status: 'valid' })],
  ['was finalized with somebody’s key', order(1, { status: 'processing' })],
  ['has failed', order(1, { status: 'invalid' })],
  ['is about to expire', order(1, { expires: now + 60_000 })],
  ['is for fewer names', order(1, dns('a.example'))],
  ['is for more names', order(1, dns('a.example', '*.a.example', 'b.example'))],
  ['is of another profile', order(1, { profile: 'short' }), { ...wanted, profile: 'classic' }],
  ['replaces what is not to be replaced', order(1, { replaces: 'abc.def' })],
];
for (const [title, there, wish] of others)
  test(`an order is left alone that ${title}`, async () => {
    assert.equal(await find([there], wish), undefined);
  });

test('what an Order of the API has already is not even looked at', async () => {
  assert.equal(await find([order(1)], wanted, [order(1).url]), undefined);
});

test('two Orders for the same names get one each, and the list is asked for once', async () => {
  const lost = new LostOrders(() => false);
  const one = ca([order(1), order(2)]);
  const found = await Promise.all([1, 2, 3].map(() => lost.find(one.client, wanted, 0, now, {})));
  assert.deepEqual(
    found.map((each) => each?.url),
    [order(2).url, order(1).url, undefined],
  );
  assert.equal(one.lists, 1);
});

test('what gets lost after the list was asked for is looked for in a new one', async () => {
  const lost = new LostOrders(() => false);
  const orders: AcmeOrder[] = [];
  const one = ca(orders);
  assert.equal(await lost.find(one.client, wanted, 0, now, {}), undefined);
  const loss = lost.note();
  orders.push(order(1));
  assert.equal((await lost.find(one.client, wanted, loss, now, {}))?.url, order(1).url);
  assert.equal(one.lists, 2);
});

test('a CA without a list holds nothing up', async () => {
  assert.equal(await find(undefined), undefined);
});

test('a list that cannot be had now is asked for again', async () => {
  const lost = new LostOrders(() => false);
  const one = ca(new AcmeTransportError('connect', 'refused'));
  for (let tries = 1; tries <= 2; tries++) {
    await assert.rejects(lost.find(one.client, wanted, 0, now, {}), AcmeTransportError);
    assert.equal(one.lists, tries);
  }
});

test('strangers with the same account cost fifty looks at most', async () => {
  const lost = new LostOrders(() => false);
  const one = ca(Array.from({ length: 500 }, (_, index) => order(index, dns(`n${index}.example`))));
  assert.equal(await lost.find(one.client, wanted, 0, now, {}), undefined);
  assert.equal(one.looked.length, 50);
});

test('only what the CA lists is asked about, once for the list and once for each wish', async () => {
  let asked = 0;
  const lost = new LostOrders(() => {
    asked++;
    return false;
  });
  const one = ca([order(1), order(2)]);
  for (let wishes = 0; wishes < 5; wishes++) await lost.find(one.client, wanted, 0, now, {});
  assert.equal(
    asked,
    2 + 2 + 1,
    'the list, two that fit, then the one that was not given away; nothing after that',
  );
});
