/** Orders and Challenges and what cannot change on them once it is set. */
import type { AdmissionCase } from './admission-case.ts';

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

const orders: [string, object, string[]][] = [
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

export const orderCases: AdmissionCase[] = orders
  .map(([title, object, paths]) => ({ title, object, oldObject: order as object, paths }))
  .concat({
    title: 'what was not set can be set once',
    object: order,
    oldObject: { spec: order.spec, status: {} },
    paths: [],
  })
  .map(({ paths, ...write }) => ({
    ...write,
    group: 'order updates',
    kind: 'Order',
    expected: paths.map((path) => `${path}: ${detail}`),
  }));

const challenge = {
  spec: { url: 'u', wildcard: false, solver: { http01: { ingress: {} }, waitInsteadOfSelfCheck: '60s' } },
};

const challenges: [string, object, string[]][] = [
  [
    'what a typed client writes back is no change',
    {
      spec: { url: 'u', solver: { http01: { ingress: {} }, waitInsteadOfSelfCheck: '1m0s' } },
      status: { state: 'valid' },
    },
    [],
  ],
  ...[
    { url: 'x' },
    { wildcard: true },
    { solver: { ...challenge.spec.solver, http01: { ingress: { name: 'x' } } } },
    { solver: { ...challenge.spec.solver, dns01: { cnameStrategy: 'Follow' } } },
    { solver: { ...challenge.spec.solver, tlsALPN01: { gatewayTLSRoute: { labels: { a: 'b' } } } } },
    { solver: { ...challenge.spec.solver, dnsPersist01: { issuerDomainName: 'ca.example' } } },
    { solver: { ...challenge.spec.solver, waitInsteadOfSelfCheck: '0s' } },
    { solver: { ...challenge.spec.solver, selector: { dnsZones: ['a'] } } },
  ].map((change): [string, object, string[]] => [
    `the spec may not change: ${JSON.stringify(change).slice(0, 200)}`,
    { spec: { ...challenge.spec, ...change } },
    ['spec: Forbidden: challenge spec is immutable after creation'],
  ]),
];

export const challengeCases: AdmissionCase[] = challenges.map(([title, object, expected]) => ({
  group: 'challenge updates',
  title,
  kind: 'Challenge',
  object,
  oldObject: challenge,
  expected,
}));
