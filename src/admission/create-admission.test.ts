import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { certificateSpecSchema } from '../api/certificate.ts';
import { certificates, secrets } from '../api/resources.ts';
import { createAdmission } from './create-admission.ts';
import { resourceOf, review, user } from './sample-review.ts';

const kinds = ['Certificate', 'CertificateRequest', 'Issuer', 'ClusterIssuer', 'Order', 'Challenge'];

describe('admission', () => {
  test('leaves other kinds and deletions alone', async () => {
    const admit = createAdmission();
    const object = { metadata: { name: 'a' } };
    assert.deepEqual(await admit({ operation: 'CREATE', resource: secrets, user, object }), {
      allowed: true,
    });
    assert.deepEqual(await admit({ operation: 'DELETE', resource: certificates, user, oldObject: object }), {
      allowed: true,
    });
  });

  test('a write without an object is a bad request', async () => {
    const answer = await createAdmission()({ operation: 'CREATE', resource: certificates, user });
    assert.deepEqual([answer.allowed, answer.code], [false, 400]);
  });

  test('keeps no reference to what it is given', async () => {
    const object = { spec: { groups: ['x'] } };
    const groups = ['dev'];
    const answer = await review({ kind: 'CertificateRequest', object, user: { ...user, groups } });
    groups.push('later');
    assert.deepEqual(object, { spec: { groups: ['x'] } });
    assert.equal(answer.allowed, false);
  });
});

/** Names that occur in our objects, so that junk reaches deep into the rules. */
const names = [
  ...Object.keys(certificateSpecSchema.properties),
  'spec',
  'status',
  'metadata',
  'annotations',
  'conditions',
  'type',
  'name',
  'kind',
  'key',
  'request',
  'extra',
  'acme',
  'ca',
  'vault',
  'venafi',
  'selfSigned',
  'auth',
  'kubernetes',
  'aws',
  'appRole',
  'solvers',
  'tpp',
  'ngts',
  'http01',
  'dns01',
  'ingress',
  'gatewayHTTPRoute',
  'parentRefs',
  'azureDNS',
  'managedIdentity',
  'rfc2136',
  'windows',
  'cron',
  'timezone',
  'windowDuration',
  'policy',
  'jks',
  'pkcs12',
  'password',
  'permitted',
  'ipRanges',
  'authorizations',
  'challenges',
  'caBundle',
  '__proto__',
  'constructor',
  'toString',
  'length',
];

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    '1h',
    '-1h',
    'Approved',
    'CN=a',
    '\ud800',
    'LS0tLS1CRUdJTiA=',
    'MIIB',
    '@every 1h',
    'a'.repeat(300),
  ),
);

const { junk } = fc.letrec<{ junk: unknown }>((tie) => ({
  junk: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('junk'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...names), tie('junk')), { maxLength: 8 })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

const object = fc
  .tuple(junk, junk, junk)
  .chain(([spec, status, metadata]) => fc.oneof(fc.constant({ spec, status, metadata }), junk));

describe('admission of junk', () => {
  for (const kind of kinds) {
    test(`${kind}: always answers, and says why when it refuses`, async () => {
      await fc.assert(
        fc.asyncProperty(object, object, fc.boolean(), fc.boolean(), async (now, old, updating, status) => {
          const answer = await createAdmission({ authorize: () => false })({
            operation: updating ? 'UPDATE' : 'CREATE',
            resource: resourceOf(kind),
            user,
            object: now ?? {},
            ...(updating && { oldObject: old ?? {} }),
            ...(status && { subresource: 'status' }),
          });
          assert.equal(typeof answer.allowed, 'boolean');
          if (!answer.allowed) {
            assert.ok((answer.errors ?? []).length > 0);
            assert.ok((answer.message ?? '').length > 0);
            assert.ok(answer.code === 400 || answer.code === 403);
          }
        }),
        { numRuns: 300 },
      );
    });

    test(`${kind}: bottomless objects do not exhaust the stack`, async () => {
      const text = `${'{"spec":['.repeat(5000)}1${']}'.repeat(5000)}`;
      const [deep, copy] = [JSON.parse(text), JSON.parse(text)] as [object, object];
      for (const oldObject of [undefined, copy]) {
        const answer = await review({
          kind,
          object: { spec: deep, status: deep, metadata: deep },
          ...(oldObject && { oldObject: { spec: copy } }),
        });
        assert.equal(typeof answer.allowed, 'boolean');
      }
    });
  }
});
