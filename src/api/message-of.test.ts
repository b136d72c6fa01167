import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf } from './message-of.ts';

test('the words of an error without its class; of what is none, its text', () => {
  assert.equal(messageOf(new TypeError('no such field')), 'no such field');
  assert.equal(messageOf(new AggregateError([], '')), '');
  assert.equal(messageOf('thrown as text'), 'thrown as text');
  assert.equal(messageOf(undefined), 'undefined');
});
