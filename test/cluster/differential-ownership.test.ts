/** Server-side apply where it is subtle: shared lists, hand-over from updates, subresources, dry runs, what is refused. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import {
  APPLY,
  CERTIFICATES,
  CONFIG_MAPS,
  MERGE,
  SECRETS,
  certificate,
  configMap,
  get,
  patch,
  post,
  put,
  secret,
} from './objects.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

const one = `${CERTIFICATES}/one`;
const issuerRef = { name: 'ca' };
const applied = (path: string, manager: string, body: object, more = ''): Case['steps'][number] =>
  patch(`${path}?fieldManager=${manager}${more}`, APPLY, body);
const cert = (spec: object, meta: object = {}): object => ({ ...certificate('one', {}, meta), spec });
const status = (...conditions: object[]): object => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'one' },
  status: { conditions },
});

const CASES: readonly Case[] = [
  {
    name: 'conditions as a list of entries by their type: two appliers, a conflict, an entry that goes',
    steps: [
      post(CERTIFICATES, certificate('one', { dnsNames: ['a'] })),
      applied(`${one}/status`, 'a', status({ type: 'Ready', status: 'True' })),
      applied(`${one}/status`, 'b', status({ type: 'Issuing', status: 'True', reason: 'x' })),
      applied(`${one}/status`, 'b', status({ type: 'Ready', status: 'False' })),
      applied(`${one}/status`, 'b', status({ type: 'Ready', status: 'False' }), '&force=true'),
      applied(`${one}/status`, 'a', status()),
      applied(
        `${one}/status`,
        'c',
        status({ type: 'Ready', status: 'True' }, { type: 'Ready', status: 'False' }),
      ),
      applied(`${one}/status`, 'c', status({ status: 'True' })),
      get(one),
    ],
  },
  {
    name: 'from updates to apply, as client-side appliers are moved over',
    steps: [
      post(
        `${SECRETS}?fieldManager=old`,
        secret('s', { data: { a: 'eA==', b: 'eA==' } }, { labels: { l: '1' } }),
      ),
      applied(`${SECRETS}/s`, 'new', secret('s', { data: { a: 'eA==' } })),
      applied(`${SECRETS}/s`, 'new', secret('s', { data: { a: 'eQ==' } })),
      patch(`${SECRETS}/s?fieldManager=old`, MERGE, { data: { b: null } }),
      patch(`${SECRETS}/s?fieldManager=mover`, MERGE, {
        metadata: {
          managedFields: [
            {
              manager: 'new',
              operation: 'Apply',
              apiVersion: 'v1',
              time: '2026-01-01T00:00:00Z',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:data': { 'f:a': {} } },
            },
          ],
        },
      }),
      applied(`${SECRETS}/s`, 'new', secret('s', { data: { c: 'eA==' } })),
      get(`${SECRETS}/s`),
      put(`${SECRETS}/s?fieldManager=old`, secret('s', { data: { c: 'eA==', d: 'eA==' } })),
      put(`${SECRETS}/s?fieldManager=third`, secret('s', { data: { c: 'eA==', d: 'eA==' } })),
    ],
  },
  {
    name: 'finalizers, owners, labels and annotations of several appliers',
    steps: [
      applied(
        `${CONFIG_MAPS}/c`,
        'a',
        configMap('c', {}, { finalizers: ['x.io/a'], labels: { s: '1', a: '1' }, annotations: { k: 'a' } }),
      ),
      applied(
        `${CONFIG_MAPS}/c`,
        'b',
        configMap('c', {}, { finalizers: ['x.io/b', 'x.io/a'], labels: { s: '1' }, annotations: { k: 'b' } }),
      ),
      applied(
        `${CONFIG_MAPS}/c`,
        'b',
        configMap('c', {}, { finalizers: ['x.io/b', 'x.io/a'], labels: { s: '1' }, annotations: { k: 'b' } }),
        '&force=true',
      ),
      applied(`${CONFIG_MAPS}/c`, 'a', configMap('c')),
      applied(`${CONFIG_MAPS}/c`, 'b', configMap('c')),
      get(`${CONFIG_MAPS}/c`),
      patch(`${CONFIG_MAPS}/c`, MERGE, { metadata: { finalizers: null } }),
    ],
  },
  {
    name: 'apply that is refused or tried only',
    steps: [
      applied(one, 'a', cert({ secretName: 's', issuerRef, dnsNames: ['a'] }), '&dryRun=All'),
      get(one),
      applied(one, 'a', cert({ secretName: 's', issuerRef, dnsNames: ['a'] })),
      applied(one, 'a', cert({ secretName: 's', issuerRef, dnsNames: ['a'], usages: ['nonsense'] })),
      applied(one, 'a', cert({ issuerRef })),
      applied(one, 'x'.repeat(129), cert({ secretName: 's', issuerRef })),
      applied(one, 'a%09b', cert({ secretName: 's', issuerRef })),
      applied(one, 'a', cert({ secretName: 's', issuerRef }, { name: '', generateName: 'x-' })),
      applied(one, 'a', cert({ secretName: 's', issuerRef }, { namespace: 'other' })),
      applied(one, 'b', cert({ secretName: 'other', issuerRef }), '&dryRun=All'),
      applied(one, 'b', cert({ secretName: 'other', issuerRef }), '&dryRun=All&force=true'),
      applied(one, 'b', cert({ secretName: 's', issuerRef }), '&force=maybe'),
      applied(
        '/apis/cert-manager.io/v1/namespaces/absent/certificates/one',
        'a',
        cert({ secretName: 's', issuerRef }),
      ),
      applied(`${CERTIFICATES}/absent/status`, 'a', { ...status(), metadata: { name: 'absent' } }),
      applied(one, 'a', cert({ secretName: 's', issuerRef, dnsNames: null, commonName: '' })),
      get(one),
    ],
  },
];

describe('ownership of fields, as kube-apiserver keeps it', { concurrency: 4 }, () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
