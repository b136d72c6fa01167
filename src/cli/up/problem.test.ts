import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemLines, saidOnce } from './problem.ts';

test('a problem that several objects share is one line with their names', () => {
  const message = 'is not exported: /out/shop cannot be created: EACCES';
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const [line, ...others] = problemLines(names.map((name) => ({ object: `Certificate ${name}`, message })));
  assert.match(line ?? '', /^Certificate a, .*Certificate e and 2 more: is not exported: .*EACCES$/);
  assert.deepEqual(others, []);
});

test('what stands in a file keeps its place', () => {
  const problem = { file: 'f.yaml', line: 3, column: 5, object: 'Issuer a', field: 'spec.x', message: 'no' };
  assert.deepEqual(problemLines([problem, problem]), ['f.yaml:3:5: Issuer a: spec.x: no']);
});

test('a cause that is there is not said twice', () => {
  assert.equal(saidOnce('Failed: Cause: the CA refuses', 'the CA refuses'), 'Failed: Cause: the CA refuses');
  assert.equal(saidOnce('it waits', 'the CA is busy'), 'it waits; the CA is busy');
  assert.equal(saidOnce('it waits', ''), 'it waits');
});
