/** A status is written when it says something new, whatever order a server keeps fields in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import { newChecks, statusPatch } from './status.ts';

const challenge = (status: Challenge['status']): Challenge => ({ status }) as Challenge;
const full = { processing: true, presented: false };

test('only what changes is written, and removed where there is something to remove', () => {
  const now = challenge({ ...full, reason: 'a', state: 'pending', nextAttemptAt: '2026-01-01T00:00:00Z' });
  assert.equal(statusPatch(now, { reason: 'a', state: 'pending' }), undefined);
  assert.deepEqual(statusPatch(now, { reason: 'b', state: 'pending' }), { reason: 'b' });
  assert.deepEqual(statusPatch(now, { nextAttemptAt: null, presentedAt: null }), { nextAttemptAt: null });
  assert.equal(statusPatch(now, { reason: undefined }), undefined);
});

test('processing and presented are there with the first write, also when false', () => {
  assert.deepEqual(statusPatch(challenge(undefined), { reason: 'a' }), {
    reason: 'a',
    processing: false,
    presented: false,
  });
  assert.deepEqual(statusPatch(challenge(undefined), { processing: true }), {
    processing: true,
    presented: false,
  });
});

test('checks are the same when nothing but the time differs, in whatever order their fields come', () => {
  const before = [
    { answer: 'x', checkedAt: '2026-01-01T00:00:00Z', passed: false, trusted: true, view: 'direct' },
  ];
  const after = [
    { view: 'direct', passed: false, trusted: true, answer: 'x', checkedAt: '2026-01-01T00:00:10Z' },
  ];
  assert.equal(newChecks(before, after), undefined);
  const other = [{ ...after[0]!, answer: 'y' }];
  assert.equal(newChecks(before, other), other);
  assert.equal(newChecks(undefined, after), after);
});
