/** Watches that are open while objects change, bookmarks, and what is refused of watches, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import {
  CERTIFICATES,
  CONFIG_MAPS,
  EVENTS,
  MERGE,
  SECRETS,
  TABLE,
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
const open = (path: string, query: string): string => `${path}?watch=true&timeoutSeconds=1${query}`;
const relabel = (name: string, labels: object): Case['steps'][number] =>
  patch(`${CERTIFICATES}/${name}`, MERGE, { metadata: { labels } });

const CASES: readonly Case[] = [
  {
    name: 'an open watch: objects that come, change, enter a selection, leave it and go',
    steps: [
      post(CERTIFICATES, certificate('a', good, { labels: { tier: 'web' } })),
      post(CERTIFICATES, certificate('b', good)),
      {
        ...get(open(CERTIFICATES, '&resourceVersion=$rv(1)&labelSelector=tier%3Dweb')),
        during: [
          relabel('b', { tier: 'web' }),
          relabel('a', { tier: 'db' }),
          relabel('a', { other: 'x' }),
          relabel('b', { tier: 'web', more: 'y' }),
          post(CERTIFICATES, certificate('c', good, { labels: { tier: 'web' } })),
          post(CERTIFICATES, certificate('d', good)),
          remove(`${CERTIFICATES}/c`),
          remove(`${CERTIFICATES}/d`),
          relabel('a', { tier: 'web' }),
        ],
      },
      {
        ...get(open(CERTIFICATES, '&resourceVersion=$rv(1)&fieldSelector=metadata.name%3Da')),
        during: [
          patch(`${CERTIFICATES}/a/status`, MERGE, { status: { revision: 1 } }),
          patch(`${CERTIFICATES}/a/status`, MERGE, { status: { revision: 1 } }),
          remove(`${CERTIFICATES}/b`),
        ],
      },
    ],
  },
  {
    name: 'an open watch of Secrets by type and by two labels, of ConfigMaps, of one namespace among others',
    steps: [
      post(SECRETS, secret('a', { type: 'example.com/x' }, { labels: { k: 'v' } })),
      {
        ...get(open(SECRETS, '&resourceVersion=$rv(0)&fieldSelector=type%3Dexample.com/x')),
        during: [
          post(SECRETS, secret('b', { type: 'example.com/y' })),
          post(SECRETS, secret('c', { type: 'example.com/x' })),
          remove(`${SECRETS}/b`),
          remove(`${SECRETS}/c`),
        ],
      },
      {
        ...get(open(SECRETS, '&resourceVersion=$rv(0)&labelSelector=k,!gone')),
        during: [
          patch(`${SECRETS}/a`, MERGE, { metadata: { labels: { gone: '' } } }),
          patch(`${SECRETS}/a`, MERGE, { metadata: { labels: { gone: null } } }),
          patch(`${SECRETS}/a`, MERGE, { data: { x: 'eA==' } }),
        ],
      },
      post(CONFIG_MAPS, configMap('m')),
      {
        ...get(
          `${open('/api/v1/configmaps', '&resourceVersion=$rv(3)')}&fieldSelector=metadata.namespace%3D{ns}`,
        ),
        during: [put(`${CONFIG_MAPS}/m`, configMap('m', { data: { a: 'b' } })), remove(`${CONFIG_MAPS}/m`)],
      },
    ],
  },
  {
    name: 'an open watch: finalizers, ends that wait, an object that is made again, no change at all',
    steps: [
      post(CERTIFICATES, certificate('a', good, { finalizers: ['example.com/hold'] })),
      {
        ...get(open(CERTIFICATES, '&resourceVersion=$rv(0)')),
        during: [
          remove(`${CERTIFICATES}/a`),
          patch(`${CERTIFICATES}/a`, MERGE, { spec: { commonName: 'x' } }),
          patch(`${CERTIFICATES}/a`, MERGE, { spec: { commonName: 'x' } }),
          patch(`${CERTIFICATES}/a`, MERGE, { metadata: { finalizers: null } }),
          post(CERTIFICATES, certificate('a', good)),
          post(`${CERTIFICATES}?dryRun=All`, certificate('dry', good)),
          remove(CERTIFICATES),
        ],
      },
    ],
  },
  {
    name: 'watches as tables and as metadata, while objects change',
    steps: [
      post(CERTIFICATES, certificate('a', good)),
      {
        ...get(open(CERTIFICATES, '&resourceVersion=$rv(0)'), TABLE),
        during: [relabel('a', { x: 'y' }), remove(`${CERTIFICATES}/a`)],
      },
      post(CERTIFICATES, certificate('b', good)),
      {
        ...get(open(CERTIFICATES, '&resourceVersion=$rv(2)'), {
          accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
        }),
        during: [relabel('b', { x: 'y' }), remove(`${CERTIFICATES}/b`)],
      },
      post(CERTIFICATES, certificate('c', good)),
      {
        ...get(`${open(CERTIFICATES, '&resourceVersion=$rv(4)')}&includeObject=None`, TABLE),
        during: [relabel('c', { x: 'y' })],
      },
    ],
  },
  {
    name: 'bookmarks before the end of a watch',
    steps: [
      post(CERTIFICATES, certificate('a', good)),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=4&resourceVersion=$rv(0)&allowWatchBookmarks=true`),
    ],
  },
  {
    name: 'watch parameters that contradict each other or are none',
    steps: [
      post(CERTIFICATES, certificate('a', good)),
      get(`${CERTIFICATES}?watch=1&timeoutSeconds=1&resourceVersion=$rv(0)`),
      get(`${CERTIFICATES}?watch=false`),
      get(`${CERTIFICATES}?watch=maybe&timeoutSeconds=1&resourceVersion=$rv(0)`),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=x`),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=$rv(0)&resourceVersionMatch=Exact`),
      get(
        `${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=$rv(0)&resourceVersionMatch=NotOlderThan`,
      ),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&sendInitialEvents=false&resourceVersion=$rv(0)`),
      get(`${CERTIFICATES}?sendInitialEvents=true`),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&limit=1&resourceVersion=$rv(0)`),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&continue=x&resourceVersion=$rv(0)`),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&fieldSelector=spec.secretName%3Ds`),
      get(`${EVENTS}?watch=true&timeoutSeconds=1&fieldSelector=involvedObject.nothing%3Ds`),
      get(`${CERTIFICATES}/a?watch=true&timeoutSeconds=1`),
      get(
        '/apis/cert-manager.io/v1/watch/namespaces/{ns}/certificates?timeoutSeconds=1&resourceVersion=$rv(0)',
      ),
      get(
        '/apis/cert-manager.io/v1/namespaces/absent/certificates?watch=true&timeoutSeconds=1&resourceVersion=$rv(0)',
      ),
    ],
  },
];

describe('watches, as kube-apiserver does them', { concurrency: 4 }, () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
