import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import { FreshObjects } from './fresh-objects.ts';

function object(name: string, uid: string, resourceVersion: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name, uid, resourceVersion } };
}

test('an object is handed on once, and only in the version that the cache knows', () => {
  const fresh = new FreshObjects<KubeObject>();
  const written = object('a', '1', '7');
  fresh.keep(written);
  assert.equal(fresh.take(object('a', '1', '7')), written);
  assert.equal(fresh.take(object('a', '1', '7')), undefined, 'only once');
  fresh.keep(written);
  assert.equal(fresh.take(object('a', '1', '8')), undefined, 'somebody wrote it since');
  fresh.keep(written);
  assert.equal(fresh.take(object('a', '2', '7')), undefined, 'another object of the same name');
  fresh.keep(object('b', '', ''));
  assert.equal(
    fresh.take({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'b' } }),
    undefined,
  );
});

test('a bounded number is kept, the newest', () => {
  const fresh = new FreshObjects<KubeObject>();
  for (let i = 0; i < 300; i++) fresh.keep(object(`n${i}`, String(i), '1'));
  assert.equal(fresh.take(object('n0', '0', '1')), undefined);
  assert.notEqual(fresh.take(object('n299', '299', '1')), undefined);
});
