/** Replacing without saying which version is replaced, and objects that do not say what they are, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import {
  APPLY,
  CERTIFICATES,
  CONFIG_MAPS,
  EVENTS,
  INGRESSES,
  LEASES,
  MERGE,
  SECRETS,
  certificate,
  patch,
  post,
  put,
  remove,
} from './objects.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

const good = { dnsNames: ['a.example.com'] };
const backend = { service: { name: 's', port: { number: 80 } } };
const ACCOUNTS = '/api/v1/namespaces/{ns}/serviceaccounts';
const involvedObject = { kind: 'Secret', name: 'a', namespace: '{ns}' };

/** Of each built-in kind: the collection, and what is posted and then put. */
const KINDS: readonly (readonly [string, Record<string, unknown>])[] = [
  [SECRETS, { apiVersion: 'v1', kind: 'Secret' }],
  [CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap' }],
  [ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount' }],
  [EVENTS, { apiVersion: 'v1', kind: 'Event', involvedObject, type: 'Normal', reason: 'r', message: 'm' }],
  [LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: { leaseDurationSeconds: 5 } }],
  [INGRESSES, { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', spec: { defaultBackend: backend } }],
];
const named = (object: object, metadata: object = {}): object => ({
  ...object,
  metadata: { name: 'a', ...metadata },
});

const CASES: readonly Case[] = [
  ...KINDS.map(([collection, object]) => ({
    name: `${String(object['kind'])}: replaced without a version, with the current one, with an old one`,
    steps: [
      post(collection, named(object)),
      put(`${collection}/a`, named(object, { labels: { a: '1' } })),
      put(`${collection}/a`, named(object, { labels: { a: '2' }, resourceVersion: '' })),
      put(`${collection}/a`, named(object, { labels: { a: '3' }, resourceVersion: '1' })),
      patch(`${collection}/a`, MERGE, { metadata: { labels: { a: '4' } } }),
      put(`${collection}/a`, named(object, { labels: { a: '5' }, resourceVersion: '$rv(4)' })),
      remove(`${collection}/a`),
    ],
  })),
  {
    name: 'custom resources that do not say what they are',
    steps: [
      post(CERTIFICATES, { metadata: { name: 'x' } }),
      post(CERTIFICATES, { ...certificate('x', good), kind: undefined }),
      post(CERTIFICATES, { ...certificate('x', good), kind: '' }),
      post(CERTIFICATES, { ...certificate('x', good), kind: 7 }),
      post(CERTIFICATES, { ...certificate('x', good), apiVersion: undefined }),
      post(CERTIFICATES, { ...certificate('x', good), apiVersion: '' }),
      post(CERTIFICATES, certificate('one', good)),
      put(`${CERTIFICATES}/one`, {
        ...certificate('one', good, { resourceVersion: '$rv(6)' }),
        kind: undefined,
      }),
      patch(`${CERTIFICATES}/one`, MERGE, { kind: null }),
      patch(`${CERTIFICATES}/one`, MERGE, { apiVersion: null }),
      patch(`${CERTIFICATES}/one?fieldManager=a`, APPLY, { ...certificate('one', good), kind: undefined }),
      patch(`${CERTIFICATES}/one?fieldManager=a`, APPLY, {
        ...certificate('one', good),
        apiVersion: undefined,
      }),
    ],
  },
  {
    name: 'built-in kinds that do not say what they are',
    steps: [
      post(CONFIG_MAPS, { metadata: { name: 'a' } }),
      post(CONFIG_MAPS, { apiVersion: 'v1', metadata: { name: 'b' } }),
      post(CONFIG_MAPS, { kind: 'ConfigMap', metadata: { name: 'c' } }),
      put(`${CONFIG_MAPS}/a`, { metadata: { name: 'a' }, data: { k: 'v' } }),
      patch(`${CONFIG_MAPS}/a`, MERGE, { kind: null, data: { k: 'w' } }),
      patch(`${CONFIG_MAPS}/a?fieldManager=a`, APPLY, { metadata: { name: 'a' }, data: { l: 'v' } }),
    ],
  },
];

describe('what a replacement and an object have to say, as kube-apiserver has it', () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
