import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createOrderBudget } from '../../src/acme/budget/create-order-budget.ts';
import type {
  CertificateSigningRequest,
  SigningCondition,
} from '../../src/api/certificate-signing-request.ts';
import type { Event } from '../../src/api/core.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Order } from '../../src/api/order.ts';
import {
  certificateRequests,
  certificateSigningRequests,
  challenges,
  clusterIssuers,
  events,
  orders,
  secrets,
} from '../../src/api/resources.ts';
import { dryRun } from '../../src/cli/dry-run/dry-run.ts';
import { certificateSigningRequestModule } from '../../src/controllers/certificatesigningrequest/controller.ts';
import { defaultControllerOptions } from '../../src/controllers/context.ts';
import { ordersModule } from '../../src/controllers/order/module.ts';
import { fakeServer } from '../../src/controllers/testing/fake-ca.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { WriteOptions } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseCertificates } from '../../src/pki/x509/parse-certificate.ts';
import { AcmeWorld } from './acme-world.ts';
import { namespace } from './standalone-world.ts';

const byTest = { fieldManager: 'test' };

test('a CertificateSigningRequest gets its chain through an Order in the resource namespace of the issuer', async (t) => {
  const acme = await AcmeWorld.start(
    t,
    {},
    {
      modules: [
        ordersModule(),
        certificateSigningRequestModule(new Set(['certificatesigningrequests-issuer-acme'])),
      ],
    },
  );
  const { world, ca } = acme;
  await acme.issuer([{ http01: { ingress: {} } }], { profile: 'shortlived' });
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const pem = encodePem('CERTIFICATE REQUEST', createCsr({ dnsNames: ['www.example.test'] }, key));
  const request: CertificateSigningRequest = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'web' },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'clusterissuers.cert-manager.io/acme',
      usages: ['digital signature', 'server auth'],
    },
  };
  await world.user.create(certificateSigningRequests, request, byTest);
  const condition: SigningCondition = { type: 'Approved', status: 'True', reason: 'ByTest', message: 'yes' };
  const approval = { fieldManager: 'test', subresource: 'approval' } as unknown as WriteOptions;
  await world.user.patch(
    certificateSigningRequests,
    { name: 'web' },
    'merge',
    { status: { conditions: [condition] } },
    approval,
  );
  await world.settle();
  const [order, ...others] = (await world.user.list<Order>(orders, { namespace: 'kube-system' })).items;
  assert.deepEqual(others, []);
  assert.equal(order?.metadata?.ownerReferences?.[0]?.kind, 'CertificateSigningRequest');
  assert.equal(order.spec.profile, undefined);
  ca.validate('www.example.test');
  for (const { metadata } of (await world.user.list<KubeObject>(challenges)).items)
    await world.user.patch(
      challenges,
      { namespace: 'kube-system', name: metadata?.name ?? '' },
      'merge',
      { status: { state: 'valid' } },
      { ...byTest, subresource: 'status' },
    );
  await world.settle();
  const done = await world.user.get<CertificateSigningRequest>(certificateSigningRequests, { name: 'web' });
  const [leaf] = parseCertificates(Buffer.from(done.status?.certificate ?? '', 'base64'));
  assert.deepEqual(leaf?.subjectAltNames.dnsNames, ['www.example.test']);
  const told = (await world.user.list<Event>(events, { namespace: 'default' })).items
    .filter(({ involvedObject }) => involvedObject.name === 'web')
    .map(({ type, reason }) => `${type} ${reason}`);
  for (const line of ['Normal OrderCreated', 'Normal OrderPending', 'Normal CertificateIssued'])
    assert.ok(told.includes(line), `${line} in ${told.join(', ')}`);
  assert.deepEqual(world.problems, []);
});

test('what the CA does not allow yet is not asked for: the Order says when, and then it is', async (t) => {
  const perDay = {
    name: 'certificates-per-registered-domain',
    counts: 'certificate',
    per: 'registered-domain',
    allowed: 2,
    windowMs: 86_400_000,
    refill: 'sliding',
    exempt: [],
  } as const;
  const budget = createOrderBudget({
    limits: [{ ca: 'Fake CA', directories: [fakeServer], limits: [perDay] }],
  });
  const acme = await AcmeWorld.start(t, { budget });
  const { world, ca } = acme;
  await acme.issuer([]);
  for (const name of ['a', 'b', 'c']) ca.validNames.add(`${name}.example.test`);
  for (const name of ['a', 'b', 'c']) await acme.certificate(name, [`${name}.example.test`]);
  assert.equal(ca.count('newOrder'), 2);
  const held = (await acme.orders()).find(({ status }) => status?.state !== 'valid')?.status;
  assert.match(held?.reason ?? '', /certificates-per-registered-domain/u);
  assert.ok(Date.parse(held?.nextAttemptAt ?? '') > world.clock.now());
  assert.equal(held?.problem, 'urn:ietf:params:acme:error:rateLimited');
  await world.clock.advance(25 * 3_600_000);
  assert.equal(ca.count('newOrder'), 3);
  assert.deepEqual(
    (await acme.orders()).map(({ status }) => status?.state),
    ['valid', 'valid', 'valid'],
  );
});

test('a ledger that begins anew counts the Orders that are there', async (t) => {
  const perWeek = {
    name: 'certificates',
    counts: 'certificate',
    per: 'registered-domain',
    allowed: 1,
    windowMs: 7 * 86_400_000,
    refill: 'sliding',
    exempt: [],
  } as const;
  const limits = [{ ca: 'Fake CA', directories: [fakeServer], limits: [perWeek] }];
  const first = ordersModule({ budget: createOrderBudget({ limits }) });
  const second = ordersModule({ budget: createOrderBudget({ limits }) });
  let begun = 0;
  const module = {
    names: first.names,
    start: (...args: Parameters<typeof first.start>) => (begun++ === 0 ? first : second).start(...args),
  };
  const acme = await AcmeWorld.start(t, {}, { inMemory: false, modules: [module] });
  await acme.issuer([]);
  acme.ca.validNames.add('a.example.test').add('b.example.test');
  await acme.certificate('a', ['a.example.test']);
  await acme.world.restart();
  await acme.certificate('b', ['b.example.test']);
  assert.equal(begun, 2);
  assert.equal(acme.ca.count('newOrder'), 1);
});

test('a dry run asks no CA: it says what would be registered and what would be ordered', async (t) => {
  const acme = await AcmeWorld.start(t, {}, { inMemory: false });
  const { world, ca } = acme;
  await acme.issuer();
  const asked = ca.calls.length;
  await world.controllers.stop();
  await world.certificate('unused', { issuerRef: { name: 'none' } });
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const request = Buffer.from(
    encodePem('CERTIFICATE REQUEST', createCsr({ dnsNames: ['www.example.test'] }, key)),
  ).toString('base64');
  const ready = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: { name: 'web-1', namespace },
    spec: { request, issuerRef: { name: 'acme', kind: 'ClusterIssuer' } },
  } as KubeObject;

  await world.user.create(certificateRequests, ready, byTest);
  const approved = { type: 'Approved', status: 'True', reason: 'ByTest', message: 'yes' };
  await world.user.patch(
    certificateRequests,
    { namespace, name: 'web-1' },
    'merge',
    { status: { conditions: [approved] } },
    { ...byTest, subresource: 'status' },
  );
  const other = { server: 'https://other.example/dir', privateKeySecretRef: { name: 'other' } };
  await world.user.create(
    clusterIssuers,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'other' },
      spec: { acme: other },
    } as KubeObject,
    byTest,
  );
  const silent = (): void => undefined;
  const report = await dryRun({
    client: world.user,
    clock: { ...systemClock, now: () => world.clock.now() },
    random: () => 0.5,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    issuerTypes: createIssuerTypes(),
    modules: [ordersModule()],
    options: defaultControllerOptions,
    signal: new AbortController().signal,
  });
  const lines = report.actions.map(
    ({ action, kind, name, message }) => `${action} ${kind} ${name}: ${message}`,
  );
  const order = lines.find((line) => line.startsWith('order Order web-1-'));
  assert.match(
    order ?? lines.join('\n'),
    /would be ordered through ClusterIssuer acme: www\.example\.test; no CA was asked$/u,
  );
  assert.ok(
    lines.some((line) => line.startsWith('create Secret other: ')),
    lines.join('\n'),
  );
  assert.equal(ca.calls.length, asked);
  assert.deepEqual(await acme.orders(), []);
  await assert.rejects(world.user.get(secrets, { namespace: 'kube-system', name: 'other' }));
});
