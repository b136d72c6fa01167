/** A dry run that could never be complete ends at once, and says what is missing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListOptions, KubeClient } from '../../kube/client.ts';
import type { ResourceType } from '../../api/resources.ts';
import { ForbiddenError, NotFoundError, TransportError } from '../../kube/errors.ts';
import { EnvironmentError, exitCodes } from '../errors.ts';
import { requireReadable } from './require-readable.ts';

function apiWith(answers: Readonly<Record<string, Error>>): { client: KubeClient; asked: string[] } {
  const asked: string[] = [];
  const client = {
    async list({ plural }: ResourceType, { namespace }: ListOptions = {}) {
      asked.push(`${plural} ${namespace ?? '*'}`);
      const error = answers[plural];
      if (error !== undefined) throw error;
      return { items: [], metadata: {} };
    },
  } as unknown as KubeClient;
  return { client, asked };
}
const { signal } = new AbortController();

test('definitions that are missing are named, with the way to get them', async () => {
  const gone = new NotFoundError('the server could not find the requested resource');
  const { client } = apiWith({ certificates: gone, issuers: gone });
  await assert.rejects(requireReadable(client, undefined, signal), (error) => {
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.exitCode, exitCodes.environment);
    assert.match(
      error.message,
      /does not serve certificates\.cert-manager\.io, issuers\.cert-manager\.io: /u,
    );
    assert.match(error.message, /kubectl apply --server-side -f deploy\/crds/u);
    return true;
  });
});

test('rights that are missing are named, with the namespace', async () => {
  const { client } = apiWith({ secrets: new ForbiddenError('secrets is forbidden') });
  await assert.rejects(requireReadable(client, undefined, signal), /may not list secrets in all namespaces/u);
  await assert.rejects(requireReadable(client, 'shop', signal), /may not list secrets in namespace shop/u);
});

test('one namespace needs nothing cluster-scoped', async () => {
  const { client, asked } = apiWith({ clusterissuers: new ForbiddenError('no') });
  await requireReadable(client, 'shop', signal);
  assert.deepEqual(asked.toSorted(), [
    'certificaterequests shop',
    'certificates shop',
    'issuers shop',
    'secrets shop',
  ]);
});

test('an API that cannot be reached is told as that', async () => {
  const { client } = apiWith({ issuers: new TransportError('nobody answers') });
  await assert.rejects(requireReadable(client, undefined, signal), TransportError);
});
