import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../errors.ts';
import { ObjectStore } from './object-store.ts';

const key = (name: string): { resource: string; namespace: string; name: string } => ({
  resource: 'things',
  namespace: 'n',
  name,
});

function put(store: ObjectStore, name: string, expected: number, more: object = {}): number | undefined {
  return store.write({ ...key(name), uid: `uid-${name}`, expected, render: (rv) => `{"rv":${rv}}`, ...more })
    ?.rv;
}

test('writes are conditional, and committed together before anybody hears of them', async () => {
  const store = new ObjectStore({ path: ':memory:' });
  const heard: string[][] = [];
  store.onCommit((changes) => heard.push(changes.map(({ type, rv }) => `${type} ${rv}`)));
  const first = put(store, 'a', 0)!;
  assert.equal(put(store, 'a', 0), undefined);
  assert.equal(put(store, 'a', first), first + 1);
  assert.deepEqual(heard, []);
  await store.committed();
  assert.deepEqual(heard, [[`ADDED ${first}`, `MODIFIED ${first + 1}`]]);
  assert.equal(store.committedRevision, first + 1);
  store.close();
});

test('a list shows the past until compaction forgets it', async () => {
  const store = new ObjectStore({ path: ':memory:' });
  const a = put(store, 'a', 0)!;
  const b = put(store, 'b', 0)!;
  put(store, 'a', a, { deleted: true });
  await store.committed();
  const names = (at: number): string[] =>
    store.list('things', { at, limit: 10 }).rows.map(({ name }) => name);
  assert.deepEqual([names(a), names(b), names(store.revision)], [['a'], ['a', 'b'], ['b']]);
  const unpin = store.pin(b);
  store.compact(store.revision);
  assert.equal(store.horizon, b);
  assert.deepEqual(names(b), ['a', 'b']);
  unpin();
  store.compact(store.revision);
  assert.deepEqual([names(store.revision), store.changes('things', store.horizon, 10)], [['b'], []]);
  store.close();
});

test('owners are found by uid until the dependent goes', async () => {
  const store = new ObjectStore({ path: ':memory:' });
  const rv = put(store, 'child', 0, { owners: ['u1', 'u2'] })!;
  assert.deepEqual(store.dependents('u1'), [key('child')]);
  put(store, 'child', rv, { owners: ['u2'] });
  assert.deepEqual([store.dependents('u1'), store.dependents('u2')], [[], [key('child')]]);
  put(store, 'child', rv + 1, { deleted: true });
  assert.deepEqual(store.owned(), []);
  await store.committed();
  store.close();
});

test('a failure while rendering takes the whole transaction back and tells who waits', async () => {
  const store = new ObjectStore({ path: ':memory:' });
  put(store, 'a', 0);
  const waiting = store.committed();
  assert.throws(
    () =>
      put(store, 'b', 0, {
        render: () => {
          throw new Error('no');
        },
      }),
    StorageError,
  );
  await assert.rejects(waiting ?? Promise.resolve(), StorageError);
  assert.equal(store.get(key('a')), undefined);
  assert.notEqual(put(store, 'a', 0), undefined);
  await store.committed();
  store.close();
});
