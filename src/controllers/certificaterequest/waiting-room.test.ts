import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingRoom } from './waiting-room.ts';

test('a Secret wakes exactly the requests that wait for it', () => {
  const room = new WaitingRoom();
  room.enter('a/1', ['a/key', 'a/ca']);
  room.enter('a/2', ['a/ca']);
  assert.deepEqual(room.waitingFor('a/ca'), ['a/1', 'a/2']);
  room.enter('a/1', ['a/other']);
  assert.deepEqual(room.waitingFor('a/ca'), ['a/2']);
  assert.deepEqual(room.waitingFor('a/key'), []);
  room.leave('a/2');
  assert.deepEqual(room.waitingFor('a/ca'), []);
});
