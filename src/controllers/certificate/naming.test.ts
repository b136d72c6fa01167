import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copiedAnnotations, requestName } from './naming.ts';
import { secretOwner } from './ownership.ts';
import { csvLine } from './detail-annotations.ts';

test('request names: plain up to 233 characters, then cut and hashed, never too long', () => {
  assert.equal(requestName('web', 3), 'web-3');
  assert.equal(requestName('a'.repeat(233), 1), `${'a'.repeat(233)}-1`);
  const name = requestName(`${'a'.repeat(160)}${'.-'.repeat(10)}${'b'.repeat(70)}`, 999_999_999);
  assert.match(name, /^a{160}-[0-9a-f]{64}-999999999$/);
  assert.ok(name.length <= 253);
  assert.notEqual(requestName(`${'a'.repeat(240)}x`, 1), requestName(`${'a'.repeat(240)}y`, 1));
});

test('annotations are copied by the prefix list, in its order', () => {
  const annotations = { 'kubectl.kubernetes.io/last': '1', 'example.com/a': '2', other: '3' };
  const defaults = ['*', '-kubectl.kubernetes.io/', '-fluxcd.io/', '-argocd.argoproj.io/'];
  assert.deepEqual(copiedAnnotations(annotations, defaults), { 'example.com/a': '2', other: '3' });
  assert.deepEqual(copiedAnnotations(annotations, ['example.com/']), { 'example.com/a': '2' });
  assert.deepEqual(copiedAnnotations(annotations, ['-example.com/', 'example.com/']), {
    'example.com/a': '2',
  });
  assert.deepEqual(copiedAnnotations(annotations, []), {});
});

test('the Secret belongs to whom it is annotated for, else to the oldest, else to the first by name', () => {
  const claimants = [
    { name: 'b', created: '2026-01-01T00:00:00Z' },
    { name: 'a', created: '2026-01-01T00:00:00Z' },
    { name: 'c', created: '2025-01-01T00:00:00Z' },
  ];
  assert.equal(secretOwner(claimants, undefined), 'c');
  assert.equal(secretOwner(claimants.slice(0, 2), {}), 'a');
  assert.equal(secretOwner(claimants, { 'cert-manager.io/certificate-name': 'b' }), 'b');
  assert.equal(secretOwner(claimants, { 'cert-manager.io/certificate-name': 'gone' }), 'c');
});

test('CSV is quoted only where it must be', () => {
  assert.equal(csvLine(['a', 'b c', '']), 'a,b c,');
  assert.equal(csvLine(['Example, Inc.', 'say "hi"', ' lead']), '"Example, Inc.","say ""hi"""," lead"');
  assert.equal(csvLine([]), '');
});
