/** Who answers with what another Challenge put in place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import type { Solver } from '../../api/solver.ts';
import { presenterOf, Removals } from './shared-place.ts';

const dns: Solver = { dns01: { cloudflare: { apiTokenSecretRef: { name: 'old', key: 'token' } } } };
const edited: Solver = { dns01: { cloudflare: { apiTokenSecretRef: { name: 'new', key: 'token' } } } };

function challenge(
  uid: string,
  spec: Partial<Challenge['spec']> = {},
  state?: 'pending' | 'valid',
): Challenge {
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { namespace: 'shop', name: uid, uid },
    spec: {
      url: 'https://ca.example/challenge/1',
      authorizationURL: 'https://ca.example/authz/1',
      dnsName: 'web.example.com',
      type: 'DNS-01',
      token: 'token',
      key: 'value',
      solver: dns,
      issuerRef: { name: 'acme' },
      ...spec,
    },
    status: { processing: true, presented: true, ...(state === undefined ? {} : { state }) },
  };
}

const old = challenge('old');

test('the one with a slot, of the same name, type and value, whatever its solver', () => {
  const next = challenge('next', { solver: edited, dnsName: 'WEB.example.com' }, 'pending');
  assert.equal(presenterOf(old, [old, next]), next);
});

test('nobody else', () => {
  const gone = challenge('gone');
  gone.metadata = { ...gone.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  const others = [
    old,
    gone,
    challenge('done', {}, 'valid'),
    challenge('other-value', { key: 'another' }),
    challenge('other-name', { dnsName: 'example.com' }),
    challenge('other-type', { type: 'HTTP-01' }),
  ];
  assert.equal(presenterOf(old, others), undefined);
});

test('what a Challenge owns goes by UID; a path in an Ingress of the user is shared', () => {
  const http = (name?: string): Partial<Challenge['spec']> => ({
    type: 'HTTP-01',
    solver: { http01: { ingress: name === undefined ? { ingressClassName: 'nginx' } : { name } } },
  });
  const next = challenge('next', http('web'));
  assert.equal(presenterOf(challenge('old', http()), [next]), undefined);
  assert.equal(
    presenterOf(challenge('old', { ...http(), solver: { http01: { listener: {} } } }), [next]),
    undefined,
  );
  assert.equal(presenterOf(challenge('old', http('web')), [next]), next);
});

test('a removal is known while it runs, also one that fails, and its end is told to those who asked', async () => {
  let ends = 0;
  const removals = new Removals(() => void ends++);
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const runs = gates.map(({ promise }) => removals.run(old, () => promise));
  assert.equal(removals.isRunning(challenge('other', { key: 'another' })), false);
  assert.equal(removals.isRunning(challenge('next')), true);
  gates[0].resolve();
  await runs[0];
  assert.equal(removals.isRunning(challenge('next')), true);
  assert.equal(ends, 0);
  gates[1].reject(new Error('no answer'));
  await assert.rejects(runs[1]!, /no answer/u);
  assert.equal(removals.isRunning(challenge('next')), false);
  assert.equal(ends, 1);
  await removals.run(old, () => Promise.resolve());
  assert.equal(ends, 1, 'nobody waited');
});
