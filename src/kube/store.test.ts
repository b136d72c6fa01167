import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import type { Change } from './cache.ts';
import { Store } from './store.ts';

const at = (name: string, version: number): KubeObject => ({
  metadata: { name, resourceVersion: String(version) },
});
let store: Store<KubeObject>;
let changes: Change<KubeObject>[];

function list(version: number, ...objects: KubeObject[]): void {
  store.beginList();
  for (const object of objects) store.listed(object);
  store.endList(String(version));
}
beforeEach(() => {
  changes = [];
  store = new Store({
    trim: (object) => object,
    notify: (change) => changes.push(change),
    onBadObject: (error) => assert.fail(String(error)),
  });
});

describe('store', () => {
  it('keeps an object that we wrote again when the deletion before it arrives late', () => {
    list(10, at('a', 5));
    store.observe(at('a', 14));
    store.deleted(at('a', 12));
    assert.equal(store.get('a')?.metadata?.resourceVersion, '14');
    store.deleted(at('a', 15));
    assert.equal(store.size, 0);
  });

  it('keeps what we wrote after a list was taken, and drops what was deleted before it', () => {
    list(10, at('old', 5));
    store.observe(at('new', 21));
    store.observe(at('old', 12));
    list(20);
    assert.deepEqual([...store.values()], [at('new', 21)]);
  });

  it('keeps our newer write when the list holds an older state', () => {
    list(10);
    store.observe(at('a', 21));
    list(20, at('a', 15));
    assert.equal(store.get('a')?.metadata?.resourceVersion, '21');
    list(30);
    assert.equal(store.size, 0);
  });

  it('knows a write of its own once, until its event or a list came', () => {
    list(10);
    store.observe(at('a', 14));
    assert.deepEqual(
      [13, 14, 14].map((version) => store.isOwn(version)),
      [false, true, false],
    );
    store.observe(at('a', 15));
    list(20, at('a', 15));
    assert.equal(store.isOwn(15), false);
    // The event was there first.
    store.changed(at('a', 21));
    store.observe(at('a', 21));
    assert.equal(store.isOwn(21), false);
    for (let version = 30; version < 3000; version++) store.observe(at('a', version));
    assert.equal(store.isOwn(30), false);
    assert.equal(store.isOwn(2999), true);
  });

  it('believes a server whose history went back', () => {
    list(100, at('a', 90), at('b', 95));
    list(50, at('a', 40));
    assert.deepEqual([...store.values()], [at('a', 40)]);
    store.changed(at('a', 51));
    assert.equal(store.get('a')?.metadata?.resourceVersion, '51');
  });

  it('changes nothing when a list breaks half-way', () => {
    list(10, at('a', 5));
    store.beginList();
    store.listed(at('b', 6));
    list(20, at('a', 5));
    assert.deepEqual([...store.values()], [at('a', 5)]);
    assert.equal(changes.length, 1);
  });
});
