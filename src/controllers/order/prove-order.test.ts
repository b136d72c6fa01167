/** An Order asks for what its request asks for, which somebody has approved, and where its issuer's Orders are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderSpec } from '../../api/order.ts';
import type { OrderFacts } from '../../issuers/acme/order-facts.ts';
import { generateKey } from '../../pki/keys.ts';
import { encodePem } from '../../pki/pem.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import type { ControllerContext } from '../context.ts';
import { objectionToNames, objectionToOrder } from './prove-order.ts';

const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
const csr = createCsr(
  { commonName: 'a.example', dnsNames: ['a.example', 'b.example'], ipAddresses: ['192.0.2.1'] },
  key,
);
const request = Buffer.from(encodePem('CERTIFICATE REQUEST', csr)).toString('base64');
const issuerRef = { name: 'acme', kind: 'ClusterIssuer', group: 'cert-manager.io' };
const spec: OrderSpec = {
  request,
  issuerRef,
  commonName: 'a.example',
  dnsNames: ['a.example', 'b.example'],
  ipAddresses: ['192.0.2.1'],
};

test('names that the request asks for are no objection, fewer of them neither', () => {
  assert.equal(objectionToNames(spec), undefined);
  assert.equal(objectionToNames({ request, issuerRef, dnsNames: ['b.example'] }), undefined);
});

for (const [field, value] of [
  ['dnsNames', ['a.example', 'bank.example']],
  ['ipAddresses', ['192.0.2.2']],
  ['commonName', 'b.example'],
] as const)
  test(`an objection: spec.${field} that the request does not ask for`, () => {
    assert.match(
      objectionToNames({ ...spec, [field]: value }) ?? '',
      new RegExp(`its spec\\.${field} has`, 'u'),
    );
  });

test('an objection: a request that is none', () => {
  assert.match(objectionToNames({ ...spec, request: 'bm9uZQ==' }) ?? '', /signing request cannot be read/u);
});

/** As the API knows it: one approved request of the whole cluster, for a ClusterIssuer. */
const context = {
  options: { clusterResourceNamespace: 'cert-manager' },
  informers: {},
  client: {
    get: () =>
      Promise.resolve({
        metadata: { name: 'csr', uid: 'request' },
        spec: { signerName: 'clusterissuers.cert-manager.io/acme', request },
        status: { conditions: [{ type: 'Approved', status: 'True' }] },
      }),
  },
} as unknown as ControllerContext;

function orderIn(namespace: string): OrderFacts {
  const owner = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', name: 'csr' };
  return {
    metadata: { name: 'o', namespace, ownerReferences: [{ ...owner, uid: 'request', controller: true }] },
    spec,
    issued: false,
  };
}

test("an Order for a CertificateSigningRequest and a ClusterIssuer is where that issuer's Secrets are, nowhere else", async () => {
  assert.equal(await objectionToOrder(context, orderIn('cert-manager')), undefined);
  assert.match((await objectionToOrder(context, orderIn('tenant'))) ?? '', /does not exist/u);
});
