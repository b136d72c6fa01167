import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostBytes, mostDebts, roomFor, type Weighed } from './debt-room.ts';

function owed(namespace: string, since: number, bytes = 1_000): Weighed {
  const debt = { namespace, uid: `${namespace}/${since}`, since: String(since).padStart(5, '0') };
  return { debt: debt as Weighed['debt'], bytes };
}
const uids = (evicted: ReturnType<typeof roomFor>): string[] | undefined => evicted?.map(({ uid }) => uid);

test('while there is room nobody goes', () => {
  assert.deepEqual(roomFor([], 0, owed('a', 1)), []);
  assert.deepEqual(roomFor([owed('a', 1), owed('b', 2)], 0, owed('a', 3)), []);
  assert.deepEqual(roomFor([], 0, owed('a', 1, mostBytes)), []);
});

test('of whoever owes most the oldest goes, never that of another namespace for them', () => {
  const flood = Array.from({ length: mostDebts - 1 }, (_one, i) => owed('flood', i + 10));
  assert.deepEqual(uids(roomFor([owed('quiet', 1), ...flood], 0, owed('flood', 999))), ['flood/10']);
  assert.deepEqual(uids(roomFor([owed('quiet', 1), ...flood], 0, owed('other', 999))), ['flood/10']);
});

test('a few big ones make room as many small ones do', () => {
  const stored = [owed('quiet', 1), owed('big', 2, 400_000), owed('big', 3, 400_000)];
  assert.deepEqual(uids(roomFor(stored, 0, owed('quiet', 4, 200_000))), ['big/2']);
});

test('one for which there is no room at all is told apart from one that needs none', () => {
  assert.equal(roomFor([], 0, owed('a', 1, mostBytes + 1)), undefined);
  assert.equal(roomFor([owed('a', 1)], mostBytes, owed('a', 2)), undefined);
});
