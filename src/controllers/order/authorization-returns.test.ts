/** Which authorizations go back to the CA, and what it costs to find out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcmeClient } from '../../acme/acme-client.ts';
import { AcmeTransportError } from '../../acme/errors.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { AcmeState } from '../../api/enumerations.ts';
import { orderAddresses, trimOrder, type OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { Store } from '../../kube/store.ts';
import type { ControllerContext } from '../context.ts';
import { AuthorizationReturns } from './authorization-returns.ts';

const url = (name: string): string => `https://ca.example/authz/${name}`;

function order(
  uid: string,
  authorizations: readonly string[],
  state: AcmeState = 'pending',
  certificate = '',
) {
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Order',
    metadata: { namespace: 'shop', name: uid, uid, resourceVersion: '1' },
    spec: { request: 'csr', issuerRef: { name: 'acme' } },
    status: {
      state,
      ...(certificate === '' ? {} : { certificate }),
      authorizations: authorizations.map((name) => ({
        url: url(name),
        initialState: name.startsWith('proven') ? 'valid' : 'pending',
      })),
    },
  } as const;
}

function start(others: readonly ReturnType<typeof order>[]) {
  const store = new Store<OrderFacts>({
    trim: trimOrder,
    indexes: orderAddresses,
    notify: () => undefined,
    onBadObject: (error) => assert.fail(String(error)),
  });
  for (const one of others) store.changed(one);
  const seen = { orders: 0, returned: [] as string[], fault: undefined as Error | undefined };
  const orders = {
    *values() {
      for (const one of store.values()) {
        seen.orders++;
        yield one;
      }
    },
    byIndex(name: string, value: string) {
      const found = store.byIndex(name, value);
      seen.orders += found.length;
      return found;
    },
  };
  const client = {
    deactivateAuthorization: (at: string) => {
      seen.returned.push(at);
      return seen.fault === undefined ? Promise.resolve() : Promise.reject(seen.fault);
    },
  } as unknown as AcmeClient;
  const context = {
    informers: { orders },
    acmeAccounts: { clientFor: () => Promise.resolve(client) },
    log: { debug: () => undefined, warn: () => assert.fail('no trouble was expected') },
  } as unknown as ControllerContext;
  return { returns: new AuthorizationReturns(context, new AbortController().signal), seen };
}

const issuer = {} as AnyIssuer;

test('what is pending goes back, but for what is settled, proven before, or wanted by another order', async () => {
  const failed = order('failed', ['open', 'shared', 'settled', 'proven', 'shared-with-failed'], 'errored');
  const { returns, seen } = start([
    failed,
    order('other', ['shared']),
    order('done', ['open'], 'valid', 'pem'),
    order('over', ['shared-with-failed'], 'invalid'),
  ]);
  const settled = { spec: { authorizationURL: url('settled') }, status: { state: 'valid' } } as Challenge;
  returns.give(trimOrder(failed), [settled], issuer);
  await returns.idle();
  assert.deepEqual(seen.returned, [url('open'), url('shared-with-failed')]);
});

test('a CA that is away is left alone with the rest', async () => {
  const failed = order('failed', ['a', 'b'], 'errored');
  const { returns, seen } = start([failed]);
  seen.fault = new AcmeTransportError('connect', 'refused');
  returns.give(trimOrder(failed), [], issuer);
  await returns.idle();
  assert.deepEqual(seen.returned, [url('a')]);
});

test('a thousand other orders are not looked at for it', async () => {
  for (const count of [10, 1_000]) {
    const failed = order('failed', ['a', 'b', 'c'], 'errored');
    const others = Array.from({ length: count }, (_one, i) => order(`other-${i}`, [`other-${i}`]));
    const { returns, seen } = start([failed, ...others]);
    returns.give(trimOrder(failed), [], issuer);
    await returns.idle();
    assert.equal(seen.returned.length, 3);
    assert.equal(seen.orders, 3, `${count} others`);
  }
});
