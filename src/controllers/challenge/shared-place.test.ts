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

test('a removal is told of once while any of one answer runs, also where one fails', async () => {
  const told: string[] = [];
  const removals = new Removals({
    began: ({ metadata }) => void told.push(`began ${metadata?.name}`),
    ended: ({ metadata }) => void told.push(`ended ${metadata?.name}`),
  });
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const first = removals.run(old, () => gates[0].promise);
  const second = removals.run(challenge('next'), () => gates[1].promise);
  assert.deepEqual(told, ['began old']);
  gates[0].resolve();
  await first;
  assert.deepEqual(told, ['began old'], 'the other one still runs');
  gates[1].reject(new Error('no answer'));
  await assert.rejects(second, /no answer/u);
  assert.deepEqual(told, ['began old', 'ended next']);
  await removals.run(challenge('other', { key: 'another' }), () => Promise.resolve());
  assert.deepEqual(told.slice(2), ['began other', 'ended other']);
  await removals.run(old, () => Promise.resolve());
  assert.deepEqual(told.slice(4), ['began old', 'ended old'], 'each time anew');
});
