import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldPathOf } from './field-path.ts';
import { knownFields } from './known-fields.ts';
import { nearest } from './suggest.ts';

test('the nearest name is found, and none where nothing is near', () => {
  const known = ['Certificate', 'CertificateRequest', 'Issuer', 'ClusterIssuer'];
  assert.equal(nearest('Certifcate', known), 'Certificate');
  assert.equal(nearest('certificate', known), 'Certificate');
  assert.equal(nearest('Isuer', known), 'Issuer');
  assert.equal(nearest('knid', ['kind', 'name', 'group']), 'kind');
  assert.equal(nearest('Ingress', known), undefined);
  assert.equal(nearest('x'.repeat(100_000), known), undefined);
});

test('fields are those beside the one that is unknown', () => {
  const schema = {
    properties: {
      spec: {
        properties: {
          secretName: {},
          sans: { items: { properties: { oid: {}, utf8Value: {} } } },
          byName: { additionalProperties: { properties: { inner: {} } } },
        },
      },
    },
  };
  const at = (path: string): string[] => knownFields(schema, fieldPathOf(path));
  assert.deepEqual(at('spec.secretname'), ['secretName', 'sans', 'byName']);
  assert.deepEqual(at('spec.sans[3].utf8value'), ['oid', 'utf8Value']);
  assert.deepEqual(at('spec.byName.any.iner'), ['inner']);
  assert.ok(at('metdata').includes('metadata'));
  assert.ok(at('metadata.lables').includes('labels'));
  assert.deepEqual(at('spec.secretName.toString.x'), []);
});
