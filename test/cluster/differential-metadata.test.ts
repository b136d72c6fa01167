/** What a server makes of metadata that clients send, and preconditions and dry runs of every verb, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import {
  APPLY,
  CERTIFICATES,
  CONFIG_MAPS,
  JSON_PATCH,
  MERGE,
  SECRETS,
  certificate,
  configMap,
  get,
  patch,
  post,
  put,
  remove,
  secret,
} from './objects.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

const good = { dnsNames: ['a.example.com'] };
const one = `${CERTIFICATES}/one`;
const owner = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid: '00000000-0000-4000-8000-000000000000',
  ...more,
});

const CASES: readonly Case[] = [
  {
    name: "metadata that is the server's: times, versions, generation, managed fields, links",
    steps: [
      post(
        CERTIFICATES,
        certificate('one', good, {
          creationTimestamp: '2020-01-01T00:00:00Z',
          deletionTimestamp: '2020-01-01T00:00:00Z',
          deletionGracePeriodSeconds: 5,
          generation: 7,
          selfLink: '/x',
          uid: '11111111-1111-4111-8111-111111111111',
        }),
      ),
      get(one),
      patch(one, MERGE, { metadata: { generation: 40, creationTimestamp: '2021-01-01T00:00:00Z' } }),
      patch(one, MERGE, { spec: { commonName: 'x' } }),
      patch(one, MERGE, { metadata: { labels: { a: 'b' } } }),
      patch(`${one}/status`, MERGE, { status: { revision: 1 } }),
      patch(one, MERGE, { metadata: { deletionTimestamp: '2021-01-01T00:00:00Z' } }),
      patch(one, MERGE, { metadata: { annotations: { a: null }, labels: null } }),
      patch(one, JSON_PATCH, [{ op: 'replace', path: '/metadata/uid', value: 'x' }]),
      patch(one, MERGE, { metadata: { unknown: 1 } }),
      patch(`${one}?fieldValidation=Strict`, MERGE, { metadata: { unknown: 1 } }),
      get(one),
    ],
  },
  {
    name: 'generated names and names of built-in kinds',
    steps: [
      post(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'Bad_' } }),
      post(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: '' } }),
      post(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }),
      post(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap' }),
      post(CONFIG_MAPS, configMap('named', {}, { generateName: 'unused-' })),
      post(SECRETS, secret('a.b-c')),
      post(SECRETS, secret('-a')),
      post(SECRETS, secret('x'.repeat(254))),
      post(SECRETS, secret('a', {}, { namespace: 'other' })),
      post(SECRETS, secret('a', {}, { labels: { 'a/b/c': 'x' }, annotations: { 'UPPER/x': 'y' } })),
      post(SECRETS, secret('a', {}, { labels: { a: 5 } })),
      post(SECRETS, secret('a', {}, { finalizers: ['x', ''] })),
      post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } }),
    ],
  },
  {
    name: 'owner references',
    steps: [
      post(
        SECRETS,
        secret(
          'a',
          {},
          {
            ownerReferences: [
              owner('x', { controller: true }),
              owner('y', { controller: true, uid: '00000000-0000-4000-8000-000000000001' }),
            ],
          },
        ),
      ),
      post(SECRETS, secret('a', {}, { ownerReferences: [owner('')] })),
      post(SECRETS, secret('a', {}, { ownerReferences: [owner('x', { apiVersion: '' })] })),
      post(SECRETS, secret('a', {}, { ownerReferences: [owner('x', { uid: '' })] })),
      post(SECRETS, secret('a', {}, { ownerReferences: [owner('x', { kind: '' })] })),
      post(SECRETS, secret('a', {}, { ownerReferences: [owner('x', { kind: 'Event' })] })),
      post(CONFIG_MAPS, configMap('owner')),
      post(
        SECRETS,
        secret(
          'owned',
          {},
          {
            ownerReferences: [owner('owner', { uid: '$uid(6)', controller: true, blockOwnerDeletion: true })],
          },
        ),
      ),
      patch(`${SECRETS}/owned`, MERGE, {
        metadata: { ownerReferences: [owner('owner', { uid: '$uid(6)' })] },
      }),
      remove(`${CONFIG_MAPS}/owner`),
      { ...get(`${SECRETS}/owned`), until: 404 },
    ],
  },
  {
    name: 'foreground deletion waits for what is owned; orphans stay',
    steps: [
      post(CONFIG_MAPS, configMap('owner')),
      post(
        SECRETS,
        secret(
          'owned',
          {},
          {
            finalizers: ['example.com/hold'],
            ownerReferences: [owner('owner', { uid: '$uid(0)', blockOwnerDeletion: true })],
          },
        ),
      ),
      remove(`${CONFIG_MAPS}/owner`, { propagationPolicy: 'Foreground' }),
      get(`${CONFIG_MAPS}/owner`),
      patch(`${SECRETS}/owned`, MERGE, { metadata: { finalizers: null } }),
      { ...get(`${SECRETS}/owned`), until: 404 },
      { ...get(`${CONFIG_MAPS}/owner`), until: 404 },
      post(CONFIG_MAPS, configMap('left')),
      post(SECRETS, secret('orphan', {}, { ownerReferences: [owner('left', { uid: '$uid(7)' })] })),
      remove(`${CONFIG_MAPS}/left`, { propagationPolicy: 'Orphan' }),
      { ...get(`${CONFIG_MAPS}/left`), until: 404 },
      get(`${SECRETS}/orphan`),
    ],
  },
  {
    name: 'preconditions of every verb',
    steps: [
      post(CERTIFICATES, certificate('one', good)),
      patch(one, MERGE, { metadata: { resourceVersion: '$rv(0)' }, spec: { commonName: 'a' } }),
      patch(one, MERGE, { metadata: { resourceVersion: '$rv(0)' }, spec: { commonName: 'b' } }),
      patch(one, MERGE, { metadata: { uid: '$uid(0)' }, spec: { commonName: 'c' } }),
      patch(`${one}?fieldManager=x`, APPLY, certificate('one', good, { resourceVersion: '1' })),
      patch(
        `${one}?fieldManager=x&force=true`,
        APPLY,
        certificate('one', good, { uid: '22222222-2222-4222-8222-222222222222' }),
      ),
      put(`${one}/status`, {
        ...certificate('one', good, { resourceVersion: '$rv(0)' }),
        status: { revision: 1 },
      }),
      put(`${one}/status`, { ...certificate('one', good), status: { revision: 1 } }),
      remove(one, { preconditions: { resourceVersion: '$rv(0)' } }),
      remove(one, { preconditions: { uid: '22222222-2222-4222-8222-222222222222' } }),
      remove(one, { preconditions: { uid: '$uid(0)' } }),
      post(SECRETS, secret('s', { data: { k: 'eA==' } })),
      put(`${SECRETS}/s`, secret('s', { data: { k: 'eQ==' } }, { resourceVersion: '$rv(0)' })),
      put(`${SECRETS}/s`, secret('s', { data: { k: 'eQ==' } })),
      put(`${SECRETS}/absent`, secret('absent')),
      remove(`${SECRETS}/s`, { preconditions: { resourceVersion: '$rv(0)' } }),
    ],
  },
  {
    name: 'dry runs of every verb change nothing',
    steps: [
      post(`${CERTIFICATES}?dryRun=All`, certificate('dry', good)),
      post(CERTIFICATES, certificate('one', good)),
      post(`${CERTIFICATES}?dryRun=All`, certificate('one', good)),
      post(`${CERTIFICATES}?dryRun=All`, certificate('bad', { dnsNames: 5 })),
      put(`${one}?dryRun=All`, certificate('one', { ...good, commonName: 'x' })),
      put(`${one}/status?dryRun=All`, { ...certificate('one', good), status: { revision: 3 } }),
      patch(
        `${one}?dryRun=All&fieldManager=x&force=true`,
        APPLY,
        certificate('one', { ...good, commonName: 'y' }),
      ),
      patch(`${CERTIFICATES}/new?dryRun=All&fieldManager=x`, APPLY, certificate('new', good)),
      patch(`${one}?dryRun=All`, JSON_PATCH, [{ op: 'add', path: '/spec/commonName', value: 'z' }]),
      patch(`${one}?dryRun=None`, MERGE, {}),
      patch(`${one}?dryRun=All&dryRun=All`, MERGE, {}),
      get(CERTIFICATES),
      post(`${SECRETS}?dryRun=All`, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        stringData: { k: 'v' },
      }),
      remove(one, { dryRun: ['All'] }),
      remove(one, { dryRun: ['Some'] }),
      get(one),
    ],
  },
];

describe('metadata, as kube-apiserver does them', { concurrency: 4 }, () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
