/** What passes is waited for, what the CA says for good ends the Challenge, and nonsense does so in the end (acme.md §7.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcmeProblemError, AcmeProtocolError, AcmeTransportError } from '../../acme/errors.ts';
import { judge, longestNonsense } from './ca-errors.ts';

const now = Date.parse('2026-11-22T10:00:00Z');

function refusal(status: number, type = 'unauthorized', retryAt?: number): AcmeProblemError {
  const whole = { type: `urn:ietf:params:acme:error:${type}`, detail: 'no', status, subproblems: [] };
  return new AcmeProblemError(whole, { status, ...(retryAt === undefined ? {} : { retryAt }) });
}

test('what passes is waited for, for as long as the CA says', () => {
  for (const error of [
    refusal(429, 'rateLimited'),
    refusal(500, 'serverInternal'),
    refusal(502),
    refusal(503),
    refusal(408),
  ]) {
    const fault = judge(error, 0, now);
    assert.deepEqual([fault.kind, 'fault' in fault && fault.fault], ['wait', false], String(error.status));
    assert.ok(!('notBeforeMs' in fault));
  }
  const named = judge(refusal(403, 'unauthorized', 5_000), 0, now);
  assert.deepEqual([named.kind, 'notBeforeMs' in named && named.notBeforeMs], ['wait', 5_000]);
  assert.equal(judge(new AcmeTransportError('connect', 'refused'), 99, now).kind, 'wait');
});

test('until a person has agreed to something, the CA is asked every hour', () => {
  const fault = judge(refusal(403, 'userActionRequired'), 0, now);
  assert.ok(fault.kind === 'wait' && fault.notBeforeMs === now + 3_600_000);
  assert.match(fault.reason, /wants a person to agree to something first/u);
});

test('what the CA says for good ends it; malformed only once the authorization says so, too', () => {
  for (const status of [400, 401, 403, 404, 409]) {
    const fault = judge(refusal(status), 0, now);
    assert.deepEqual([fault.kind, 'state' in fault && fault.state], ['end', 'errored'], String(status));
  }
  assert.deepEqual(judge(refusal(400, 'malformed'), 0, now), { kind: 'look', state: 'expired' });
});

test('nonsense is counted, and ends it the eighth time', () => {
  const error = new AcmeProtocolError('no JSON');
  const almost = judge(error, longestNonsense - 2, now);
  assert.deepEqual([almost.kind, 'fault' in almost && almost.fault], ['wait', true]);
  assert.equal(judge(error, longestNonsense - 1, now).kind, 'end');
});

test('what is no answer of a CA is no judgement either', () => {
  assert.throws(() => judge(new TypeError('ours'), 0, now), TypeError);
});
