/** Pages, field selectors of every kind, collections that are deleted, and reads of single objects, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import {
  CERTIFICATES,
  CONFIG_MAPS,
  EVENTS,
  ISSUERS,
  LEASES,
  SECRETS,
  TABLE,
  certificate,
  get,
  post,
  remove,
  secret,
} from './objects.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

const good = { dnsNames: ['a.example.com'] };
const five: Case['steps'] = ['a', 'b', 'c', 'd', 'e'].map((name) =>
  post(CERTIFICATES, certificate(name, good, { labels: { odd: String('ace'.includes(name)) } })),
);
const event = (name: string, about: string, reason: string): object => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name },
  involvedObject: {
    kind: 'Certificate',
    name: about,
    namespace: '{ns}',
    uid: 'u',
    apiVersion: 'cert-manager.io/v1',
  },
  reason,
  type: 'Normal',
  source: { component: 'c' },
});

const CASES: readonly Case[] = [
  {
    name: 'pages of a list, with and without a selector, to the end and past a change',
    steps: [
      ...five,
      get(`${CERTIFICATES}?limit=2`),
      get(`${CERTIFICATES}?limit=2&continue=$continue(5)`),
      get(`${CERTIFICATES}?limit=2&continue=$continue(6)`),
      get(`${CERTIFICATES}?limit=1&labelSelector=odd%3Dtrue`),
      get(`${CERTIFICATES}?limit=5&labelSelector=odd%3Dtrue&continue=$continue(8)`),
      get(`${CERTIFICATES}?limit=5`),
      get(`${CERTIFICATES}?limit=0`),
      get(`${CERTIFICATES}?limit=-1`),
      get(`${CERTIFICATES}?limit=2&resourceVersion=0`),
      get(`${CERTIFICATES}?limit=2&resourceVersion=$rv(5)&continue=$continue(5)`),
      get(`${CERTIFICATES}?limit=2&resourceVersion=$rv(5)&resourceVersionMatch=Exact`),
      get(`${CERTIFICATES}?limit=2&resourceVersion=$rv(5)&resourceVersionMatch=NotOlderThan`),
      get(`${CERTIFICATES}?limit=2`, TABLE),
      get(`${CERTIFICATES}?limit=2`, {
        accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      }),
      remove(`${CERTIFICATES}/c`),
      get(`${CERTIFICATES}?limit=2&continue=$continue(5)`),
    ],
  },
  {
    name: 'field selectors of built-in kinds',
    steps: [
      post(SECRETS, secret('a', { type: 'example.com/x' })),
      post(SECRETS, secret('b')),
      get(`${SECRETS}?fieldSelector=type%3Dexample.com/x`),
      get(`${SECRETS}?fieldSelector=type!%3Dexample.com/x`),
      get(`${SECRETS}?fieldSelector=data%3Dx`),
      get(`${SECRETS}?fieldSelector=metadata.name%3Da,metadata.name%3Db`),
      get(`${SECRETS}?fieldSelector=metadata.name`),
      get(`${SECRETS}?fieldSelector=metadata.name%3D%3Da`),
      post(EVENTS, event('one', 'a', 'Issuing')),
      post(EVENTS, event('two', 'b', 'Issued')),
      ...[
        'involvedObject.name%3Da',
        'involvedObject.kind%3DCertificate',
        'reason%3DIssued',
        'type%3DWarning',
        'source%3Dc',
        'involvedObject.uid%3Du',
        'involvedObject.apiVersion%3Dcert-manager.io/v1',
        'involvedObject.fieldPath%3Dx',
        'reportingComponent%3Dc',
        'message%3Dx',
      ].map((each) => get(`${EVENTS}?fieldSelector=${each}`)),
      get('/api/v1/namespaces?fieldSelector=metadata.name%3D{ns}'),
      get('/api/v1/namespaces?fieldSelector=metadata.name%3D{ns},status.phase%3DTerminating'),
      get(`${CONFIG_MAPS}?fieldSelector=metadata.name%3Da`),
      get(`${LEASES}?fieldSelector=metadata.name%3Da`),
      get(`${ISSUERS}?fieldSelector=metadata.namespace%3D{ns}`),
    ],
  },
  {
    name: 'collections that are deleted: selectors, dry run, limits, policies, preconditions',
    steps: [
      ...five,
      remove(`${CERTIFICATES}?dryRun=All`),
      get(`${CERTIFICATES}?limit=1`),
      remove(`${CERTIFICATES}?fieldSelector=metadata.name%3Da`),
      remove(`${CERTIFICATES}?labelSelector=odd%3Dfalse`, { propagationPolicy: 'Background' }),
      remove(`${CERTIFICATES}?labelSelector=a%20b`),
      remove(`${CERTIFICATES}?fieldSelector=spec.x%3Da`),
      remove(CERTIFICATES, { preconditions: { resourceVersion: '1' } }),
      remove(CERTIFICATES, { propagationPolicy: 'Wrong' }),
      get(CERTIFICATES),
      remove(`${CERTIFICATES}?labelSelector=none`),
      remove('/apis/cert-manager.io/v1/namespaces/absent/certificates'),
      remove('/apis/cert-manager.io/v1/certificates'),
      post(SECRETS, secret('a')),
      post(SECRETS, secret('held', {}, { finalizers: ['example.com/hold'] })),
      remove(`${SECRETS}?labelSelector=!x`),
      get(SECRETS),
      {
        method: 'PATCH',
        path: `${SECRETS}/held`,
        type: 'application/merge-patch+json',
        body: { metadata: { finalizers: null } },
      },
    ],
  },
  {
    name: 'single objects: versions, tables, other formats',
    steps: [
      post(CERTIFICATES, certificate('a', good)),
      get(`${CERTIFICATES}/a?resourceVersion=0`),
      get(`${CERTIFICATES}/a?resourceVersion=$rv(0)`),
      get(`${CERTIFICATES}/a?resourceVersion=x`),
      get(`${CERTIFICATES}/a?pretty=true`),
      get(`${CERTIFICATES}/a`, { accept: '*/*' }),
      get(`${CERTIFICATES}/a`, { accept: 'application/json;as=Nothing;v=v1;g=meta.k8s.io' }),
      get(`${CERTIFICATES}/a`, { accept: 'application/json;as=Table;v=v9;g=meta.k8s.io' }),
      get(`${CERTIFICATES}/a`, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io;q=0.5,application/json;q=0.9',
      }),
      get(`${CERTIFICATES}/a`, { accept: 'nonsense' }),
      get(`${CERTIFICATES}/a%2Fb`),
      get(`${CERTIFICATES}/A`),
      get(`${CERTIFICATES}/`),
      get('/apis/cert-manager.io/v1/namespaces//certificates'),
      get('/api/v1/namespaces/{ns}/secrets/a/status'),
      get('/api/v1/namespaces/{ns}/status'),
      get('/apis/cert-manager.io/v1/certificates?limit=1&fieldSelector=metadata.namespace%3D{ns}'),
    ],
  },
];

describe('lists, as kube-apiserver does them', { concurrency: 4 }, () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
