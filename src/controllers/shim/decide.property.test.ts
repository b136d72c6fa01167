import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { gateway, httpsListener, ingress, issuerAnnotation, SmallWorld } from './sample-objects.ts';
import type { ShimObject } from './shim-object.ts';

const host = fc.constantFrom('a.example', 'b.example', '*.c.example', '10.0.0.1', '');
const secret = fc.constantFrom('s1', 's2', 's3', 'Bad Name', '');
const annotation = fc.record(
  {
    'cert-manager.io/alt-names': fc.constantFrom('x.example', 'x.example, y.example', ''),
    'cert-manager.io/ip-sans': fc.constantFrom('10.0.0.1', '10.0.0.2,::1'),
    'cert-manager.io/email-sans': fc.constantFrom('a@b', 'none'),
    'cert-manager.io/usages': fc.constantFrom('server auth', 'client auth,server auth'),
    'cert-manager.io/subject-organizations': fc.constantFrom('A', 'A,B', '"'),
    'cert-manager.io/subject-serialnumber': fc.constantFrom('1', ''),
    'cert-manager.io/duration': fc.constantFrom('24h', '48h', 'x'),
    'cert-manager.io/renew-before': fc.constantFrom('1h', '10m'),
    'cert-manager.io/private-key-algorithm': fc.constantFrom('RSA', 'ECDSA', 'Ed25519'),
    'cert-manager.io/private-key-size': fc.constantFrom('2048', '256'),
    'cert-manager.io/secret-template': fc.constantFrom('{"labels":{"a":"b"}}', '{"annotations":{"x":"y"}}'),
    'acme.cert-manager.io/http01-edit-in-place': fc.constantFrom('true', 'false'),
    'cert-manager.io/issuer-group': fc.constantFrom('x.io', 'cert-manager.io'),
    'kept/annotation': fc.constantFrom('1', '2'),
  },
  { requiredKeys: [] },
);
const labels = fc.dictionary(fc.constantFrom('app', 'team', '__proto__'), fc.constantFrom('1', '2'));
const anyIngress = fc
  .tuple(
    fc.array(fc.record({ hosts: fc.array(host), secretName: secret }), { maxLength: 4 }),
    annotation,
    labels,
  )
  .map(([tls, annotations, own]) => ingress(tls, { ...issuerAnnotation, ...annotations }, { labels: own }));
const anyGateway = fc
  .tuple(
    fc.array(fc.tuple(host, secret, fc.constantFrom('HTTPS', 'HTTP')), { maxLength: 5 }),
    annotation,
    labels,
  )
  .map(([listeners, annotations, own]) =>
    gateway(
      listeners.map(([name, ref, protocol]) => httpsListener(name, ref, { protocol })),
      { ...issuerAnnotation, ...annotations },
      { labels: own },
    ),
  );

function worldOf(): SmallWorld {
  const world = new SmallWorld();
  world.options = { ...world.options, extraCertificateAnnotations: ['kept/annotation'] };
  return world;
}

function assertNothingLeft(world: SmallWorld, it: ShimObject): void {
  const { create, change, remove } = world.decide(it);
  assert.deepEqual([create, change, remove], [[], [], []]);
}

test('deciding again after acting gives nothing, whatever the objects before were', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyIngress, anyGateway), { minLength: 1, maxLength: 5 }), (objects) => {
      const world = worldOf();
      for (const it of objects) {
        world.act(it);
        assertNothingLeft(world, it);
      }
    }),
    { numRuns: 400 },
  );
});

test('a Certificate is as it would be had the object always been so', () => {
  fc.assert(
    fc.property(anyIngress, anyIngress, (before, after) => {
      const [lived, fresh] = [worldOf(), worldOf()];
      lived.act(before);
      const { warnings } = lived.act(after);
      fresh.act(after);
      // Where a mistake stops everything, or an entry is skipped, what is there stays as it is.
      fc.pre(warnings.length === 0);
      assert.deepEqual(plain(lived), plain(fresh));
    }),
    { numRuns: 400 },
  );
});

/** Keys of Ed25519 have no size: one that stands there all the same is left. */
function plain(world: SmallWorld): unknown {
  for (const { spec } of world.certificates.values())
    if (spec.privateKey?.algorithm === 'Ed25519') delete spec.privateKey.size;
  return new Map([...world.certificates].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test('fields of others outlive any change of the object', () => {
  fc.assert(
    fc.property(anyIngress, anyIngress, (before, after) => {
      const world = worldOf();
      world.act(before, undefined, false);
      for (const certificate of world.certificates.values()) {
        certificate.spec.keystores = { jks: { create: true } };
        certificate.spec.revisionHistoryLimit = 9;
        certificate.metadata!.labels = { ...certificate.metadata!.labels, theirs: 'x' };
      }
      const kept = new Set(world.certificates.keys());
      world.act(after, undefined, false);
      for (const [name, { spec, metadata }] of world.certificates) {
        if (!kept.has(name)) continue;
        assert.deepEqual(spec.keystores, { jks: { create: true } });
        assert.equal(spec.revisionHistoryLimit, 9);
        assert.equal(metadata?.labels?.['theirs'], 'x');
      }
    }),
    { numRuns: 200 },
  );
});
