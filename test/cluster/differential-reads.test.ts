/** Lists, tables, selectors, paging, watches and what is refused of them, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import { CERTIFICATES, CONFIG_MAPS, MERGE, SECRETS, certificate, configMap, secret } from './objects.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
const PARTIAL = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' };
const PARTIAL_ONE = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' };
const good = { dnsNames: ['a.example.com'] };
const get = (path: string, headers: Record<string, string> = {}): Case['steps'][number] => ({
  method: 'GET',
  path,
  headers,
});
const three: Case['steps'] = [
  {
    method: 'POST',
    path: CERTIFICATES,
    body: certificate('a', good, { labels: { tier: 'web', env: 'prod' } }),
  },
  { method: 'POST', path: CERTIFICATES, body: certificate('b', good, { labels: { tier: 'db' } }) },
  { method: 'POST', path: CERTIFICATES, body: certificate('c', good) },
];
const selectors = [
  'tier',
  '!tier',
  'tier=web',
  'tier!=web',
  'tier in (web,db)',
  'tier notin (web)',
  'tier==db,env',
  '',
  'a b',
  'x in (',
  '=x',
];

const CASES: readonly Case[] = [
  {
    name: 'lists, selectors and pages',
    steps: [
      get(CERTIFICATES),
      ...three,
      get(CERTIFICATES),
      ...selectors.map((each) => get(`${CERTIFICATES}?labelSelector=${encodeURIComponent(each)}`)),
      get(`${CERTIFICATES}?fieldSelector=metadata.name%3Db`),
      get(`${CERTIFICATES}?fieldSelector=metadata.name!%3Db,metadata.namespace%3D{ns}`),
      get(`${CERTIFICATES}?fieldSelector=spec.nothing%3Db`),
      get(`${CERTIFICATES}?limit=2`),
      get(`${CERTIFICATES}?limit=2&continue=nonsense`),
      get(`${CERTIFICATES}?limit=x`),
      get(`${CERTIFICATES}?resourceVersion=0`),
      get(`${CERTIFICATES}?resourceVersion=x`),
      get(`${CERTIFICATES}?resourceVersionMatch=Exact`),
      get(`${CERTIFICATES}?resourceVersion=0&resourceVersionMatch=Exact`),
      get(`${CERTIFICATES}?resourceVersion=1&resourceVersionMatch=Wrong`),
      get(`${CERTIFICATES}?resourceVersion=99999999999`),
    ],
  },
  {
    name: 'tables of Certificates, Secrets, ConfigMaps, Namespaces',
    steps: [
      ...three,
      {
        method: 'PATCH',
        path: `${CERTIFICATES}/a/status`,
        type: MERGE,
        body: { status: { conditions: [{ type: 'Ready', status: 'True', message: 'm' }] } },
      },
      get(CERTIFICATES, TABLE),
      get(`${CERTIFICATES}/a`, TABLE),
      get(`${CERTIFICATES}/a?includeObject=Object`, TABLE),
      get(`${CERTIFICATES}/a?includeObject=None`, TABLE),
      get(`${CERTIFICATES}/absent`, TABLE),
      get(CERTIFICATES, PARTIAL),
      get(`${CERTIFICATES}/a`, PARTIAL_ONE),
      { method: 'POST', path: SECRETS, body: secret('s', { stringData: { k: 'v' } }) },
      get(SECRETS, TABLE),
      {
        method: 'POST',
        path: CONFIG_MAPS,
        body: configMap('c', { data: { k: 'v' }, binaryData: { b: 'eA==' } }),
      },
      get(`${CONFIG_MAPS}?fieldSelector=metadata.name%3Dc`, TABLE),
      get('/api/v1/namespaces/{ns}', TABLE),
    ],
  },
  {
    name: 'tables of requests, issuers and Events',
    steps: [
      {
        method: 'POST',
        path: '/apis/cert-manager.io/v1/namespaces/{ns}/issuers',
        body: {
          apiVersion: 'cert-manager.io/v1',
          kind: 'Issuer',
          metadata: { name: 'i' },
          spec: { selfSigned: {} },
        },
      },
      get('/apis/cert-manager.io/v1/namespaces/{ns}/issuers', TABLE),
      {
        method: 'POST',
        path: '/apis/cert-manager.io/v1/namespaces/{ns}/certificaterequests',
        body: {
          apiVersion: 'cert-manager.io/v1',
          kind: 'CertificateRequest',
          metadata: { name: 'r' },
          spec: { request: 'eA==', issuerRef: { name: 'i' } },
        },
      },
      get('/apis/cert-manager.io/v1/namespaces/{ns}/certificaterequests', TABLE),
      get('/apis/acme.cert-manager.io/v1/namespaces/{ns}/orders', TABLE),
      get('/apis/acme.cert-manager.io/v1/namespaces/{ns}/challenges', TABLE),
      {
        method: 'POST',
        path: '/api/v1/namespaces/{ns}/events',
        body: {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: 'e' },
          involvedObject: {
            kind: 'Certificate',
            name: 'a',
            namespace: '{ns}',
            apiVersion: 'cert-manager.io/v1',
          },
          reason: 'Issuing',
          message: 'text',
          type: 'Normal',
          count: 2,
          firstTimestamp: '2026-01-01T00:00:00Z',
          lastTimestamp: '2026-01-02T00:00:00Z',
          source: { component: 'c' },
        },
      },
      get('/api/v1/namespaces/{ns}/events'),
      get('/apis/events.k8s.io/v1/namespaces/{ns}/events/e'),
      get('/api/v1/namespaces/{ns}/events?fieldSelector=involvedObject.name%3Da,reason%3DIssuing'),
      {
        method: 'POST',
        path: '/apis/events.k8s.io/v1/namespaces/{ns}/events',
        body: {
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: 'n' },
          eventTime: '2026-01-01T00:00:00.000000Z',
          regarding: { kind: 'Certificate', name: 'a', namespace: '{ns}' },
          reason: 'Issuing',
          action: 'Issue',
          note: 'text',
          type: 'Normal',
          reportingController: 'x.io/c',
          reportingInstance: 'c-1',
        },
      },
      get('/api/v1/namespaces/{ns}/events/n'),
      {
        method: 'POST',
        path: '/apis/events.k8s.io/v1/namespaces/{ns}/events',
        body: {
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: 'bad' },
          regarding: { kind: 'Certificate', name: 'a', namespace: '{ns}' },
        },
      },
      {
        method: 'POST',
        path: '/api/v1/namespaces/{ns}/events',
        body: {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: 'bad' },
          involvedObject: { namespace: 'other' },
        },
      },
    ],
  },
  {
    name: 'paths, methods and kinds that are not there',
    steps: [
      get('/apis/cert-manager.io/v1/namespaces/{ns}/nothings'),
      get('/apis/cert-manager.io/v9/namespaces/{ns}/certificates'),
      get('/apis/nothing.example.com/v1'),
      get('/nothing'),
      get(`${CERTIFICATES}/absent`),
      get(`${CERTIFICATES}/absent/status`),
      get(`${CERTIFICATES}/absent/scale`),
      get(`${SECRETS}/absent`),
      get('/apis/cert-manager.io/v1/clusterissuers/absent'),
      get('/apis/cert-manager.io/v1/namespaces/{ns}/clusterissuers'),
      get('/api/v1/namespaces/absent'),
      { method: 'POST', path: `${CERTIFICATES}/a`, body: certificate('a', good) },
      { method: 'PUT', path: CERTIFICATES, body: certificate('a', good) },
      get(CERTIFICATES, { accept: 'text/html' }),
      get(CERTIFICATES, { accept: 'application/yaml' }),
      {
        method: 'POST',
        path: '/api/v1/namespaces',
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{ns}' } },
      },
      {
        method: 'POST',
        path: '/api/v1/namespaces',
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'Bad' } },
      },
      { method: 'DELETE', path: '/api/v1/namespaces/kube-system' },
      get('/version'),
      get('/apis/cert-manager.io/v1'),
      get('/apis/cert-manager.io'),
    ],
  },
  {
    name: 'watches: from now, from a version, with a table, with selectors, from versions that are none',
    steps: [
      ...three,
      {
        method: 'PATCH',
        path: `${CERTIFICATES}/a`,
        type: MERGE,
        body: { metadata: { labels: { tier: null } } },
      },
      { method: 'DELETE', path: `${CERTIFICATES}/b` },
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=$rv(0)`),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=$rv(0)&labelSelector=tier`),
      get(
        `${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=$rv(0)&fieldSelector=metadata.name%3Db`,
      ),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=$rv(0)`, TABLE),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=$rv(3)`, {
        accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
      }),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=0`),
      get(
        `${CERTIFICATES}?watch=true&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
      ),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&sendInitialEvents=true`),
      get(`${CERTIFICATES}?watch=true&resourceVersion=x`),
      get(`${CERTIFICATES}?watch=true&timeoutSeconds=1&resourceVersion=1`),
      get(`${CERTIFICATES}?watch=true&labelSelector=a%20b`),
    ],
  },
];

describe('reads, as kube-apiserver does them', () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
