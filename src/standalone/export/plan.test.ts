import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import { nameFault, planExport } from './plan.ts';

const secret: Secret = {
  metadata: { annotations: { 'cert-manager.io/certificate-name': 'web' } },
  data: { 'tls.crt': Buffer.from('C').toString('base64'), 'tls.key': Buffer.from('K').toString('base64') },
};

function certificate(annotations: Record<string, string> = {}, name = 'web'): Certificate {
  return {
    metadata: { namespace: 'shop', name, annotations },
    spec: { secretName: 'web-tls', issuerRef: { name: 'ca' } },
  };
}

test('keys become files, annotations rename and leave out', () => {
  const plan = planExport(
    certificate({ 'certwright.dev/export-tls.crt': 'fullchain.pem', 'certwright.dev/export-tls.key': '' }),
    secret,
  );
  assert.ok(plan.do === 'write');
  assert.deepEqual(
    plan.files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]),
    [['fullchain.pem', 'C']],
  );
});

test('switched off, or without a Secret, nothing is written', () => {
  assert.equal(planExport(certificate({ 'certwright.dev/export': 'false' }), secret).do, 'nothing');
  assert.equal(planExport(certificate(), undefined).do, 'nothing');
});

for (const name of [
  '../x',
  '/etc/passwd',
  'a/b',
  '..',
  '.',
  '..data',
  'a\u0000b',
  'a\nb',
  'a\\b',
  'x'.repeat(256),
]) {
  test(`the file name ${JSON.stringify(name.slice(0, 20))} is refused, naming object and field`, () => {
    const plan = planExport(certificate({ 'certwright.dev/export-tls.crt': name }), secret);
    assert.ok(plan.do === 'refuse');
    assert.equal(plan.problems[0]?.object, 'Certificate shop/web');
    assert.equal(plan.problems[0]?.field, 'metadata.annotations[certwright.dev/export-tls.crt]');
    assert.notEqual(nameFault(name), undefined);
  });
}

test('two keys cannot share a file, and names of objects are looked at too', () => {
  const twice = planExport(certificate({ 'certwright.dev/export-tls.crt': 'tls.key' }), secret);
  assert.match(twice.do === 'refuse' ? (twice.problems[0]?.message ?? '') : '', /already taken/);
  const evil = planExport(certificate({}, '../x'), secret);
  assert.equal(evil.do === 'refuse' && evil.problems[0]?.field, 'metadata.name');
});

test('the key of another Certificate, or of nobody knows whom, is not written', () => {
  const theirs = { ...secret, metadata: { annotations: { 'cert-manager.io/certificate-name': 'other' } } };
  const ready = (observedGeneration: number): Certificate => ({
    ...certificate(),
    metadata: { namespace: 'shop', name: 'web', generation: 2 },
    status: { conditions: [{ type: 'Ready', status: 'True', observedGeneration }] },
  });
  const plan = planExport(ready(2), theirs);
  assert.ok(plan.do === 'nothing');
  assert.match(plan.why, /was issued for Certificate "other"/);
  const nobodys = { data: secret.data ?? {} };
  assert.equal(planExport(ready(1), nobodys).do, 'nothing', 'said of an older spec');
  assert.equal(planExport(ready(2), nobodys).do, 'write', 'the controllers looked at it and found it right');
});
