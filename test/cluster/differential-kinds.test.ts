/** Ingresses, CertificateSigningRequests, Leases and ServiceAccounts, against the real API server. */
import { after, before, describe, test } from 'node:test';
import { compareCase, type Case } from './compare.ts';
import {
  APPLY,
  INGRESSES,
  LEASES,
  MERGE,
  SIGNING_REQUESTS,
  TABLE,
  get,
  patch,
  post,
  put,
  remove,
} from './objects.ts';
import { generateKey } from '../../src/pki/keys.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

const backend = { service: { name: 's', port: { number: 80 } } };
const rule = (host: string | undefined, path = '/', pathType = 'Prefix'): object => ({
  host,
  http: { paths: [{ path, pathType, backend }] },
});
const ingress = (name: string, spec: object, metadata: object = {}): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, ...metadata },
  spec,
});
const lease = (name: string, spec: object): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name },
  spec,
});

const key = await generateKey({ algorithm: 'ECDSA' });
const pemCsr = encodePem('CERTIFICATE REQUEST', createCsr({ dnsNames: ['a.example.com'] }, key));
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const csr = base64(pemCsr);
const signingRequest = (name: string, spec: object): object => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name },
  spec,
});

const CASES: readonly Case[] = [
  {
    name: 'Ingresses: defaults, refusals, tables, status, apply',
    steps: [
      post(
        INGRESSES,
        ingress('one', {
          ingressClassName: 'x',
          rules: [rule('a.example.com')],
          tls: [{ hosts: ['a.example.com'], secretName: 's' }],
        }),
      ),
      get(`${INGRESSES}/one`),
      get(INGRESSES, TABLE),
      post(INGRESSES, ingress('two', { defaultBackend: backend })),
      post(INGRESSES, ingress('bad', {})),
      post(INGRESSES, ingress('bad', { rules: [rule('Bad_Host')] })),
      post(INGRESSES, ingress('bad', { rules: [rule('a.example.com', 'relative')] })),
      post(INGRESSES, ingress('bad', { rules: [rule('a.example.com', '/', 'Nonsense')] })),
      post(INGRESSES, ingress('bad', { rules: [{ host: 'a', http: { paths: [] } }] })),
      post(
        INGRESSES,
        ingress('bad', {
          rules: [{ host: 'a', http: { paths: [{ path: '/', pathType: 'Exact', backend: {} }] } }],
        }),
      ),
      post(INGRESSES, ingress('bad', { rules: [rule('127.0.0.1')] })),
      post(INGRESSES, ingress('bad', { rules: [rule('*.a.*.com')] })),
      post(INGRESSES, ingress('wild', { rules: [rule('*.example.com'), rule(undefined)] })),
      post(
        INGRESSES,
        ingress('bad', {
          rules: [rule('a.example.com')],
          tls: [{ hosts: ['not a host'], secretName: 'S_' }],
        }),
      ),
      patch(`${INGRESSES}/one?fieldValidation=Strict`, MERGE, { spec: { nope: 1 } }),
      patch(`${INGRESSES}/one`, MERGE, { spec: { rules: [rule('b.example.com')] } }),
      patch(`${INGRESSES}/one/status`, MERGE, {
        status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
      }),
      patch(`${INGRESSES}/one/status`, MERGE, {
        status: { loadBalancer: { ingress: [{ ip: 'nonsense' }] } },
      }),
      get(INGRESSES, TABLE),
      patch(
        `${INGRESSES}/one?fieldManager=a`,
        APPLY,
        ingress('one', { ingressClassName: 'y' }, { annotations: { k: 'v' } }),
      ),
      patch(
        `${INGRESSES}/one?fieldManager=a&force=true`,
        APPLY,
        ingress('one', { ingressClassName: 'y' }, { annotations: { k: 'v' } }),
      ),
      put(
        `${INGRESSES}/two`,
        ingress('two', { defaultBackend: { service: { name: 's', port: { name: 'http' } } } }),
      ),
      put(
        `${INGRESSES}/two`,
        ingress('two', { defaultBackend: { service: { name: 's', port: { name: 'http', number: 1 } } } }),
      ),
      remove(`${INGRESSES}/two`),
    ],
  },
  {
    name: 'CertificateSigningRequests: what is refused, stored, approved, answered and shown',
    steps: [
      post(
        SIGNING_REQUESTS,
        signingRequest('{ns}-a', {
          request: base64('nonsense'),
          signerName: 'issuers.cert-manager.io/x.y',
          usages: ['server auth'],
        }),
      ),
      post(
        SIGNING_REQUESTS,
        signingRequest('{ns}-a', { request: csr, signerName: 'nodomain', usages: ['server auth'] }),
      ),
      post(
        SIGNING_REQUESTS,
        signingRequest('{ns}-a', { request: csr, signerName: 'issuers.cert-manager.io/x.y' }),
      ),
      post(
        SIGNING_REQUESTS,
        signingRequest('{ns}-a', {
          request: csr,
          signerName: 'issuers.cert-manager.io/x.y',
          usages: ['nonsense'],
        }),
      ),
      post(
        SIGNING_REQUESTS,
        signingRequest('{ns}-a', {
          request: csr,
          signerName: 'issuers.cert-manager.io/x.y',
          usages: ['server auth'],
          expirationSeconds: 5,
        }),
      ),
      post(
        SIGNING_REQUESTS,
        signingRequest('{ns}-a', {
          request: csr,
          signerName: 'issuers.cert-manager.io/x.y',
          usages: ['server auth'],
          username: 'forged',
        }),
      ),
      get(`${SIGNING_REQUESTS}?fieldSelector=metadata.name%3D{ns}-a`, TABLE),
      get(
        `${SIGNING_REQUESTS}?fieldSelector=spec.signerName%3Dissuers.cert-manager.io/x.y,metadata.name%3D{ns}-a`,
      ),
      patch(`${SIGNING_REQUESTS}/{ns}-a`, MERGE, { spec: { usages: ['client auth'] } }),
      patch(`${SIGNING_REQUESTS}/{ns}-a/status`, MERGE, {
        status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] },
      }),
      patch(`${SIGNING_REQUESTS}/{ns}-a/approval`, MERGE, {
        status: { conditions: [{ type: 'Approved', status: 'False', reason: 'x' }] },
      }),
      patch(`${SIGNING_REQUESTS}/{ns}-a/approval`, MERGE, {
        status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x', message: 'm' }] },
      }),
      patch(`${SIGNING_REQUESTS}/{ns}-a/approval`, MERGE, {
        status: { conditions: [{ type: 'Denied', status: 'True', reason: 'y' }] },
      }),
      patch(`${SIGNING_REQUESTS}/{ns}-a/approval`, MERGE, { status: { conditions: [] } }),
      patch(`${SIGNING_REQUESTS}/{ns}-a/status`, MERGE, { status: { certificate: base64('nonsense') } }),
      get(`${SIGNING_REQUESTS}/{ns}-a`),
      get(`${SIGNING_REQUESTS}/{ns}-a`, TABLE),
      remove(`${SIGNING_REQUESTS}/{ns}-a`),
      get(`${SIGNING_REQUESTS}/{ns}-a`),
    ],
  },
  {
    name: 'Leases: create, renew, refuse',
    steps: [
      post(
        LEASES,
        lease('l', {
          holderIdentity: 'a',
          leaseDurationSeconds: 15,
          renewTime: '2026-01-01T00:00:00.000000Z',
        }),
      ),
      get(LEASES, TABLE),
      patch(`${LEASES}/l`, MERGE, {
        spec: { renewTime: '2026-01-01T00:00:05.123456Z', leaseTransitions: 1 },
      }),
      post(LEASES, lease('bad', { leaseDurationSeconds: 0 })),
      post(LEASES, lease('bad', { leaseTransitions: -1 })),
      post(LEASES, lease('bad', { renewTime: 'yesterday' })),
      remove(`${LEASES}/l`),
    ],
  },
];

describe('built-in kinds, as kube-apiserver does them', { concurrency: 4 }, () => {
  let servers: TwoServers;
  before(async () => {
    servers = await openTwoServers();
  });
  after(() => servers.close());
  for (const each of CASES) test(each.name, () => compareCase(servers, each));
});
