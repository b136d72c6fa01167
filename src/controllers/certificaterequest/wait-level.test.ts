import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { SignOutcome } from '../../issuers/issuer.ts';
import { waitLevel } from './wait-level.ts';

const request = (reason?: string): CertificateRequest => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'CertificateRequest',
  spec: { request: '', issuerRef: { name: 'le' } },
  ...(reason === undefined ? {} : { status: { conditions: [{ type: 'Ready', status: 'False', reason }] } }),
});
const pending = (reason: string, retry = false): SignOutcome => ({
  kind: 'pending',
  reason,
  message: 'm',
  retry,
});

test('an Order that is waited for is one line; what needs somebody is a warning each time', () => {
  assert.equal(waitLevel(request(), pending('OrderCreated')), 'info');
  assert.equal(waitLevel(request('Pending'), pending('OrderPending')), 'debug');
  assert.equal(waitLevel(request('Pending'), pending('OrderPending', true)), 'warn');
  assert.equal(waitLevel(request('Pending'), pending('SecretMissing')), 'warn');
  assert.equal(
    waitLevel(request('Pending'), { kind: 'failed', reason: 'OrderFailed', message: 'm' }),
    'warn',
  );
});
