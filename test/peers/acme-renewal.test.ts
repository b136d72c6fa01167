/** Renewal information, fallback and canary against Pebble: what simulations say of them, a real CA confirms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { createAcmeClient } from '../../src/acme/create-client.ts';
import { renewalCertIdOf } from '../../src/acme/renewal-cert-id.ts';
import type { Certificate, CertificateStatus } from '../../src/api/certificate.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import { certificates, clusterIssuers, events, secrets } from '../../src/api/resources.ts';
import { ConflictError } from '../../src/kube/errors.ts';
import { namespace, OrdersWorld } from './acme-orders-world.ts';

const minute = 60_000;
const byTest = { fieldManager: 'test' };
const read = (world: OrdersWorld, name: string): Promise<Certificate> =>
  world.client.get<Certificate>(certificates, { namespace, name });

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let left = 300; left > 0; left--) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(100);
  }
  throw new Error(`never: ${what}`);
}

/** The CA is asked again now, not in six hours. */
async function askNow(world: OrdersWorld, name: string): Promise<void> {
  for (;;) {
    const certificate = await read(world, name);
    const ari = { ...certificate.status?.acme?.ari, nextCheck: '2020-01-01T00:00:00Z' };
    const status: CertificateStatus = { ...certificate.status, acme: { ari } };
    try {
      await world.client.update(
        certificates,
        { ...certificate, status },
        { ...byTest, subresource: 'status' },
      );
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

test('a window of the CA plans the renewal; revoked, the certificate is replaced at once, by an order that says what it replaces', async () => {
  await using world = await OrdersWorld.start();
  await world.issuer();
  await world.certificate('web', { dnsNames: ['web.example.test'] });
  const [first] = await world.chain('web');
  assert.ok(first !== undefined);
  const planned = await until('a window in the status', async () => {
    const { status } = await read(world, 'web');
    return status?.acme?.ari?.suggestedWindow === undefined ? undefined : status;
  });
  const { start, end } = planned.acme!.ari!.suggestedWindow!;
  const at = Date.parse(planned.renewalTime ?? '');
  assert.ok(at >= Date.parse(start) && at <= Date.parse(end), `${planned.renewalTime} in ${start} to ${end}`);

  const { status } = await world.client.get<ClusterIssuer>(clusterIssuers, { name: 'acme' });
  const key = await world.client.get<Secret>(secrets, { namespace: 'system', name: 'acme-account' });
  const account = createAcmeClient({
    directoryUrl: world.pebble.directoryUrl,
    accountKeyPem: Buffer.from(key.data?.['tls.key'] ?? '', 'base64').toString('utf8'),
    accountUrl: status?.acme?.uri ?? '',
    caBundle: world.pebble.caBundle,
    userAgent: 'test',
    now: Date.now,
    random: Math.random,
  });
  await account.revoke(first.der, 4);
  await account.close();
  // Pebble gives a revoked certificate a window an hour ago, before this one began; a CA that backdates, as Let's Encrypt
  // does, has it inside.
  const began = first.notBefore.getTime();
  await wait(Math.max(0, began + 4_000 - Date.now()));
  const why = 'https://ca.example.test/incident';
  await world.pebble.setRenewalWindow(first.pem, new Date(began + 1_000), new Date(began + 2_000), why);
  await askNow(world, 'web');
  const second = await until('another certificate', async () => {
    const { status } = await read(world, 'web');
    if (status?.revision !== 2) return undefined;
    const [leaf] = await world.chain('web');
    return leaf?.serialHex === first.serialHex ? undefined : leaf;
  });
  const told = await until('the explanation in an event', async () => {
    const { items } = await world.client.list<Event>(events, { namespace });
    return items.find(({ reason, message }) => reason === 'Issuing' && message?.includes(why));
  });
  assert.match(told.message ?? '', /replace this certificate at once/);
  assert.ok(second.notAfter.getTime() > Date.now() + minute);
  const orders = await world.orders('web');
  assert.deepEqual(
    orders.map(({ spec }) => spec.replaces).filter((replaces) => replaces !== undefined),
    [renewalCertIdOf(first)],
  );
  await until(
    'a window of the new one',
    async () => (await read(world, 'web')).status?.acme?.ari?.suggestedWindow,
  );
  await wait(1_000);
  assert.equal((await read(world, 'web')).status?.revision, 2, 'once');
  assert.deepEqual(world.problems, []);
});

test('an issuer whose CA is not there: the fallback issues; a canary issues first where there is one', async () => {
  await using world = await OrdersWorld.start();
  await world.issuer();
  await world.issuer({ server: 'https://127.0.0.1:1/directory' }, 'down');
  await world.issuerSays(/^False/, 'down');
  const issuerRef = { name: 'down', kind: 'ClusterIssuer' };
  await world.certificate(
    'web',
    { dnsNames: ['web.example.test'], issuerRef },
    {
      annotations: {
        'certwright.dev/fallback-issuers': 'ClusterIssuer/acme',
        'certwright.dev/fallback-after': '2s',
      },
    },
  );
  await world.chain('web');
  const secret = await world.client.get<Secret>(secrets, { namespace, name: 'web' });
  assert.equal(secret.metadata?.annotations?.['cert-manager.io/issuer-name'], 'acme');
  const { status } = await read(world, 'web');
  assert.ok(
    status?.conditions?.some(({ type, reason }) => type === 'FallbackIssuer' && reason === 'StandsIn'),
  );

  await world.issuer({}, 'live');
  const annotations = { 'certwright.dev/canary-issuer': 'ClusterIssuer/acme' };
  await world.client.patch(clusterIssuers, { name: 'live' }, 'merge', { metadata: { annotations } }, byTest);
  await world.certificate('new', {
    dnsNames: ['new.example.test'],
    issuerRef: { ...issuerRef, name: 'live' },
  });
  await world.chain('new');
  const placed = world.trips.filter(
    ({ action, method, status }) => action === 'authorize_order' && method === 'POST' && status === 201,
  );
  assert.equal(placed.length, 3, 'one for web, the rehearsal, and the real one');
  const real = await world.client.get<Secret>(secrets, { namespace, name: 'new' });
  assert.equal(real.metadata?.annotations?.['cert-manager.io/issuer-name'], 'live');
});
