import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IssuerContext } from '../../issuers/issuer.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { decideReadiness, readyCondition } from './decide.ts';

const types = createIssuerTypes();
const now = new Date('2026-11-22T10:00:00Z');

function context(spec: IssuerContext['issuer']['spec']): IssuerContext {
  return {
    issuer: { spec },
    resourceNamespace: 'shop',
    now: () => now,
    readSecret: () => Promise.resolve(undefined),
  };
}

test('a self-signed issuer is ready', async () => {
  const spec = { selfSigned: {} };
  const readiness = await decideReadiness(types.resolve({ spec }), context(spec));
  assert.deepEqual([readiness.ready, readiness.reason, readiness.message], [true, 'IsReady', '']);
});

test('a type that this version does not include is never ready, and says so', async () => {
  const spec = { venafi: { zone: 'z', cloud: { apiTokenSecretRef: { name: 'n' } } } };
  const readiness = await decideReadiness(types.resolve({ spec }), context(spec));
  assert.equal(readiness.ready, false);
  assert.equal(readiness.reason, 'NotSupported');
  assert.match(readiness.message, /venafi is not included/);
});

test('the condition changes only when there is something to say', () => {
  const first = readyCondition([], { ready: false, reason: 'ErrGetKeyPair', message: 'm' }, 1, now);
  assert.equal(first[0]?.observedGeneration, 1);
  assert.equal(
    readyCondition(first, { ready: false, reason: 'ErrGetKeyPair', message: 'm' }, 1, new Date(0)),
    first,
  );
  const second = readyCondition(
    first,
    { ready: false, reason: 'ErrGetKeyPair', message: 'm' },
    2,
    new Date(0),
  );
  assert.equal(second[0]?.lastTransitionTime, '2026-11-22T10:00:00Z');
  const third = readyCondition(
    second,
    { ready: true, reason: 'KeyPairVerified', message: '' },
    2,
    new Date(0),
  );
  assert.equal(third[0]?.lastTransitionTime, '1970-01-01T00:00:00Z');
});
