import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refusals, refusalsOf } from './sample-review.ts';

const detail = 'Forbidden: field is immutable once set';
const offered = { url: 'https://c', type: 'http-01', token: 't' };
const authorization = {
  url: 'https://a',
  identifier: 'a',
  wildcard: true,
  initialState: 'pending',
  challenges: [offered],
};
const order = {
  spec: { request: 'AAAA', issuerRef: { name: 'x' }, dnsNames: ['a'] },
  status: {
    url: 'https://o',
    finalizeURL: 'https://f',
    certificate: 'AAAA',
    authorizations: [authorization],
  },
};
const withStatus = (status: object) => ({ ...order, status: { ...order.status, ...status } });
const withAuthorization = (change: object) =>
  withStatus({ authorizations: [{ ...authorization, ...change }] });
const withChallenge = (change: object) => withAuthorization({ challenges: [{ ...offered, ...change }] });

describe('order updates', () => {
  const cases: [string, object, string[]][] = [
    ['nothing', order, []],
    ['state', withStatus({ state: 'valid', reason: 'x' }), []],
    ['unprotected spec fields', { ...order, spec: { ...order.spec, dnsNames: ['b'] } }, []],
    ['request', { ...order, spec: { ...order.spec, request: 'BBBB' } }, ['spec.request']],
    ['url', withStatus({ url: 'https://x' }), ['status.url']],
    ['url removed', withStatus({ url: undefined }), ['status.url']],
    ['finalizeURL', withStatus({ finalizeURL: 'https://x' }), ['status.finalizeURL']],
    ['certificate', withStatus({ certificate: 'BBBB' }), ['status.certificate']],
    ['authorizations removed', withStatus({ authorizations: [] }), ['status.authorizations']],
    ['authorization url', withAuthorization({ url: 'https://x' }), ['status.authorizations[0].url']],
    ['identifier', withAuthorization({ identifier: 'x' }), ['status.authorizations[0].identifier']],
    ['wildcard', withAuthorization({ wildcard: false }), ['status.authorizations[0].wildcard']],
    ['initialState', withAuthorization({ initialState: 'valid' }), ['status.authorizations[0].initialState']],
    [
      'challenges',
      withAuthorization({ challenges: [offered, offered] }),
      ['status.authorizations[0].challenges'],
    ],
    ['challenge url', withChallenge({ url: 'x' }), ['status.authorizations[0].challenges[0].url']],
    ['challenge type', withChallenge({ type: 'x' }), ['status.authorizations[0].challenges[0].type']],
    ['challenge token', withChallenge({ token: 'x' }), ['status.authorizations[0].challenges[0].token']],
  ];
  for (const [title, object, paths] of cases) {
    test(title, async () => {
      const found = await refusals({ kind: 'Order', object, oldObject: order, subresource: 'status' });
      assert.deepEqual(
        found,
        paths.map((path) => `${path}: ${detail}`),
      );
    });
  }

  test('what was not set can be set once', async () => {
    assert.deepEqual(
      await refusals({ kind: 'Order', object: order, oldObject: { spec: order.spec, status: {} } }),
      [],
    );
  });
});

describe('challenge updates', () => {
  const challenge = {
    spec: { url: 'u', wildcard: false, solver: { http01: { ingress: {} }, waitInsteadOfSelfCheck: '60s' } },
  };

  test('the status may change, and what a typed client writes back is no change', async () => {
    const object = {
      spec: { url: 'u', solver: { http01: { ingress: {} }, waitInsteadOfSelfCheck: '1m0s' } },
      status: { state: 'valid' },
    };
    assert.deepEqual(await refusals({ kind: 'Challenge', object, oldObject: challenge }), []);
  });

  for (const change of [
    { url: 'x' },
    { wildcard: true },
    { solver: { http01: { ingress: { name: 'x' } } } },
  ]) {
    test(`the spec may not change: ${Object.keys(change)[0]}`, async () => {
      const object = { spec: { ...challenge.spec, ...change } };
      const found = await refusals({ kind: 'Challenge', object, oldObject: challenge });
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', /^spec: Forbidden: challenge spec is immutable after creation/);
    });
  }
});

test('orders and challenges are not looked at when they are created', async () => {
  assert.deepEqual(await refusalsOf('Order', {}), []);
  assert.deepEqual(await refusalsOf('Challenge', {}), []);
});
