import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Condition } from '../../api/meta.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { decide, type RequestFacts } from './decide.ts';

const types = createIssuerTypes();
const ready: Condition = { type: 'Ready', status: 'True' };

function request(
  conditions: Condition[] = [],
  issuerRef: CertificateRequest['spec']['issuerRef'] = { name: 'ca' },
): CertificateRequest {
  return {
    metadata: { namespace: 'shop', name: 'web-1' },
    spec: { issuerRef, request: '' },
    status: { conditions },
  };
}

function facts(change: Partial<RequestFacts> & { issuer?: AnyIssuer }): RequestFacts {
  const issuer =
    'issuer' in change
      ? change.issuer
      : { metadata: { name: 'ca' }, spec: { ca: { secretName: 's' } }, status: { conditions: [ready] } };
  return {
    request: request(),
    resolved: issuer === undefined ? undefined : types.resolve(issuer),
    approver: true,
    signers: new Set(['ca', 'selfsigned']),
    claimed: false,
    ...change,
    issuer,
  };
}

test('an ordinary request is approved and signed at once', () => {
  const decision = decide(facts({}));
  assert.equal(decision.do, 'sign');
  assert.equal(decision.do === 'sign' && decision.approve, true);
});

test('what the fast path works on, or is being deleted, is left alone', () => {
  assert.equal(decide(facts({ claimed: true })).do, 'nothing');
  const deleted = { ...request(), metadata: { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.equal(decide(facts({ request: deleted })).do, 'nothing');
});

test('a foreign group is approved and not touched otherwise', () => {
  const foreign = { name: 'x', kind: 'Thing', group: 'example.com' };
  assert.equal(decide(facts({ request: request([], foreign) })).do, 'approve');
  assert.equal(decide(facts({ request: request([], foreign), approver: false })).do, 'nothing');
  assert.equal(
    decide(facts({ request: request([{ type: 'Denied', status: 'True' }], foreign) })).do,
    'nothing',
  );
});

test('without approver a request waits for approval and is signed after it', () => {
  assert.equal(decide(facts({ approver: false })).do, 'wait-for-approval');
  const approved = request([{ type: 'Approved', status: 'True' }]);
  const decision = decide(facts({ approver: false, request: approved }));
  assert.equal(decision.do === 'sign' && decision.approve, false);
});

test('a denial is closed once', () => {
  const denied: Condition = { type: 'Denied', status: 'True' };
  assert.equal(decide(facts({ request: request([denied]) })).do, 'close-denied');
  const closed = request([denied, { type: 'Ready', status: 'False', reason: 'Denied' }]);
  assert.equal(decide(facts({ request: closed })).do, 'nothing');
});

test('a denial counts even beside an approval', () => {
  const both: Condition[] = [
    { type: 'Approved', status: 'True' },
    { type: 'Denied', status: 'True' },
  ];
  assert.equal(decide(facts({ request: request(both) })).do, 'close-denied');
});

test('finished requests stay as they are', () => {
  for (const reason of ['Issued', 'Failed']) {
    assert.equal(
      decide(facts({ request: request([{ type: 'Ready', status: 'False', reason }]) })).do,
      'nothing',
    );
  }
});

for (const [title, change, reason, message] of [
  ['no issuer', { issuer: undefined }, 'IssuerNotFound', /Issuer "ca" not found in namespace shop/],
  ['no type', { issuer: { spec: {} } }, 'IssuerTypeMissing', /configures no issuer type/],
  [
    'a type that is not included',
    { issuer: { spec: { vault: { path: 'p', server: 's', auth: {} } } } },
    'IssuerNotReady',
    /type vault, which this version does not include/,
  ],
  [
    'an issuer that is not Ready',
    {
      issuer: {
        spec: { selfSigned: {} },
        status: { conditions: [{ type: 'Ready', status: 'False', message: 'broken' }] },
      },
    },
    'IssuerNotReady',
    /not Ready: broken/,
  ],
  [
    'an unknown kind',
    { request: request([], { name: 'ca', kind: 'Isuer' }) },
    'IssuerNotFound',
    /"Isuer" is not known/,
  ],
  [
    'a ClusterIssuer in a single namespace',
    { request: request([], { name: 'ca', kind: 'ClusterIssuer' }), namespace: 'shop' },
    'IssuerNotFound',
    /serves namespace shop only/,
  ],
] as const satisfies readonly (readonly [string, Partial<RequestFacts>, string, RegExp])[]) {
  test(`${title} leaves the request Pending with the cause`, () => {
    const decision = decide(facts(change));
    assert.equal(decision.do, 'pending');
    if (decision.do !== 'pending') return;
    assert.equal(decision.reason, reason);
    assert.match(decision.message, message);
    assert.equal(decision.approve, true);
  });
}
