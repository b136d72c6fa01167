import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import { solverSchema } from '../../api/solver.ts';
import type { Order } from '../../api/order.ts';
import type { Solver } from '../../api/solver.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import type { GoShape } from '../../issuers/acme/object-name.ts';
import { challengeName, newChallenge, SolverChoiceError, wantedChallenge } from './new-challenge.ts';
import { OverrideError, overrideSolver } from './solver-overrides.ts';
import { solverShape } from './solver-shape.ts';

const fixtures = new URL('../../../../shared/fixtures/cert-manager-1.21-acme/', import.meta.url);

test('Challenges are those that cert-manager makes of the same Orders', (t) => {
  if (!existsSync(fixtures)) {
    t.diagnostic('left out: ../shared/fixtures is not there');
    return;
  }
  const read = <T>(file: string): T[] =>
    (JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')) as { items: T[] }).items;
  const orders = read<Order>('orders.json');
  const issuers = read<AnyIssuer>('clusterissuers.json');
  const challenges = read<Challenge>('challenges.json');
  assert.ok(challenges.length >= 2);
  for (const theirs of challenges) {
    const owner = theirs.metadata?.ownerReferences?.[0]?.uid;
    const order = orders.find(({ metadata }) => metadata?.uid === owner)!;
    const issuer = issuers.find(({ metadata }) => metadata?.name === order.spec.issuerRef.name)!;
    const authorization = order.status!.authorizations!.find(
      ({ url }) => url === theirs.spec.authorizationURL,
    )!;
    const wanted = wantedChallenge(order, authorization, issuer.spec.acme?.solvers ?? []);
    const ours = newChallenge(order, wanted, theirs.spec.key);
    assert.deepEqual(ours.spec, theirs.spec);
    assert.equal(ours.metadata?.name, theirs.metadata?.name);
    assert.deepEqual(ours.metadata?.ownerReferences, theirs.metadata?.ownerReferences);
    assert.deepEqual([theirs.metadata?.labels, theirs.metadata?.annotations], [undefined, undefined]);
  }
});

test('the shape that goes into names has every field of a solver', () => {
  const missing: string[] = [];
  const compare = (schema: { properties?: Record<string, object> }, shape: GoShape, path: string): void => {
    for (const [field, inner] of Object.entries(schema.properties ?? {})) {
      const how = shape[field];
      if (how === undefined) missing.push(`${path}.${field}`);
      else if (typeof how === 'object') {
        const under = 'always' in how ? how.always : 'each' in how ? how.each : how;
        const target = 'items' in inner ? (inner.items as object) : inner;
        compare(target, under as GoShape, `${path}.${field}`);
      }
    }
  };
  compare(solverSchema, solverShape, 'solver');
  assert.deepEqual(missing, []);
});

const order: Order = {
  metadata: { name: 'web-1-2', namespace: 'shop', uid: 'u' },
  spec: { request: '', issuerRef: { name: 'acme' } },
};
const authorization = {
  url: 'https://ca.example/authz/1',
  identifier: 'a.example',
  wildcard: false,
  challenges: [{ url: 'https://ca.example/chall/1', token: 'tok_en-1', type: 'http-01' }],
};

test('the solver goes into the name: changing it makes another Challenge', () => {
  const name = (solver: Solver): string => wantedChallenge(order, authorization, [solver]).name;
  const plain = name({ http01: { ingress: {} } });
  assert.equal(name({ http01: { ingress: { name: '' } } }), plain);
  assert.notEqual(name({ http01: { ingress: { ingressClassName: '' } } }), plain);
  assert.notEqual(name({ http01: { ingress: {} }, selector: { dnsNames: ['a.example'] } }), plain);
  assert.match(plain, /^web-1-2-\d+$/u);
  const waits = wantedChallenge(order, authorization, [{ http01: {}, waitInsteadOfSelfCheck: '90s' }]);
  assert.equal(waits.spec.solver.waitInsteadOfSelfCheck, '1m30s');
  assert.equal(challengeName('web-1-2', waits.spec), waits.name);
});

test('what cannot be solved is said with what the CA offers; bad tokens are not used', () => {
  assert.throws(
    () => wantedChallenge(order, authorization, [{ dns01: {} }]),
    (error) => error instanceof SolverChoiceError && /the CA offers http-01/u.test(error.message),
  );
  const bad = { ...authorization, challenges: [{ ...authorization.challenges[0]!, token: '../x' }] };
  assert.throws(() => wantedChallenge(order, bad, [{ http01: {} }]), SolverChoiceError);
});

const prefix = 'acme.cert-manager.io/http01-';
const ingress = { serviceType: 'ClusterIP', name: 'old' };
const overrides: [
  title: string,
  solver: Solver,
  annotations: Record<string, string> | undefined,
  expected: object | string,
][] = [
  ['nothing asked', { http01: { ingress } }, {}, { http01: { ingress } }],
  [
    'a name clears the class',
    { http01: { ingress: { class: 'nginx', serviceType: 'ClusterIP' } } },
    { [`${prefix}override-ingress-name`]: 'web' },
    { http01: { ingress: { serviceType: 'ClusterIP', name: 'web' } } },
  ],
  [
    'a class clears the name',
    { http01: { ingress } },
    { [`${prefix}override-ingress-class`]: 'traefik' },
    { http01: { ingress: { serviceType: 'ClusterIP', class: 'traefik' } } },
  ],
  [
    'an ingressClassName likewise',
    { http01: { ingress } },
    { [`${prefix}override-ingress-ingressclassname`]: 'traefik' },
    { http01: { ingress: { serviceType: 'ClusterIP', ingressClassName: 'traefik' } } },
  ],
  [
    'an empty one is there, too, and clears what the issuer says',
    { http01: { ingress } },
    { [`${prefix}override-ingress-name`]: '' },
    { http01: { ingress: { serviceType: 'ClusterIP', name: '' } } },
  ],
  [
    'two at once, one of them empty',
    { http01: { ingress } },
    { [`${prefix}override-ingress-class`]: '', [`${prefix}override-ingress-name`]: 'b' },
    'may not specify more than one of: name, class, ingressClassName override annotations',
  ],
  [
    'two at once',
    { http01: { ingress } },
    { [`${prefix}override-ingress-class`]: 'a', [`${prefix}override-ingress-name`]: 'b' },
    'may not specify more than one of: name, class, ingressClassName override annotations',
  ],
  [
    'no use for other solvers',
    { dns01: {} },
    { [`${prefix}override-ingress-class`]: 'a', [`${prefix}override-ingress-name`]: 'b' },
    { dns01: {} },
  ],
  [
    'a parent is added in the namespace of the Order',
    { http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'one' }] } } },
    { [`${prefix}parentrefname`]: 'two', [`${prefix}parentrefkind`]: 'Gateway' },
    {
      http01: {
        gatewayHTTPRoute: {
          parentRefs: [{ name: 'one' }, { name: 'two', namespace: 'shop', kind: 'Gateway' }],
        },
      },
    },
  ],
  [
    'the same parent is not there twice',
    { http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'g', namespace: 'infra' }] } } },
    {
      [`${prefix}parentrefname`]: 'g',
      [`${prefix}parentrefkind`]: 'Gateway',
      [`${prefix}parentrefnamespace`]: 'infra',
    },
    { http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'g', namespace: 'infra', kind: 'Gateway' }] } } },
  ],
  [
    'a parent of the same name and another kind stays',
    {
      http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'g', namespace: 'shop', kind: 'ListenerSet' }] } },
    },
    { [`${prefix}parentrefname`]: 'g', [`${prefix}parentrefkind`]: 'Gateway' },
    {
      http01: {
        gatewayHTTPRoute: {
          parentRefs: [
            { name: 'g', namespace: 'shop', kind: 'ListenerSet' },
            { name: 'g', namespace: 'shop', kind: 'Gateway' },
          ],
        },
      },
    },
  ],
  [
    'a name without a kind',
    { http01: { gatewayHTTPRoute: {} } },
    { [`${prefix}parentrefname`]: 'g' },
    'cannot specify only one of parentRefName, parentRefKind override annotations',
  ],
  [
    'no parent at all',
    { http01: { gatewayHTTPRoute: {} } },
    {},
    'must specify parentRefs either through annotations or solver config',
  ],
  [
    'no annotations at all: not looked at',
    { http01: { gatewayHTTPRoute: {} } },
    undefined,
    { http01: { gatewayHTTPRoute: {} } },
  ],
];
for (const [title, solver, annotations, expected] of overrides) {
  test(`override annotations: ${title}`, () => {
    const run = (): Solver => overrideSolver(solver, annotations, 'shop');
    if (typeof expected === 'string')
      assert.throws(run, (error) => error instanceof OverrideError && error.message === expected);
    else assert.deepEqual(run(), expected);
  });
}
