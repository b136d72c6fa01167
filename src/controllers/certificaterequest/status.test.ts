import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { requestStatus } from './status.ts';

const now = new Date('2026-11-22T10:00:00.700Z');
const base: CertificateRequest = {
  metadata: { namespace: 'shop', name: 'web-1' },
  spec: { issuerRef: { name: 'ca' }, request: '' },
};
const options = { now, component: 'ca', approve: true };

test('approval and certificate travel in one status', () => {
  const { status, events, changed } = requestStatus(
    base,
    { kind: 'issued', certificate: 'LEAF', ca: 'ROOT' },
    options,
  );
  assert.equal(changed, true);
  assert.equal(Buffer.from(status.certificate ?? '', 'base64').toString(), 'LEAF');
  assert.equal(Buffer.from(status.ca ?? '', 'base64').toString(), 'ROOT');
  assert.deepEqual(
    status.conditions?.map(({ type, status: is, reason, lastTransitionTime }) => [
      type,
      is,
      reason,
      lastTransitionTime,
    ]),
    [
      ['Approved', 'True', 'cert-manager.io', '2026-11-22T10:00:00Z'],
      ['Ready', 'True', 'Issued', '2026-11-22T10:00:00Z'],
    ],
  );
  assert.deepEqual(
    events.map(({ component, reason }) => [component, reason]),
    [
      ['cert-manager-certificaterequests-approver', 'cert-manager.io'],
      ['cert-manager-certificaterequests-issuer-ca', 'CertificateIssued'],
    ],
  );
});

test('a denied request is not approved', () => {
  const denied: CertificateRequest = {
    ...base,
    status: { conditions: [{ type: 'Denied', status: 'True' }] },
  };
  const { status, events } = requestStatus(denied, 'denied', options);
  assert.deepEqual(
    status.conditions?.map(({ type }) => type),
    ['Denied', 'Ready'],
  );
  assert.equal(status.failureTime, '2026-11-22T10:00:00Z');
  assert.deepEqual(events, []);
});

test('the first pending state is told by an event, a new message only in the condition', () => {
  const first = requestStatus(
    base,
    { kind: 'pending', reason: 'SecretMissing', message: 'a', retry: false },
    { ...options, approve: false },
  );
  assert.deepEqual(
    first.events.map(({ reason }) => reason),
    ['SecretMissing'],
  );
  const pending = { ...base, status: first.status };
  const later = new Date('2026-11-22T11:00:00Z');
  const second = requestStatus(
    pending,
    { kind: 'pending', reason: 'SecretMissing', message: 'b', retry: false },
    { ...options, now: later, approve: false },
  );
  assert.deepEqual(second.events, []);
  assert.equal(second.changed, true);
  assert.equal(second.status.conditions?.[0]?.lastTransitionTime, '2026-11-22T10:00:00Z');
  const third = requestStatus(
    { ...base, status: second.status },
    { kind: 'pending', reason: 'SecretMissing', message: 'b', retry: false },
    { ...options, now: later, approve: false },
  );
  assert.equal(third.changed, false);
});

test('a failure keeps the first failure time', () => {
  const failed = requestStatus(base, { kind: 'failed', reason: 'SigningError', message: 'no' }, options);
  assert.equal(failed.status.failureTime, '2026-11-22T10:00:00Z');
  assert.deepEqual(failed.events.at(-1), {
    component: 'cert-manager-certificaterequests-issuer-ca',
    type: 'Warning',
    reason: 'SigningError',
    message: 'no',
  });
  const again = requestStatus(
    { ...base, status: failed.status },
    { kind: 'failed', reason: 'SigningError', message: 'no' },
    { ...options, now: new Date(0) },
  );
  assert.equal(again.changed, false);
  assert.equal(again.status.failureTime, '2026-11-22T10:00:00Z');
});

test('warnings of the linter are seen in the condition and as events', () => {
  const warnings = [{ type: 'Warning', reason: 'LintWarning', message: 'too long' } as const];
  const { status, events } = requestStatus(base, { kind: 'issued', certificate: 'x', warnings }, options);
  assert.match(status.conditions?.[1]?.message ?? '', /too long/);
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ['cert-manager.io', 'LintWarning', 'CertificateIssued'],
  );
  assert.equal(status.ca, undefined);
});
