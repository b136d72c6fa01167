import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import { summarize } from './summary.ts';

type Condition = NonNullable<NonNullable<Certificate['status']>['conditions']>[number];

const triggered = 'Secret "web" does not exist: a certificate has to be issued into it';

function messageOf(ready: Partial<Condition> | undefined, issuing: Partial<Condition> | undefined): string {
  const conditions = [
    ...(ready === undefined ? [] : [{ type: 'Ready', status: 'False', reason: 'DoesNotExist', ...ready }]),
    ...(issuing === undefined
      ? []
      : [{ type: 'Issuing', status: 'True', reason: 'DoesNotExist', ...issuing }]),
  ] as Condition[];
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace: 'shop', name: 'web' },
    spec: { secretName: 'web', issuerRef: { name: 'ca' } },
    status: { conditions },
  } as const;
  return summarize(certificate, undefined, undefined).message;
}

test('what says more is told: a failed attempt, or that no request can be made at all', () => {
  const failed = 'No certificate was issued. Cause: the CA refused';
  assert.equal(messageOf({ message: triggered }, { status: 'False', message: failed }), failed);
  const hopeless = `${triggered}; No CSR can be made from this Certificate: write it as xn--bcher-kva.example.test`;
  assert.equal(messageOf({ message: hopeless }, { message: triggered }), hopeless);
  assert.equal(messageOf({ message: triggered }, undefined), triggered);
  assert.equal(messageOf({ status: 'True', message: 'up to date' }, { message: triggered }), 'up to date');
  assert.equal(messageOf(undefined, undefined), 'nothing is known about it yet');
});
