/** The HTTPRoute, and when a stored one does what is wanted (spec/acme.md §8.7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRoute } from '../../api/routes.ts';
import { sameRoute, solverRoute, updatedRoute } from './solver-route.ts';
import { sampleChallenge, sampleSettings, token } from './testing/sample-challenge.ts';

const parentRefs = [{ name: 'edge' }];
const wanted = solverRoute(
  sampleChallenge({ gatewayHTTPRoute: { parentRefs, labels: { team: 'web' } } }),
  'svc',
  sampleSettings(),
);

test('one rule for the token, to the Service', () => {
  assert.deepEqual(wanted.spec, {
    parentRefs,
    hostnames: ['www.example.com'],
    rules: [
      {
        matches: [{ path: { type: 'Exact', value: `/.well-known/acme-challenge/${token}` } }],
        backendRefs: [{ group: '', kind: 'Service', name: 'svc', namespace: 'shop', port: 8089, weight: 1 }],
      },
    ],
  });
  const address = sampleChallenge({ gatewayHTTPRoute: { parentRefs } }, { dnsName: '192.0.2.1' });
  assert.ok(!('hostnames' in (solverRoute(address, 'svc', sampleSettings()).spec ?? {})));
});

/** The route as a server gives it back, changed. */
function stored(change: (route: HttpRoute) => void): HttpRoute {
  const route = structuredClone(wanted);
  Object.assign(route.metadata ?? {}, { name: 'x', uid: 'u', resourceVersion: '7' });
  Object.assign(route.spec?.parentRefs?.[0] ?? {}, { group: 'gateway.networking.k8s.io', kind: 'Gateway' });
  change(route);
  return route;
}

test('defaults of the server and labels of others make no difference', () => {
  assert.ok(
    sameRoute(
      stored(() => undefined),
      wanted,
    ),
  );
  assert.ok(
    sameRoute(
      stored((route) => {
        Object.assign(route.metadata?.labels ?? {}, { 'argocd.argoproj.io/instance': 'x' });
        Object.assign(route.spec?.rules?.[0] ?? {}, { timeouts: { request: '10s' }, name: 'rule-0' });
      }),
      wanted,
    ),
  );
});

test('what changes where requests go does', () => {
  const changes: ((route: HttpRoute) => void)[] = [
    (route) => delete route.spec?.hostnames,
    (route) => route.spec?.hostnames?.push('more.example.com'),
    (route) => route.spec?.parentRefs?.pop(),
    (route) => Object.assign(route.spec?.rules?.[0]?.backendRefs?.[0] ?? {}, { name: 'other' }),
    (route) => Object.assign(route.spec?.rules?.[0] ?? {}, { filters: [{ type: 'RequestRedirect' }] }),
    (route) => Object.assign(route.metadata?.labels ?? {}, { team: 'ops' }),
  ];
  for (const change of changes) {
    const route = stored(change);
    assert.ok(!sameRoute(route, wanted), change.toString());
    assert.ok(sameRoute(updatedRoute(route, wanted), wanted), change.toString());
  }
});

test('hostnames that nobody asked for narrow a route to an address', () => {
  const address = solverRoute(
    sampleChallenge({ gatewayHTTPRoute: { parentRefs } }, { dnsName: '192.0.2.1' }),
    'svc',
    sampleSettings(),
  );
  const narrowed = structuredClone(address);
  Object.assign(narrowed.spec ?? {}, { hostnames: ['a.example.com'] });
  assert.ok(!sameRoute(narrowed, address));
});
