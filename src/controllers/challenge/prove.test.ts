/** A Challenge passes only as it was made: whatever single thing differs is an objection, before anything is read or called. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, constantFrom, property, string } from 'fast-check';
import { dns01Value } from '../../acme/challenge-values.ts';
import type { Challenge, ChallengeSpec } from '../../api/challenge.ts';
import type { Solver } from '../../api/solver.ts';
import type { OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import {
  objectionToIssuer,
  objectionToKey,
  objectionToOrder,
  objectionToOwner,
  sameIssuer,
  type OrderOwner,
} from './prove.ts';

const issuerRef = { name: 'acme', kind: 'ClusterIssuer', group: 'cert-manager.io' };
const solver = { dns01: { cloudflare: { apiTokenSecretRef: { name: 'token', key: 'api' } } } };
const keyAuthorization = (token: string): string => `${token}.thumbprint`;

const spec: ChallengeSpec = {
  url: 'https://ca.example/challenge/1',
  authorizationURL: 'https://ca.example/authorization/1',
  dnsName: 'example.com',
  wildcard: false,
  type: 'DNS-01',
  token: 'a-token',
  key: dns01Value(keyAuthorization('a-token')),
  solver,
  issuerRef,
};
const challenge: Challenge = {
  apiVersion: 'acme.cert-manager.io/v1',
  kind: 'Challenge',
  metadata: {
    name: 'c',
    namespace: 'shop',
    ownerReferences: [
      { apiVersion: 'acme.cert-manager.io/v1', kind: 'Order', name: 'o', uid: 'order', controller: true },
    ],
  },
  spec,
};
const order: OrderFacts = {
  metadata: {
    name: 'o',
    namespace: 'shop',
    uid: 'order',
    ownerReferences: [
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'CertificateRequest',
        name: 'r',
        uid: 'request',
        controller: true,
      },
    ],
  },
  spec: { issuerRef, request: 'csr' },
  status: {
    url: 'https://ca.example/order/1',
    authorizations: [
      {
        url: spec.authorizationURL,
        identifier: 'example.com',
        wildcard: false,
        challenges: [{ url: spec.url, token: spec.token, type: 'dns-01' }],
      },
    ],
  },
  issued: false,
};
const issuer = {
  metadata: { name: 'acme' },
  spec: {
    acme: {
      server: 'https://ca.example/directory',
      privateKeySecretRef: { name: 'account' },
      solvers: [solver],
    },
  },
} as AnyIssuer;
const owner: OrderOwner = { uid: 'request', issuerRef, request: 'csr', approved: true };

function objection(change: Partial<ChallengeSpec>): string | undefined {
  const changed = { ...challenge, spec: { ...spec, ...change } };
  return (
    objectionToOrder(changed, order) ??
    objectionToOwner(order, owner) ??
    objectionToIssuer(changed, order, issuer) ??
    objectionToKey(changed, keyAuthorization)
  );
}

test('as it was made there is no objection', () => assert.equal(objection({}), undefined));

test('every other text in every field is an objection', () => {
  const fields = ['url', 'authorizationURL', 'dnsName', 'token', 'key'] as const;
  check(
    property(constantFrom(...fields), string(), (field, value) => {
      if (value !== spec[field]) assert.notEqual(objection({ [field]: value }), undefined, field);
    }),
  );
});

const others: readonly Partial<ChallengeSpec>[] = [
  { wildcard: true },
  { type: 'HTTP-01' },
  { type: 'DNS-PERSIST-01' },
  { issuerRef: { ...issuerRef, kind: 'Issuer' } },
  { issuerRef: { ...issuerRef, group: 'example.com' } },
  { solver: { dns01: { cloudflare: { apiTokenSecretRef: { name: 'token', key: 'other' } } } } },
  { solver: { dns01: { ...solver.dns01, cnameStrategy: 'Follow' } } },
  { solver: { ...solver, waitInsteadOfSelfCheck: '0s' } },
  { solver: { http01: { ingress: {} } } },
];
for (const change of others)
  test(`an objection: ${JSON.stringify(change)}`, () => assert.notEqual(objection(change), undefined));

test('an objection: an owner that is not the Order that it was made for, or needs it no more', () => {
  const [owns] = challenge.metadata?.ownerReferences ?? [];
  const of = (change: object): Challenge => ({
    ...challenge,
    metadata: { ...challenge.metadata, ownerReferences: [{ ...owns!, ...change }] },
  });
  const cases: readonly [Challenge, OrderFacts | undefined, RegExp][] = [
    [of({ kind: 'CertificateRequest' }), order, /no Order controls it/u],
    [of({ apiVersion: 'example.com/v1' }), order, /no Order controls it/u],
    [of({ controller: false }), order, /no Order controls it/u],
    [of({ uid: 'before' }), order, /another one than it was made for/u],
    [challenge, undefined, /does not exist/u],
    [challenge, { ...order, issued: true }, /has its certificate/u],
  ];
  for (const [asked, its, says] of cases) assert.match(objectionToOrder(asked, its) ?? '', says);
});

test('an objection: an offer of the CA of another type, or a token that is none', () => {
  const offers = (type: string, token: string): OrderFacts => ({
    ...order,
    status: {
      ...order.status,
      authorizations: [
        { ...order.status!.authorizations![0]!, challenges: [{ url: spec.url, token, type }] },
      ],
    },
  });
  const asks = (token: string): Challenge => ({ ...challenge, spec: { ...spec, token } });
  assert.equal(objectionToOrder(challenge, offers('dns-01', spec.token)), undefined);
  assert.match(objectionToOrder(challenge, offers('http-01', spec.token)) ?? '', /offered no DNS-01/u);
  assert.match(objectionToOrder(asks('other'), offers('dns-01', spec.token)) ?? '', /offered no DNS-01/u);
  assert.match(objectionToOrder(asks('a/b'), offers('dns-01', 'a/b')) ?? '', /its token is none/u);
  assert.match(objectionToOrder(asks(''), offers('dns-01', '')) ?? '', /it has no token/u);
});

test('an objection: its spec was changed after it was made', () => {
  const changed = { ...challenge, metadata: { ...challenge.metadata, generation: 2 } };
  assert.match(objectionToOrder(changed, order) ?? '', /spec was changed/u);
});

test('an objection: the spec of its Order was changed after it was made', () => {
  const edited = { ...order, metadata: { ...order.metadata, generation: 2 } };
  assert.match(objectionToOrder(challenge, edited) ?? '', /its Order o was changed after it was made/u);
  assert.match(objectionToOwner(edited, owner) ?? '', /its Order o was changed after it was made/u);
  const leaving = { ...edited.metadata, deletionTimestamp: '2026-11-22T08:00:00Z' };
  assert.equal(
    objectionToOwner({ ...order, metadata: leaving }, owner),
    undefined,
    'a deletion is no change',
  );
});

test('an objection: another solver of the issuer than the one that is for this name', () => {
  const http = { http01: { ingress: {} } };
  const elsewhere = { selector: { dnsNames: ['other.example'] }, ...solver };
  const labelled = { selector: { matchLabels: { team: 'a' } }, ...solver };
  const has = (...solvers: Solver[]): AnyIssuer =>
    ({ ...issuer, spec: { acme: { ...issuer.spec.acme, solvers } } }) as AnyIssuer;
  const asks = (its: Solver): Challenge => ({ ...challenge, spec: { ...spec, solver: its } });
  const not = /but not the one that is for "example.com"/u;
  assert.match(objectionToIssuer(asks(elsewhere), order, has(http, elsewhere)) ?? '', not);
  assert.match(objectionToIssuer(asks(labelled), order, has(http, labelled)) ?? '', not);
  const team = { ...order, metadata: { ...order.metadata, labels: { team: 'a' } } };
  assert.equal(objectionToIssuer(asks(labelled), team, has(http, labelled)), undefined);
  assert.match(objectionToIssuer(asks(solver), team, has(solver, labelled)) ?? '', not);
});

test('an objection: another of the challenges that the CA offers than the solver is for', () => {
  const offers = [
    { url: 'https://ca.example/challenge/0', token: 'first', type: 'dns-01' },
    { url: spec.url, token: spec.token, type: 'dns-01' },
  ];
  const [authorization] = order.status?.authorizations ?? [];
  const twice = {
    ...order,
    status: { ...order.status, authorizations: [{ ...authorization!, challenges: offers }] },
  };
  assert.match(objectionToIssuer(challenge, twice, issuer) ?? '', /not the one that is for/u);
});

test('a duration is the same however it is written', () => {
  const waits = (text: string): Challenge => ({
    ...challenge,
    spec: { ...spec, solver: { ...solver, waitInsteadOfSelfCheck: text } },
  });
  const patient = {
    ...issuer,
    spec: { acme: { ...issuer.spec.acme, solvers: [{ ...solver, waitInsteadOfSelfCheck: '90s' }] } },
  } as AnyIssuer;
  assert.equal(objectionToIssuer(waits('1m30s'), order, patient), undefined);
  assert.notEqual(objectionToIssuer(waits('1m31s'), order, patient), undefined);
});

test('addresses of the CA are those of the directory, or of where the Order was placed', () => {
  const at = (url: string): Challenge => ({ ...challenge, spec: { ...spec, url } });
  assert.equal(objectionToIssuer(challenge, order, issuer), undefined);
  for (const url of [
    'http://ca.example/challenge/1',
    'https://ca.example:444/challenge/1',
    'https://ca.example.evil.example/challenge/1',
    'https://ca.example@evil.example/',
    'file:///etc/passwd',
    'nonsense',
  ])
    assert.match(objectionToIssuer(at(url), order, issuer) ?? '', /is not at the CA/u, url);
  const url = 'https://orders.ca.example/c/1';
  const [authorization] = order.status?.authorizations ?? [];
  const authorizations = [{ ...authorization!, challenges: [{ url, token: spec.token, type: 'dns-01' }] }];
  const elsewhere = { ...order, status: { url: 'https://orders.ca.example/1', authorizations } };
  assert.equal(objectionToIssuer(at(url), elsewhere, issuer), undefined);
});

test('which Ingress and which Gateway answers may be chosen by annotations, and nothing else', () => {
  const withSolver = (ingress: object): AnyIssuer =>
    ({ ...issuer, spec: { acme: { ...issuer.spec.acme, solvers: [{ http01: { ingress } }] } } }) as AnyIssuer;
  const asks = (ingress: object): Challenge => ({
    ...challenge,
    spec: { ...spec, type: 'HTTP-01', solver: { http01: { ingress } } },
  });
  const [authorization] = order.status?.authorizations ?? [];
  const offer = { url: spec.url, token: spec.token, type: 'http-01' };
  const web = {
    ...order,
    status: { ...order.status, authorizations: [{ ...authorization!, challenges: [offer] }] },
  };
  const set = withSolver({ ingressClassName: 'nginx', serviceType: 'ClusterIP' });
  assert.equal(objectionToIssuer(asks({ name: 'web', serviceType: 'ClusterIP' }), web, set), undefined);
  assert.equal(objectionToIssuer(asks({ class: 'x', serviceType: 'ClusterIP' }), web, set), undefined);
  assert.match(
    objectionToIssuer(asks({ name: 'web', serviceType: 'NodePort' }), web, set) ?? '',
    /solver is none/u,
  );
  const pod = { podTemplate: { spec: { serviceAccountName: 'admin' } } };
  assert.match(
    objectionToIssuer(asks({ serviceType: 'ClusterIP', ...pod }), web, set) ?? '',
    /solver is none/u,
  );
});

test('an Order is as good as the request that it was made for', () => {
  const cases: readonly [Partial<OrderOwner> | undefined, RegExp][] = [
    [undefined, /does not exist/u],
    [{ uid: 'another' }, /does not exist/u],
    [{ approved: false }, /not approved/u],
    [{ issuerRef: { name: 'other' } }, /another issuer/u],
    [{ request: 'another' }, /another signing request/u],
  ];
  for (const [change, says] of cases)
    assert.match(
      objectionToOwner(order, change === undefined ? undefined : { ...owner, ...change }) ?? '',
      says,
    );
  assert.equal(
    objectionToOwner(order, { ...owner, request: '' }),
    undefined,
    'a request whose certificate is issued',
  );
  assert.match(objectionToOwner({ ...order, metadata: { name: 'o' } }, owner) ?? '', /no request controls/u);
});

test('references to issuers are compared with their defaults', () => {
  assert.ok(sameIssuer({ name: 'a' }, { name: 'a', kind: 'Issuer', group: 'cert-manager.io' }));
  assert.ok(sameIssuer({ name: 'a', kind: '', group: '' }, { name: 'a' }));
  assert.ok(!sameIssuer({ name: 'a' }, { name: 'a', kind: 'ClusterIssuer' }));
});
