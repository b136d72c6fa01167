/** The solver's Ingress, and the path in somebody else's (spec/acme.md §8.5, §8.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Ingress, IngressRule } from '../../api/routes.ts';
import { identityLabels } from './identity.ts';
import { backendOf, solverIngress, withoutSolverPath, withSolverPath } from './solver-ingress.ts';
import { sampleChallenge, sampleSettings, token } from './testing/sample-challenge.ts';

const path = `/.well-known/acme-challenge/${token}`;
const openToAll = { 'nginx.ingress.kubernetes.io/whitelist-source-range': '0.0.0.0/0,::/0' };

test('class, class name, neither, and never both', () => {
  const named = solverIngress(
    sampleChallenge({ ingress: { ingressClassName: 'traefik' } }),
    's',
    sampleSettings(),
  );
  assert.equal(named.spec?.ingressClassName, 'traefik');
  assert.deepEqual(named.metadata?.annotations, openToAll);
  assert.deepEqual(named.spec?.rules, [
    {
      host: 'www.example.com',
      http: {
        paths: [{ path, pathType: 'Exact', backend: { service: { name: 's', port: { number: 8089 } } } }],
      },
    },
  ]);
  assert.equal(backendOf(named), 's');
  const annotated = solverIngress(sampleChallenge({ ingress: { class: 'nginx' } }), 's', sampleSettings());
  assert.equal(annotated.spec?.ingressClassName, undefined);
  assert.deepEqual(annotated.metadata?.annotations, { ...openToAll, 'kubernetes.io/ingress.class': 'nginx' });
  const bare = solverIngress(sampleChallenge({ ingress: {} }), 's', sampleSettings({ pathTypeExact: false }));
  assert.equal(bare.spec?.rules?.[0]?.http?.paths[0]?.pathType, 'ImplementationSpecific');
  assert.deepEqual(bare.metadata?.annotations, openToAll);
  assert.throws(
    () =>
      solverIngress(
        sampleChallenge({ ingress: { class: 'a', ingressClassName: 'b' } }),
        's',
        sampleSettings(),
      ),
    /ingressClassName and class cannot be set at the same time/,
  );
});

test('a template overlays; its own source range replaces ours, whoever reads it', () => {
  const template = (annotations: Record<string, string>) =>
    sampleChallenge({ ingress: { ingressTemplate: { metadata: { annotations, labels: { team: 'web' } } } } });
  const plain = solverIngress(template({ note: 'x' }), 's', sampleSettings());
  assert.deepEqual(plain.metadata?.annotations, { ...openToAll, note: 'x' });
  assert.deepEqual(plain.metadata?.labels, { team: 'web', ...identityLabels(template({})) });
  const limited = { 'other.example.com/whitelist-source-range': '192.0.2.0/24' };
  assert.deepEqual(solverIngress(template(limited), 's', sampleSettings()).metadata?.annotations, limited);
});

test('an address has no host', () => {
  const challenge = sampleChallenge({ ingress: {} }, { dnsName: '2001:db8::1' });
  assert.deepEqual(Object.keys(solverIngress(challenge, 's', sampleSettings()).spec?.rules?.[0] ?? {}), [
    'http',
  ]);
});

test('another backend at the path is replaced, and comes first', () => {
  const challenge = sampleChallenge({ ingress: { name: 'web' } });
  const other = { path, pathType: 'Exact', backend: { service: { name: 'old', port: { number: 8089 } } } };
  const root = { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } };
  const ingress: Ingress = { spec: { rules: [{ host: 'www.example.com', http: { paths: [root, other] } }] } };
  const edited = withSolverPath(ingress, challenge, 's', sampleSettings());
  assert.deepEqual(
    edited?.spec?.rules?.[0]?.http?.paths.map((one) => [one.path, one.backend.service?.name]),
    [
      [path, 's'],
      ['/', 'web'],
    ],
  );
  assert.deepEqual(ingress.spec?.rules?.[0]?.http?.paths.length, 2, 'the given object was changed');
});

const paths = fc.uniqueArray(fc.constantFrom('/', '/a', '/b', '/c'), { maxLength: 4 });
const rule: fc.Arbitrary<IngressRule> = fc.record({
  host: fc.constantFrom('www.example.com', 'a.example.com', 'b.example.com'),
  http: fc.record({
    paths: paths
      .filter((all) => all.length > 0)
      .map((all) =>
        all.map((one) => ({
          path: one,
          pathType: 'Prefix',
          backend: { service: { name: 'web', port: { number: 80 } } },
        })),
      ),
  }),
});

test('put in and taken out again, any Ingress is what it was; twice is as once', () => {
  const challenge = sampleChallenge({ ingress: { name: 'web' } });
  fc.assert(
    fc.property(fc.uniqueArray(rule, { maxLength: 4, selector: ({ host }) => host }), (rules) => {
      const spec = { ingressClassName: 'x', rules: structuredClone(rules) };
      const before: Ingress = { metadata: { name: 'web' }, spec };
      const edited = withSolverPath(before, challenge, 's', sampleSettings());
      assert.ok(edited !== undefined);
      assert.equal(withSolverPath(edited, challenge, 's', sampleSettings()), undefined);
      assert.deepEqual(withoutSolverPath(edited, challenge), before);
      assert.equal(withoutSolverPath(before, challenge), undefined);
    }),
  );
});
