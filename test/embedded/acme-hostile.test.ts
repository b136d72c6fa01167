import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { OwnerReference } from '../../src/api/meta.ts';
import type { Order, OrderSpec } from '../../src/api/order.ts';
import { certificateRequests, orders } from '../../src/api/resources.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { AcmeWorld } from './acme-world.ts';
import { namespace } from './standalone-world.ts';

const stranger = { fieldManager: 'stranger' };
const issuerRef = { name: 'acme', kind: 'ClusterIssuer' };
const csrFor = (...dnsNames: string[]): string => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const pem = encodePem('CERTIFICATE REQUEST', createCsr({ dnsNames }, key));
  return Buffer.from(pem).toString('base64');
};

/** The request of an approved Certificate, whose Order waits for its Challenge. */
async function withRequest(acme: AcmeWorld): Promise<CertificateRequest> {
  await acme.issuer();
  await acme.certificate('web', ['www.example.test']);
  return (await acme.world.requests())[0]!;
}

function ownedBy(request: CertificateRequest): OwnerReference[] {
  const { name = '', uid = '' } = request.metadata ?? {};
  return [{ apiVersion: 'cert-manager.io/v1', kind: 'CertificateRequest', name, uid, controller: true }];
}

async function makeOrder(
  { world }: AcmeWorld,
  spec: Partial<OrderSpec>,
  ownerReferences?: OwnerReference[],
): Promise<Order> {
  const order: Order = {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Order',
    metadata: { name: 'evil', namespace, ...(ownerReferences === undefined ? {} : { ownerReferences }) },
    spec: { request: csrFor('victim.example.test'), issuerRef, dnsNames: ['victim.example.test'], ...spec },
  };
  await world.user.create(orders, order, stranger);
  await world.settle();
  return world.user.get<Order>(orders, { namespace, name: 'evil' });
}

const attempts: [
  title: string,
  make: (acme: AcmeWorld, request: CertificateRequest) => Promise<Order>,
  reason: RegExp,
][] = [
  ['that nobody owns', (acme) => makeOrder(acme, {}), /no request controls its Order evil/u],
  [
    'of a request of somebody else, for another key and other names',
    (acme, request) => makeOrder(acme, {}, ownedBy(request)),
    /another signing request/u,
  ],
  [
    'that asks for more names than the request that was approved',
    (acme, request) =>
      makeOrder(
        acme,
        { request: request.spec.request, dnsNames: ['www.example.test', 'victim.example.test'] },
        ownedBy(request),
      ),
    /"victim\.example\.test", which its signing request does not ask for/u,
  ],
  [
    'for another issuer than the request',
    (acme, request) =>
      makeOrder(
        acme,
        { request: request.spec.request, dnsNames: ['www.example.test'], issuerRef: { name: 'acme' } },
        ownedBy(request),
      ),
    /names another issuer/u,
  ],
  [
    'of a request that has its certificate: what was asked for is not in the cache any more',
    async (acme, request) => {
      await acme.prove('www.example.test');
      return makeOrder(acme, {}, ownedBy(request));
    },
    /has its certificate already/u,
  ],
  [
    'of a request that nobody approved',
    async (acme, _request) => {
      const request = csrFor('victim.example.test');
      const body = { metadata: { name: 'asks', namespace }, spec: { request, issuerRef } };
      const kind = { apiVersion: 'cert-manager.io/v1', kind: 'CertificateRequest' };
      const made = await acme.world.user.create<CertificateRequest>(
        certificateRequests,
        { ...kind, ...body },
        stranger,
      );
      await acme.world.settle();
      return makeOrder(acme, { request }, ownedBy(made));
    },
    /is not approved/u,
  ],
];

for (const [title, make, reason] of attempts) {
  test(`nothing is done for an Order ${title}`, async (t) => {
    const unapproved = title.includes('nobody approved');
    const acme = await AcmeWorld.start(t, {}, unapproved ? { controllers: { approve: false } } : {});
    const request = await withRequest(acme);
    const before = acme.ca.calls.length;
    const order = await make(acme, request);
    assert.match(order.status?.reason ?? '', /^Not worked on: /u);
    assert.match(order.status?.reason ?? '', reason);
    assert.equal(order.status?.url, undefined);
    await acme.world.clock.advance(1_800_000);
    // The first order is the honest one.
    const ownWay = /\/(order|finalize|cert)\/1$|^renewalInfo$/u;
    assert.deepEqual(
      acme.ca.calls.slice(before).filter((call) => !ownWay.test(call)),
      [],
    );
    const told = await acme.world.told('Order', 'evil');
    assert.equal(told.filter((line) => line.startsWith('Refused: ')).length, 1);
    const owned = (await acme.challenges()).filter(({ metadata }) =>
      metadata?.ownerReferences?.some(({ name }) => name === 'evil'),
    );
    assert.deepEqual(owned, []);
  });
}

test('a CA with two thousand authorizations for one name ends the order, and the Certificate says why', async (t) => {
  const acme = await AcmeWorld.start(t);
  await acme.issuer();
  acme.ca.surplus = 1999;
  await acme.certificate('web', ['www.example.test']);
  const { status } = await acme.order();
  assert.equal(status?.state, 'errored');
  assert.match(
    status?.reason ?? '',
    /^Failed to create Order: the CA asks for 2000 authorizations in an order of 1 name/u,
  );
  assert.equal(status?.authorizations, undefined);
  assert.deepEqual(await acme.challenges(), []);
  assert.equal(acme.ca.count('newOrder'), 1);
  const issuing = await acme.world.condition('web', 'Issuing');
  assert.match(issuing?.message ?? '', /2000 authorizations/u);
});
