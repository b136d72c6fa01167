/** Every word that a CA has for authorizations and challenges (RFC 8555 §7.1.6) means one thing for a Challenge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcmeAuthorization, AcmeChallenge } from '../../acme/acme-client.ts';
import { standingOf } from './authorization.ts';

const url = 'https://ca.example/challenge/1';

function standing(
  status: AcmeAuthorization['status'],
  change: Partial<AcmeChallenge> = {},
): ReturnType<typeof standingOf> {
  const challenge: AcmeChallenge = { url, type: 'http-01', status: 'pending', token: 't', ...change };
  return standingOf(
    {
      url: 'https://ca.example/authorization/1',
      identifier: { type: 'dns', value: 'example.com' },
      status,
      wildcard: false,
      challenges: [challenge],
    },
    url,
  );
}
const problem = {
  type: 'urn:ietf:params:acme:error:dns',
  detail: 'no such name',
  status: 400,
  subproblems: [],
};

test('what is proven is proven, by whichever challenge', () => {
  assert.deepEqual(standing('valid'), { kind: 'verified' });
  assert.deepEqual(standing('valid', { status: 'invalid', error: problem }), { kind: 'verified' });
  assert.deepEqual(standing('valid', { url: 'https://ca.example/challenge/2' }), { kind: 'verified' });
});

test('a challenge that the CA does not name any more is not known', () => {
  assert.deepEqual(standing('pending', { url: 'https://ca.example/challenge/2' }), { kind: 'unknown' });
});

test('what is over fails, with the state that says how', () => {
  for (const [status, state] of [
    ['invalid', 'invalid'],
    ['expired', 'expired'],
    ['deactivated', 'errored'],
    ['revoked', 'errored'],
  ] as const) {
    const { kind, ...rest } = standing(status);
    assert.deepEqual([kind, 'state' in rest && rest.state], ['failed', state], status);
  }
  const refused = standing('pending', { status: 'invalid', error: problem });
  assert.equal(refused.kind, 'failed');
  assert.match(
    refused.kind === 'failed' ? refused.reason : '',
    /^Error accepting authorization: acme: authorization error for example\.com: .*no such name/u,
  );
});

test('what is open is pending, or processing as soon as the CA looks', () => {
  assert.deepEqual(standing('pending'), { kind: 'open', state: 'pending', reason: '' });
  assert.deepEqual(standing('pending', { status: 'processing', error: problem }), {
    kind: 'open',
    state: 'processing',
    reason: 'no such name',
  });
  // The CA has seen this one, and has yet to say so of the authorization.
  assert.deepEqual(standing('pending', { status: 'valid' }), {
    kind: 'open',
    state: 'processing',
    reason: '',
  });
});
