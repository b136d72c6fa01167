/** Whose credentials a solver may read: of an Issuer those in its own namespace, and the machine's only where a flag says so (acme.md §10.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { SolverUnavailableError } from '../../solvers/errors.ts';
import { solverContext, withinTime } from './solver-context.ts';

const options = { clusterResourceNamespace: 'cert-manager' };

function given(kind: string | undefined, ambient = { issuers: false, clusterIssuers: true }) {
  const challenge = {
    metadata: { name: 'c', namespace: 'shop' },
    spec: { issuerRef: { name: 'acme', ...(kind === undefined ? {} : { kind }) } },
  } as Challenge;
  const { signal } = new AbortController();
  const context = solverContext(challenge, options, { ambient }, { signal, accountUri: '' });
  return { namespace: context.resourceNamespace, ambient: context.ambient, hasUri: 'accountUri' in context };
}

test('an Issuer: its own namespace, and nothing of the machine', () => {
  for (const kind of ['Issuer', undefined, 'Clusterissuer'])
    assert.deepEqual(given(kind), { namespace: 'shop', ambient: false, hasUri: false }, kind);
  assert.equal(given('Issuer', { issuers: true, clusterIssuers: false }).ambient, true);
});

test('a ClusterIssuer: the namespace of the cluster resources, and what the machine has', () => {
  assert.deepEqual(given('ClusterIssuer'), { namespace: 'cert-manager', ambient: true, hasUri: false });
  assert.equal(given('ClusterIssuer', { issuers: true, clusterIssuers: false }).ambient, false);
});

test('a solver that does not come back is told to stop, and counts as failed', async () => {
  const clock = createFakeClock(0);
  const challenge = { metadata: {}, spec: { issuerRef: { name: 'a' } } } as Challenge;
  const { signal } = new AbortController();
  const context = solverContext(
    challenge,
    options,
    { ambient: { issuers: false, clusterIssuers: false } },
    { signal },
  );
  let stopped = false;
  const call = withinTime(clock, context, ({ signal: within }) => {
    within?.addEventListener('abort', () => (stopped = true));
    return new Promise<never>(() => undefined);
  });
  const failed = assert.rejects(call, SolverUnavailableError);
  await clock.advance(3 * 60_000);
  await failed;
  assert.equal(stopped, true);
});
