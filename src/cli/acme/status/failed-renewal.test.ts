/** What `certwright acme status` says of a certificate that works and could not be renewed, and of what is left of an order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../../api/meta.ts';
import { judge } from './judge.ts';
import type { Chain } from './read-chain.ts';
import { renderStatus } from './status.ts';

const now = Date.parse('2026-11-22T08:00:00Z');
const condition = (type: string, status: 'True' | 'False', reason: string, message = ''): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-11-22T08:00:00Z',
});
const issuerRef = { name: 'ca', kind: 'ClusterIssuer' };
const metadata = { namespace: 'web', name: 'shop' };

function chain(conditions: Condition[], change: Partial<Chain> = {}, lastFailureTime?: string): Chain {
  return {
    certificate: {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata,
      spec: { secretName: 'shop', issuerRef, dnsNames: ['shop.example.com'] },
      status: { conditions, ...(lastFailureTime === undefined ? {} : { lastFailureTime }) },
    },
    issuer: {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'ca' },
      spec: { acme: { server: 'https://ca.example/dir', privateKeySecretRef: { name: 'key' } } },
      status: { conditions: [condition('Ready', 'True', 'ACMEAccountRegistered')] },
    },
    request: undefined,
    order: undefined,
    challenges: [],
    ...change,
  };
}

function order(status: NonNullable<Chain['order']>['status']): Partial<Chain> {
  return {
    order: {
      apiVersion: 'acme.cert-manager.io/v1',
      kind: 'Order',
      metadata: { namespace: 'web', name: 'shop-2-1' },
      spec: { request: '', issuerRef },
      status,
    },
  };
}

const isReady = condition('Ready', 'True', 'Ready');
const hasFailed = condition('Issuing', 'False', 'Failed', 'No certificate was issued. Cause: a storm');

test('Ready, and nothing has failed', () => {
  assert.deepEqual(judge(chain([isReady])), { ready: true });
  assert.deepEqual(judge(chain([isReady, condition('Issuing', 'False', 'Issued')])), { ready: true });
});

test('Ready, and the last renewal has failed: it is ready, and says why it will not be for ever', () => {
  const reason = 'acme: order status: invalid: urn:ietf:params:acme:error:connection: refused';
  const failed = chain([isReady, hasFailed], order({ state: 'invalid', reason }), '2026-11-22T07:00:00Z');
  const verdict = judge(failed);
  assert.equal(verdict.ready, true);
  assert.equal(verdict.at, 'Order web/shop-2-1');
  assert.match(verdict.cause ?? '', /connection: refused$/);
  assert.match(
    verdict.remedy ?? '',
    /^let the CA reach port 80 .* certwright acme renew shop --namespace web$/,
  );
  assert.match(
    renderStatus(failed, verdict, now),
    /Certificate: +web\/shop: Ready, but its renewal failed at 2026-11-22T07:00:00Z/,
  );
  // Its Order is gone: the Certificate remembers.
  const alone = judge(chain([isReady, hasFailed], {}, '2026-11-22T07:00:00Z'));
  assert.equal(alone.cause, 'Failed: No certificate was issued. Cause: a storm');
});

test('an Order that no solver fits is told how to go on', () => {
  const waiting = [condition('Ready', 'False', 'DoesNotExist'), condition('Issuing', 'True', 'DoesNotExist')];
  const { cause, remedy } = judge(
    chain(waiting, order({ state: 'pending', reason: 'no configured solver' })),
  );
  assert.equal(cause, 'no configured solver');
  assert.match(remedy ?? '', /a solver of the issuer or its selector/);
});

test('Challenges that are only being removed are no open names', () => {
  const challenge = (name: string, change: object): Chain['challenges'][number] => ({
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { namespace: 'web', name, ...change },
    spec: {
      authorizationURL: 'https://ca.example/authz/1',
      url: 'https://ca.example/chall/1',
      dnsName: 'shop.example.com',
      type: 'DNS-01',
      token: 't',
      key: 'k',
      wildcard: false,
      solver: {},
      issuerRef,
    },
    status: { state: 'pending', reason: `of ${name}` },
  });
  const challenges = [challenge('old', { deletionTimestamp: '2026-11-22T08:00:00Z' }), challenge('new', {})];
  const waiting = [condition('Ready', 'False', 'DoesNotExist'), condition('Issuing', 'True', 'DoesNotExist')];
  const both = chain(waiting, { ...order({ state: 'pending' }), challenges });
  assert.equal(judge(both).cause, 'of new');
  const text = renderStatus(both, judge(both), now);
  assert.match(text, /Order: +web\/shop-2-1: pending, 0 of 1 open names proven/);
  assert.match(text, /Challenge web\/old \(.*\): is being removed: of old/);
  const issued = chain([isReady], { ...order({ state: 'valid' }), challenges: challenges.slice(0, 1) });
  assert.match(renderStatus(issued, judge(issued), now), /Order: +web\/shop-2-1: valid$/mu);
});
