import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceType } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { openChallenges } from './open-challenges.ts';

const order = (uid: string, certificate: string | undefined, status: object): object => ({
  metadata: {
    uid,
    ...(certificate === undefined
      ? {}
      : { annotations: { 'cert-manager.io/certificate-name': certificate } }),
  },
  status,
});
const challenge = (owner: string, dnsName: string, status: object): object => ({
  metadata: { ownerReferences: [{ uid: owner }] },
  spec: { dnsName, type: 'HTTP-01' },
  status,
});

function clientWith(lists: Record<string, object[]>): KubeClient {
  const client = {
    list: async (type: ResourceType) => ({ items: lists[type.plural] ?? [], metadata: {} }),
  };
  return client as unknown as KubeClient;
}

test('the reasons of Challenges, else that of the Order, by Certificate', async () => {
  const found = await openChallenges(
    clientWith({
      orders: [
        order('1', 'web', { state: 'pending' }),
        order('2', 'mail', { state: 'pending', reason: 'waits for the CA until noon' }),
        order('3', 'done', { state: 'valid', reason: 'old' }),
        order('4', undefined, { state: 'pending', reason: 'of nobody' }),
        order('5', 'many', { state: 'pending' }),
      ],
      challenges: [
        challenge('1', 'a.example', { state: 'pending', reason: 'port 80 is closed' }),
        challenge('1', 'b.example', { state: 'valid', reason: 'Successfully authorized domain' }),
        challenge('1', 'c.example', { state: 'pending' }),
        ...['1', '2', '3', '4', '5'].map((name) => challenge('5', name, { reason: 'no' })),
      ],
    }),
    'shop',
  );
  assert.deepEqual(
    [...found],
    [
      ['web', 'a.example by HTTP-01: port 80 is closed'],
      ['mail', 'waits for the CA until noon'],
      ['many', '1 by HTTP-01: no; 2 by HTTP-01: no; 3 by HTTP-01: no and 2 more names'],
    ],
  );
});
