import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../../api/certificate.ts';
import type { SigningRequest } from '../../../issuers/issuer.ts';
import { defaultControllerOptions, type ControllerContext } from '../../context.ts';
import { replacesFor } from './replaces.ts';

const group = 'cert-manager.io';

interface Change {
  certificate?: Partial<Certificate['spec']>;
  annotations?: Record<string, string>;
  issuer?: object;
  leaf?: object;
  request?: Partial<SigningRequest['spec']>;
  owner?: string;
  named?: string;
  kubernetes?: true;
  on?: boolean;
  fallback?: string;
}

function answer(change: Change = {}): Promise<string | undefined> {
  const issuerRef = { name: 'le', kind: 'ClusterIssuer' };
  const annotations =
    change.fallback === undefined ? {} : { 'certwright.dev/fallback-issuers': change.fallback };
  const certificate = {
    metadata: { name: 'web', namespace: 'shop', uid: 'u', annotations },
    spec: { secretName: 'web-tls', issuerRef, ...change.certificate },
  };
  const secret = {
    namespace: 'shop',
    annotations: {
      'cert-manager.io/issuer-name': 'le',
      'cert-manager.io/issuer-kind': 'ClusterIssuer',
      'cert-manager.io/issuer-group': group,
      ...change.annotations,
    },
    certificate: change.leaf ?? { ok: true, value: { renewalId: 'aki.serial' } },
  };
  const issuer = change.issuer ?? { metadata: { name: 'le' }, spec: { acme: { server: 'https://ca' } } };
  const context = {
    options: { ...defaultControllerOptions, renewalInformation: change.on ?? true },
    informers: {
      certificates: new Map([['shop/web', certificate]]),
      secrets: new Map([['shop/web-tls', secret]]),
      clusterIssuers: new Map([
        ['le', issuer],
        ['backup', issuer],
      ]),
      issuers: new Map(),
    },
  } as unknown as ControllerContext;
  const request = {
    metadata: {
      name: 'web-2',
      namespace: 'shop',
      annotations: { 'cert-manager.io/certificate-name': change.named ?? 'web' },
      ownerReferences: [
        { apiVersion: '', kind: 'Certificate', name: 'web', uid: change.owner ?? 'u', controller: true },
      ],
    },
    spec: { request: '', issuerRef, ...change.request },
    ...(change.kubernetes === undefined ? {} : { kubernetes: change.kubernetes }),
  };
  return replacesFor(context)(request);
}

test('an order replaces what the target Secret holds, of the same issuer', async () => {
  assert.equal(await answer(), 'aki.serial');
  assert.equal(
    await answer({ request: { issuerRef: { name: 'le', kind: 'ClusterIssuer', group } } }),
    'aki.serial',
  );
});

test('of a fallback, an order of that fallback', async () => {
  const annotations = { 'cert-manager.io/issuer-name': 'backup' };
  const fallback = 'ClusterIssuer/backup';
  const request = { issuerRef: { name: 'backup', kind: 'ClusterIssuer' } };
  assert.equal(await answer({ annotations, fallback, request }), 'aki.serial');
  assert.equal(await answer({ annotations, fallback }), undefined, 'not one of another CA');
  assert.equal(await answer({ annotations, request }), undefined, 'not where it is no fallback');
});

test('nothing is said where it is not known to be true, or not wanted', async () => {
  const cases: [string, Change][] = [
    ['the request is of another owner: anybody can write a name into an annotation', { owner: 'other' }],
    ['it names another Certificate', { named: 'api' }],
    ['the Secret is of another issuer', { annotations: { 'cert-manager.io/issuer-name': 'zero' } }],
    ['of another kind', { annotations: { 'cert-manager.io/issuer-kind': 'Issuer' } }],
    ['of another group', { annotations: { 'cert-manager.io/issuer-group': 'example.com' } }],
    ['a rehearsal with a canary', { request: { issuerRef: { name: 'staging', kind: 'ClusterIssuer' } } }],
    ['the issuer is no ACME issuer', { issuer: { spec: { ca: { secretName: 'x' } } } }],
    ['the issuer says no', { issuer: { spec: { acme: { renewalInformationSource: 'None' } } } }],
    ['the process says no', { on: false }],
    ['the certificate names no authority key', { leaf: { ok: true, value: {} } }],
    ['it cannot be read', { leaf: { ok: false, error: 'x' } }],
    ['a CertificateSigningRequest of Kubernetes', { kubernetes: true }],
    ['another Secret', { certificate: { secretName: 'other' } }],
  ];
  for (const [why, change] of cases) assert.equal(await answer(change), undefined, why);
});
