/** Reasons stay the same while the trouble is the same, and keep what it is about. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stableReason } from './reason.ts';

const twice: readonly [string, string][] = [
  [
    'operation error Route 53: ChangeResourceRecordSets, RequestID: 8f1b2c3d-1111-4222-8333-123456789abc, AccessDenied',
    'operation error Route 53: ChangeResourceRecordSets, RequestID: 00000000-1111-4222-8333-123456789abc, AccessDenied',
  ],
  ['x-ms-request-id: abcdef123456', 'x-ms-request-id: 654321fedcba'],
  ['correlation_id="0a1b2c3d4e5f"', 'correlation_id="ffffffffffff"'],
  ['failed at 2026-01-01T00:00:00Z', 'failed at 2026-01-01T00:00:07.123Z'],
];

for (const [one, other] of twice)
  test(`the same: ${one}`, () => {
    assert.equal(stableReason(one), stableReason(other));
    assert.notEqual(stableReason(one), '');
  });

test('names, addresses and codes stay', () => {
  const text = 'dial tcp 192.0.2.1:53: i/o timeout looking up _acme-challenge.example.com (SERVFAIL)';
  assert.equal(stableReason(text), text);
});

test('however long the text, the reason is bounded and quickly made', () => {
  const text = 'request-id '.repeat(200_000);
  const before = process.cpuUsage();
  assert.ok(stableReason(text).length <= 4_096);
  assert.ok(process.cpuUsage(before).user < 500_000);
});
