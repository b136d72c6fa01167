/** A turn sees its own namespaces, what everybody needs, and writes nowhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeList, KubeObject } from '../../api/meta.ts';
import {
  certificates,
  certificateSigningRequests,
  clusterIssuers,
  events,
  secrets,
  subjectAccessReviews,
  type ResourceType,
} from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { shardClient } from './shard-client.ts';

const object = (kind: string, name: string, namespace?: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace },
});

const write = { fieldManager: 'test' };

function listing(): { objects: MemoryClient; memory: KubeClient } {
  const objects = new MemoryClient();
  const memory: KubeClient = objects;
  memory.list = <T extends KubeObject>(type: ResourceType) =>
    Promise.resolve({
      metadata: {},
      items: [...objects.objects.values()].filter(({ kind }) => kind === type.kind) as T[],
    } as KubeList<T>);
  return { objects, memory };
}

test('a CertificateSigningRequest is of the shard of its Issuer, and may be written there', async () => {
  const { memory } = listing();
  const request = (name: string, signerName: string): KubeObject =>
    ({ ...object('CertificateSigningRequest', name), spec: { signerName } }) as KubeObject;
  await memory.create(
    certificateSigningRequests,
    request('mine', 'issuers.cert-manager.io/ours.team.ca'),
    write,
  );
  await memory.create(
    certificateSigningRequests,
    request('other', 'issuers.cert-manager.io/theirs.ca'),
    write,
  );
  await memory.create(
    certificateSigningRequests,
    request('wide', 'clusterissuers.cert-manager.io/ca'),
    write,
  );
  const asked: (string | undefined)[] = [];
  const client = shardClient(memory, {
    owns: (namespace) => namespace === 'ours',
    clusterResourceNamespace: 'cert-manager',
    guard: (namespace) => void asked.push(namespace),
  });
  const { items } = await client.list<KubeObject>(certificateSigningRequests);
  assert.deepEqual(
    items.map(({ metadata }) => metadata?.name),
    ['mine'],
  );
  const patch = { status: { certificate: '' } };
  await client.patch(certificateSigningRequests, { name: 'mine' }, 'merge', patch, write);
  assert.deepEqual(asked, ['ours']);

  // What goes with it is in other namespaces, or in none.
  await client.create(subjectAccessReviews, object('SubjectAccessReview', 'x'), write);
  await client.create(events, object('Event', 'mine.1', 'default'), write);
  assert.deepEqual(asked, ['ours']);
});

test('lists hold what is ours, ClusterIssuers and the Secrets of ClusterIssuers', async () => {
  const { memory } = listing();
  for (const namespace of ['ours', 'theirs', 'cert-manager']) {
    await memory.create(certificates, object('Certificate', 'web', namespace), write);
    await memory.create(secrets, object('Secret', 'web', namespace), write);
  }
  await memory.create(clusterIssuers, object('ClusterIssuer', 'ca'), write);
  let held = true;
  const client = shardClient(memory, {
    owns: (namespace) => namespace === 'ours',
    clusterResourceNamespace: 'cert-manager',
    guard: (namespace) => {
      if (!held || namespace !== 'ours') throw new Error('not ours');
    },
  });
  const seen = async (type: ResourceType): Promise<string[]> =>
    (await client.list<KubeObject>(type)).items.map(({ metadata }) => metadata?.namespace ?? '-');
  assert.deepEqual(await seen(certificates), ['ours']);
  assert.deepEqual(new Set(await seen(secrets)), new Set(['cert-manager', 'ours']));
  assert.deepEqual(await seen(clusterIssuers), ['-']);

  await client.create(certificates, object('Certificate', 'more', 'ours'), write);
  await assert.rejects(client.create(certificates, object('Certificate', 'x', 'theirs'), write), /not ours/);
  await assert.rejects(client.delete(secrets, { namespace: 'cert-manager', name: 'web' }), /not ours/);
  held = false;
  await assert.rejects(client.delete(secrets, { namespace: 'ours', name: 'web' }), /not ours/);
  assert.equal((await memory.list(secrets)).items.length, 3);
});
