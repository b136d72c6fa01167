import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DueTimes } from './due-times.ts';

test('each is due once, then again later; the longest first, so many at a time', () => {
  const due = new DueTimes();
  for (const [key, at] of [
    ['late', 9],
    ['first', 3],
    ['second', 3],
    ['third', 5],
  ] as const)
    due.add(key, at);
  due.add('late', 1);
  assert.deepEqual(due.take(2, 10, 20), []);
  assert.deepEqual(due.take(5, 2, 20), ['first', 'second']);
  assert.deepEqual(due.take(5, 2, 20), ['third']);
  assert.deepEqual(due.take(9, 2, 20), ['late']);
  assert.deepEqual(due.take(19, 10, 40), []);
  assert.deepEqual(due.take(20, 10, 40).toSorted(), ['first', 'late', 'second', 'third']);
});

test('what is taken away is due no more, and another one of its key begins anew', () => {
  const due = new DueTimes();
  due.add('a', 1);
  due.delete('a');
  due.delete('never there');
  assert.equal(due.size, 0);
  due.add('a', 5);
  assert.deepEqual(due.take(4, 10, 20), []);
  assert.deepEqual(due.take(5, 10, 20), ['a']);
});
