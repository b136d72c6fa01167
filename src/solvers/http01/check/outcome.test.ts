import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combine, match, type Outcome } from './outcome.ts';

const wrong: Outcome = { kind: 'wrong', what: 'status', detail: 'answers 404 instead of 200' };
const silent: Outcome = { kind: 'unreachable', why: 'timeout', detail: 'did not answer' };
const looks = (...outcomes: Outcome[]) =>
  outcomes.map((outcome, i) => ({ address: `192.0.2.${i}`, outcome }));

test('of several addresses one wrong answer spoils it, one that is silent does not', () => {
  assert.deepEqual(combine(looks(match, wrong)), {
    ...wrong,
    detail: '192.0.2.1 answers 404 instead of 200',
  });
  assert.deepEqual(combine(looks(silent, match)), match);
  assert.deepEqual(combine(looks(silent, silent)), { ...silent, detail: '192.0.2.0 did not answer' });
  assert.equal(combine([]).kind, 'unresolved');
});
