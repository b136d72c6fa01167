/** Creating, replacing, patching and deleting, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import {
  CERTIFICATES,
  CONFIG_MAPS,
  JSON_PATCH,
  MERGE,
  SECRETS,
  STRATEGIC,
  certificate,
  configMap,
  secret,
} from './objects.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

const one = `${CERTIFICATES}/one`;
const good = { dnsNames: ['a.example.com'] };
const patch = (path: string, type: string, body: unknown): Case['steps'][number] => ({
  method: 'PATCH',
  path,
  type,
  body,
});

const CASES: readonly Case[] = [
  {
    name: 'create, read, replace, with versions that are old',
    steps: [
      { method: 'POST', path: CERTIFICATES, body: certificate('one', good) },
      { method: 'POST', path: CERTIFICATES, body: certificate('one', good) },
      { method: 'GET', path: one },
      { method: 'PUT', path: one, body: certificate('one', { ...good, commonName: 'x' }) },
      {
        method: 'PUT',
        path: one,
        body: certificate('one', { ...good, commonName: 'y' }, { resourceVersion: '$rv(0)' }),
      },
      {
        method: 'PUT',
        path: one,
        body: certificate('one', { ...good, commonName: 'y' }, { resourceVersion: 'x' }),
      },
      {
        method: 'PUT',
        path: one,
        body: certificate('one', good, { uid: '7d1b7a46-0000-4000-8000-000000000000' }),
      },
      { method: 'PUT', path: one, body: certificate('two', good) },
      { method: 'PUT', path: `${CERTIFICATES}/absent`, body: certificate('absent', good) },
      {
        method: 'PUT',
        path: `${CERTIFICATES}/absent`,
        body: certificate('absent', good, { resourceVersion: '1' }),
      },
      {
        method: 'PUT',
        path: `${one}/status`,
        body: { ...certificate('one', { ...good, commonName: 'ignored' }), status: { revision: 2 } },
      },
      { method: 'GET', path: `${one}/status` },
      { method: 'PUT', path: one, body: { ...certificate('one', good), status: { revision: 7 } } },
    ],
  },
  {
    name: 'generated names, and names that are none',
    steps: [
      { method: 'POST', path: CERTIFICATES, body: certificate('', good) },
      { method: 'POST', path: CERTIFICATES, body: certificate('Bad_Name', good) },
      { method: 'POST', path: CERTIFICATES, body: certificate('x'.repeat(254), good) },
      { method: 'POST', path: CERTIFICATES, body: certificate('one', good, { namespace: 'other' }) },
      {
        method: 'POST',
        path: CERTIFICATES,
        body: certificate('one', good, { labels: { 'a b': 'c', ok: 'not ok!' } }),
      },
      {
        method: 'POST',
        path: CERTIFICATES,
        body: certificate('one', good, { annotations: { 'a b': 'c' }, finalizers: ['nodomain'] }),
      },
      {
        method: 'POST',
        path: CERTIFICATES,
        body: certificate('one', good, {
          ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'x' }],
        }),
      },
      { method: 'POST', path: CERTIFICATES, body: certificate('one', good, { resourceVersion: '5' }) },
      {
        method: 'POST',
        path: '/apis/cert-manager.io/v1/namespaces/absent/certificates',
        body: certificate('one', good),
      },
      { method: 'POST', path: `${CERTIFICATES}?dryRun=All`, body: certificate('dry', good) },
      { method: 'GET', path: `${CERTIFICATES}/dry` },
      { method: 'POST', path: `${CERTIFICATES}?dryRun=Some`, body: certificate('dry', good) },
    ],
  },
  {
    name: 'schemas: types, enums, required, rules, unknown and repeated fields',
    steps: [
      { method: 'POST', path: CERTIFICATES, body: certificate('one', { dnsNames: 'a' }) },
      {
        method: 'POST',
        path: CERTIFICATES,
        body: certificate('one', {
          ...good,
          usages: ['nonsense'],
          privateKey: { algorithm: 'DSA', size: 'x' },
        }),
      },
      { method: 'POST', path: CERTIFICATES, body: { ...certificate('one'), spec: {} } },
      { method: 'POST', path: CERTIFICATES, body: { ...certificate('one'), spec: null } },
      { method: 'POST', path: CERTIFICATES, body: { ...certificate('one'), spec: 7 } },
      { method: 'POST', path: CERTIFICATES, body: certificate('one') },
      {
        method: 'POST',
        path: `${CERTIFICATES}?fieldValidation=Strict`,
        body: certificate('one', { ...good, nope: 1, privateKey: { also: 2 } }),
      },
      {
        method: 'POST',
        path: `${CERTIFICATES}?fieldValidation=Warn`,
        body: certificate('warned', { ...good, nope: 1, privateKey: { also: 2 } }),
      },
      {
        method: 'POST',
        path: `${CERTIFICATES}?fieldValidation=Ignore`,
        body: certificate('ignored', { ...good, nope: 1 }),
      },
      { method: 'POST', path: CERTIFICATES, body: certificate('default', { ...good, nope: 1 }) },
      { method: 'POST', path: `${CERTIFICATES}?fieldValidation=Maybe`, body: certificate('one', good) },
      {
        method: 'POST',
        path: `${CERTIFICATES}?fieldValidation=Strict`,
        body: '{"apiVersion":"cert-manager.io/v1","kind":"Certificate","metadata":{"name":"d"},"spec":{"secretName":"a","secretName":"b","dnsNames":["x"],"issuerRef":{"name":"x"}}}',
      },
      { method: 'POST', path: CERTIFICATES, body: { ...certificate('one', good), kind: 'Issuer' } },
      {
        method: 'POST',
        path: CERTIFICATES,
        body: { ...certificate('one', good), apiVersion: 'cert-manager.io/v2' },
      },
      { method: 'POST', path: CERTIFICATES, body: { metadata: { name: 'x' } } },
      { method: 'POST', path: CERTIFICATES, body: '{"a":' },
      { method: 'POST', path: CERTIFICATES, body: '[]' },
      { method: 'POST', path: CERTIFICATES, body: 'x', type: 'text/plain' },
    ],
  },
  {
    name: 'patches of every type',
    steps: [
      { method: 'POST', path: CERTIFICATES, body: certificate('one', good) },
      patch(one, MERGE, { spec: { commonName: 'm', dnsNames: null } }),
      patch(one, MERGE, { spec: { commonName: 'm' } }),
      patch(one, JSON_PATCH, [
        { op: 'add', path: '/spec/dnsNames', value: ['b'] },
        { op: 'test', path: '/spec/commonName', value: 'm' },
        { op: 'remove', path: '/spec/commonName' },
      ]),
      patch(one, JSON_PATCH, [{ op: 'test', path: '/spec/commonName', value: 'other' }]),
      patch(one, JSON_PATCH, [{ op: 'remove', path: '/spec/absent' }]),
      patch(one, JSON_PATCH, [{ op: 'replace', path: '/spec/dnsNames/7', value: 'x' }]),
      patch(one, JSON_PATCH, { op: 'add' }),
      patch(one, STRATEGIC, { spec: { commonName: 's' } }),
      patch(one, MERGE, { metadata: { resourceVersion: '1' } }),
      patch(one, MERGE, { metadata: { name: 'other' } }),
      patch(one, MERGE, { metadata: { uid: '7d1b7a46-0000-4000-8000-000000000000' } }),
      patch(one, MERGE, { spec: { dnsNames: 5 } }),
      patch(one, MERGE, '[]'),
      patch(one, MERGE, '{'),
      patch(one, 'application/json', {}),
      patch(`${CERTIFICATES}/absent`, MERGE, { spec: {} }),
      patch(`${one}?fieldValidation=Strict`, MERGE, { spec: { nope: 1 } }),
      patch(`${one}?dryRun=All`, MERGE, { spec: { commonName: 'dry' } }),
      patch(`${one}/status`, MERGE, {
        spec: { commonName: 'not here' },
        metadata: { labels: { a: 'b' } },
        status: { revision: 3 },
      }),
      patch(one, MERGE, { status: { revision: 9 } }),
      { method: 'GET', path: one },
    ],
  },
  {
    name: 'Secrets: types, immutability, stringData, strategic patches',
    steps: [
      { method: 'POST', path: SECRETS, body: secret('a', { stringData: { k: 'v' }, data: { l: 'dg==' } }) },
      {
        method: 'POST',
        path: SECRETS,
        body: secret('tls', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'eA==' } }),
      },
      {
        method: 'POST',
        path: SECRETS,
        body: secret('tls', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'eA==', 'tls.key': '' } }),
      },
      { method: 'POST', path: SECRETS, body: secret('b', { data: { k: '!!!' } }) },
      { method: 'POST', path: SECRETS, body: secret('b', { data: { 'bad key': 'dg==' } }) },
      patch(`${SECRETS}/tls`, MERGE, { type: 'Opaque' }),
      patch(`${SECRETS}/a`, STRATEGIC, {
        data: { l: null, n: 'eA==' },
        metadata: { finalizers: ['x.io/a'] },
      }),
      patch(`${SECRETS}/a`, STRATEGIC, {
        metadata: { finalizers: ['x.io/b'], '$deleteFromPrimitiveList/finalizers': ['x.io/a'] },
      }),
      patch(`${SECRETS}/a`, MERGE, { immutable: true }),
      patch(`${SECRETS}/a`, MERGE, { data: { k: 'eA==' } }),
      patch(`${SECRETS}/a`, MERGE, { immutable: null }),
      {
        method: 'POST',
        path: CONFIG_MAPS,
        body: configMap('c', { data: { k: 'v' }, binaryData: { k: 'eA==' } }),
      },
      { method: 'POST', path: CONFIG_MAPS, body: configMap('c', { data: { k: 5 } }) },
      { method: 'POST', path: CONFIG_MAPS, body: configMap('c', { data: { k: 'v' } }) },
      { method: 'DELETE', path: `${CONFIG_MAPS}/c` },
      { method: 'DELETE', path: `${CONFIG_MAPS}/c` },
    ],
  },
  {
    name: 'deletion: preconditions, finalizers, propagation',
    steps: [
      {
        method: 'POST',
        path: CERTIFICATES,
        body: certificate('one', good, { finalizers: ['example.com/hold'] }),
      },
      {
        method: 'DELETE',
        path: one,
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'other' } },
      },
      {
        method: 'DELETE',
        path: one,
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion: '1' } },
      },
      { method: 'DELETE', path: `${one}?dryRun=All` },
      { method: 'DELETE', path: `${one}?propagationPolicy=Wrong` },
      {
        method: 'DELETE',
        path: one,
        body: {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: 'Foreground',
          orphanDependents: true,
        },
      },
      {
        method: 'DELETE',
        path: one,
        body: {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          gracePeriodSeconds: 30,
          preconditions: { uid: '$uid(0)' },
        },
      },
      { method: 'GET', path: one },
      { method: 'DELETE', path: one },
      patch(one, MERGE, { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }),
      patch(one, MERGE, { spec: { commonName: 'while it goes' } }),
      patch(one, MERGE, { metadata: { finalizers: null } }),
      { method: 'GET', path: one },
      { method: 'DELETE', path: one },
      { method: 'POST', path: CERTIFICATES, body: certificate('two', good) },
      { method: 'DELETE', path: `${CERTIFICATES}/two` },
      { method: 'POST', path: CERTIFICATES, body: certificate('three', good, { labels: { a: '1' } }) },
      { method: 'POST', path: CERTIFICATES, body: certificate('four', good) },
      { method: 'DELETE', path: `${CERTIFICATES}?labelSelector=a%3D1` },
      { method: 'GET', path: CERTIFICATES },
      { method: 'DELETE', path: `${CERTIFICATES}/four?propagationPolicy=Orphan` },
      { method: 'GET', path: `${CERTIFICATES}/four`, until: 404 },
    ],
  },
];

describe('writes, as kube-apiserver does them', () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
