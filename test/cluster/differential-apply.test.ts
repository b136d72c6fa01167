/** Server-side apply and the bookkeeping of fields, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import { APPLY, CERTIFICATES, MERGE, certificate } from './objects.ts';
import { openTwoServers, type Ask, type TwoServers } from './two-servers.ts';

const one = `${CERTIFICATES}/one`;
const apply = (
  manager: string,
  spec: object,
  more: { force?: boolean; meta?: object; at?: string } = {},
): Ask => ({
  method: 'PATCH',
  path: `${more.at ?? one}?fieldManager=${manager}${more.force === true ? '&force=true' : ''}`,
  type: APPLY,
  body: { ...certificate('one', {}, more.meta), spec },
});
const get: Ask = { method: 'GET', path: one };
const issuerRef = { name: 'ca' };

const CASES: readonly Case[] = [
  {
    name: 'apply creates, is repeated without change, and takes away what it no longer names',
    steps: [
      apply('a', { secretName: 's', dnsNames: ['a', 'b'], commonName: 'cn', issuerRef }),
      apply('a', { secretName: 's', dnsNames: ['a', 'b'], commonName: 'cn', issuerRef }),
      apply('a', { secretName: 's', dnsNames: ['a'], issuerRef }),
      get,
    ],
  },
  {
    name: 'apply conflicts with another applier, and force takes over',
    steps: [
      apply('a', { secretName: 's', commonName: 'one', dnsNames: ['a'], issuerRef }),
      apply('b', { commonName: 'two', dnsNames: ['b'], secretName: 's', issuerRef }),
      apply('b', { commonName: 'two', dnsNames: ['b'], secretName: 's', issuerRef }, { force: true }),
      get,
      apply('a', { secretName: 's', issuerRef }),
      apply('b', { secretName: 's', issuerRef, commonName: 'two' }),
    ],
  },
  {
    name: 'apply conflicts with an updater, with more than one manager',
    steps: [
      { method: 'POST', path: `${CERTIFICATES}?fieldManager=creator`, body: certificate('one') },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=patcher`,
        type: MERGE,
        body: { spec: { commonName: 'x' } },
      },
      apply('a', { secretName: 'other', commonName: 'y', issuerRef: { name: 'other' } }),
      apply('a', { secretName: 'other', commonName: 'y', issuerRef: { name: 'other' } }, { force: true }),
      get,
    ],
  },
  {
    name: 'managed fields of updates, of the status, and of what was removed',
    steps: [
      {
        method: 'POST',
        path: CERTIFICATES,
        body: certificate('one', { dnsNames: ['a'] }, { labels: { x: '1', y: '2' } }),
      },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=m1`,
        type: MERGE,
        body: { metadata: { labels: { x: null }, annotations: { k: 'v' } } },
      },
      {
        method: 'PATCH',
        path: `${one}/status?fieldManager=m2`,
        type: MERGE,
        body: {
          status: {
            revision: 1,
            conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
          },
        },
      },
      apply('m3', {}, { at: `${one}/status` }),
      {
        method: 'PATCH',
        path: `${one}/status?fieldManager=m4`,
        type: APPLY,
        body: {
          ...certificate('one', {}),
          spec: undefined,
          status: {
            conditions: [
              { type: 'Issuing', status: 'True' },
              { type: 'Ready', status: 'True' },
            ],
          },
        },
      },
      get,
      {
        method: 'PATCH',
        path: `${one}?fieldManager=m5`,
        type: MERGE,
        body: { metadata: { managedFields: [{}] } },
      },
    ],
  },
  {
    name: 'apply refuses: no manager, wrong name, managed fields, no kind, a wrong type',
    steps: [
      { method: 'PATCH', path: one, type: APPLY, body: certificate('one') },
      { method: 'PATCH', path: `${one}?fieldManager=a`, type: APPLY, body: certificate('two') },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=a`,
        type: APPLY,
        body: certificate('one', {}, { managedFields: [{ manager: 'x' }] }),
      },
      { method: 'PATCH', path: `${one}?fieldManager=a`, type: APPLY, body: { metadata: { name: 'one' } } },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=a`,
        type: APPLY,
        body: { ...certificate('one'), kind: 'Issuer' },
      },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=a`,
        type: APPLY,
        body: { ...certificate('one'), apiVersion: 'v1' },
      },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=a`,
        type: APPLY,
        body: certificate('one', { dnsNames: 'text' }),
      },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=a`,
        type: APPLY,
        body: certificate('one', { unknownField: 1 }),
      },
      {
        method: 'PATCH',
        path: `${one}?fieldManager=a&fieldValidation=Strict`,
        type: APPLY,
        body: certificate('one', { unknownField: 1 }),
      },
      { method: 'PATCH', path: `${one}?fieldManager=a`, type: APPLY, body: 'a: b: c' },
      { method: 'PATCH', path: `${one}?fieldManager=a&force=true`, type: MERGE, body: {} },
    ],
  },
  {
    name: 'apply of Secrets and ConfigMaps',
    steps: [
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/{ns}/secrets/s?fieldManager=a',
        type: APPLY,
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { k: 'v' } },
      },
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/{ns}/secrets/s?fieldManager=b',
        type: APPLY,
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { k: 'dw==', l: 'dw==' } },
      },
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/{ns}/secrets/s?fieldManager=b&force=true',
        type: APPLY,
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { k: 'dw==', l: 'dw==' } },
      },
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/{ns}/configmaps/c?fieldManager=a',
        type: APPLY,
        body: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'c', labels: { a: 'b' }, finalizers: ['x.io/y'] },
          data: { k: 'v' },
        },
      },
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/{ns}/configmaps/c?fieldManager=b',
        type: APPLY,
        body: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'c', finalizers: ['x.io/z'] },
          data: { l: 'v' },
        },
      },
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/{ns}/configmaps/c?fieldManager=a',
        type: APPLY,
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } },
      },
    ],
  },
];

describe('apply, as kube-apiserver does it', () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
