import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import type { FieldsV1, ManagedFieldsEntry } from '../../api/meta.ts';
import { patchOf } from './difference.ts';
import { isOwnedAlone, setAt, valueAt } from './field-tree.ts';
import { gateway, httpsListener, ingress, issuerAnnotation, SmallWorld } from './sample-objects.ts';

const tls = [{ hosts: ['web.example'], secretName: 'web-tls' }];

test('what the peer writes otherwise for the same object is no difference', () => {
  const world = new SmallWorld();
  const algorithm = {
    'cert-manager.io/private-key-algorithm': 'Ed25519',
    'cert-manager.io/private-key-size': '256',
  };
  const it = gateway([httpsListener('a.example', 's'), httpsListener('a.example', 's')], {
    ...issuerAnnotation,
    ...algorithm,
    'cert-manager.io/duration': '90m',
  });
  world.act(it);
  const { spec } = world.certificates.get('s')!;
  spec.dnsNames = ['a.example', 'a.example'];
  spec.duration = '1h30m';
  spec.issuerRef = { name: 'ca' };
  spec.privateKey = { algorithm: 'Ed25519' };
  assert.deepEqual(world.decide(it).change, []);
});

test('a host more, less or in another place is a difference', () => {
  for (const dnsNames of [
    ['a.example', 'b.example'],
    ['b.example'],
    ['b.example', 'a.example', 'c.example'],
    undefined,
  ]) {
    const world = new SmallWorld();
    const it = ingress([{ hosts: ['b.example', 'a.example'], secretName: 'web-tls' }]);
    world.act(it);
    world.certificates.get('web-tls')!.spec.dnsNames = dnsNames;
    assert.deepEqual(world.decide(it).change[0]?.difference.wrong, [
      { path: ['spec', 'dnsNames'], value: ['b.example', 'a.example'] },
    ]);
  }
});

test('annotations of others are not even in doubt; those that an object could hand over are', () => {
  const world = new SmallWorld();
  world.act(ingress(tls));
  const { metadata = {} } = world.certificates.get('web-tls')!;
  metadata.annotations = { 'example.com/note': 'a', 'cert-manager.io/issue-temporary-certificate': 'true' };
  assert.deepEqual(world.decide(ingress(tls)).change[0]?.difference, {
    wrong: [],
    doubts: [
      { path: ['metadata', 'annotations', 'cert-manager.io/issue-temporary-certificate'], value: null },
    ],
  });
  metadata.annotations = { 'example.com/note': 'a' };
  assert.deepEqual(world.decide(ingress(tls)).change, []);
});

test('usages that somebody else chose are only in doubt, unless an annotation names others', () => {
  const world = new SmallWorld();
  world.act(ingress(tls));
  world.certificates.get('web-tls')!.spec.usages = ['client auth'];
  const { difference } = world.decide(ingress(tls)).change[0]!;
  assert.deepEqual(difference.wrong, []);
  assert.deepEqual(difference.doubts, [
    { path: ['spec', 'usages'], value: ['digital signature', 'key encipherment'] },
  ]);
  const asked = ingress(tls, { ...issuerAnnotation, 'cert-manager.io/usages': 'server auth' });
  assert.equal(world.decide(asked).change[0]!.difference.wrong.length, 1);
});

test('a part of the spec that a patch empties goes whole; one that keeps something stays', () => {
  const actual = {
    metadata: {},
    spec: {
      secretName: 's',
      issuerRef: { name: 'i' },
      subject: { organizations: ['A'] },
      privateKey: { size: 2048, algorithm: 'RSA' },
    },
  } as Certificate;
  assert.deepEqual(
    patchOf(actual, [
      { path: ['spec', 'subject', 'organizations'], value: null },
      { path: ['spec', 'privateKey', 'size'], value: null },
    ]),
    { spec: { subject: null, privateKey: { size: null } } },
  );
});

const entry = (manager: string, fieldsV1: FieldsV1, more: object = {}): ManagedFieldsEntry => ({
  manager,
  operation: 'Update',
  fieldsV1,
  ...more,
});
const usages = { 'f:spec': { '.': {}, 'f:usages': {} } };

test('who owns a field', () => {
  const path = ['spec', 'usages'];
  const alone = (entries: ManagedFieldsEntry[] | undefined): boolean => isOwnedAlone(entries, 'shim', path);
  assert.equal(alone(undefined), false);
  assert.equal(alone([entry('shim', {})]), false);
  assert.equal(alone([entry('shim', usages)]), true);
  assert.equal(alone([entry('shim', usages), entry('shim', usages, { operation: 'Apply' })]), true);
  assert.equal(alone([entry('shim', usages), entry('kubectl', usages)]), false);
  assert.equal(alone([entry('kubectl', usages)]), false);
  assert.equal(alone([entry('shim', usages), entry('kubectl', usages, { subresource: 'status' })]), true);
});

test('who owns a map or list owns what is in it', () => {
  const path = ['metadata', 'labels', 'a/b'];
  assert.equal(isOwnedAlone([entry('shim', { 'f:metadata': { 'f:labels': {} } })], 'shim', path), true);
  assert.equal(
    isOwnedAlone([entry('shim', { 'f:metadata': { 'f:labels': { 'f:x': {} } } })], 'shim', path),
    false,
  );
});

test('paths through keys of other people’s making', () => {
  const patch = {};
  setAt(patch, ['a', '__proto__', 'b'], 1);
  assert.equal(valueAt(patch, ['a', '__proto__', 'b']), 1);
  assert.equal(valueAt({}, ['constructor']), undefined);
  assert.equal(({} as Record<string, unknown>)['b'], undefined);
});
