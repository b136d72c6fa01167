/**
 * Two hundred certificates of five names at once with Pebble at its worst: half of all nonces refused, sleeps before each
 * validation, every valid authorization reused. On the embedded server here, on a real kube-apiserver in the cluster lane.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Certificate } from '../../src/api/certificate.ts';
import type { Order } from '../../src/api/order.ts';
import { certificates, orders } from '../../src/api/resources.ts';
import { startChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { startPebble, type Pebble } from '../../tools/peers/acme/pebble.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { AcmeServerWorld, isReady, namespace } from './acme-server-world.ts';

const count = 200;
const namesEach = 5;
const namesOf = (index: number): string[] =>
  Array.from({ length: namesEach }, (_, name) => `n${name}.c${index}.example.test`);
const logged = (pebble: Pebble, pattern: RegExp): number => pebble.log().match(pattern)?.length ?? 0;

test(`${count} certificates of ${namesEach} names at once, and again for the same names`, async (t) => {
  const [httpPort = 0] = await freePorts(1);
  await using world = await AcmeServerWorld.start({
    settings: { responder: { http01: { host: '127.0.0.1', port: httpPort } } },
  });
  const names = world.with(await startChallengeServer());
  const pebble = world.with(
    await startPebble({
      dnsServer: names.dns,
      httpPort,
      nonceReject: 50,
      authorizationReuse: 100,
      // With 60 Challenges at a time the sleeps of 1,000 validations add up.
      sleepSeconds: 3,
      retryAfter: { authz: 1, order: 1 },
    }),
  );
  await world.issuer('acme', pebble);
  const all = async (wanted: number): Promise<Certificate[]> => {
    let items: Certificate[] = [];
    await world.until(`${wanted} Certificates are Ready`, 400, async () => {
      ({ items } = await world.client.list<Certificate>(certificates, { namespace }));
      return items.filter(isReady).length === wanted;
    });
    return items;
  };
  const begun = performance.now();
  const told = (what: string): void =>
    t.diagnostic(`${what} after ${((performance.now() - begun) / 1000).toFixed(1)} s`);

  for (let index = 0; index < count; index++)
    await world.certificate(`c${index}`, 'acme', { dnsNames: namesOf(index) });
  await all(count);
  told(`${count} with ${count * namesEach} names`);
  const accepted = world.trips.filter(({ action }) => action === 'accept_challenge').length;
  assert.equal(logged(pebble, /Added order /gu), count);

  const again = 40;
  for (let index = 0; index < again; index++)
    await world.certificate(`again${index}`, 'acme', { dnsNames: namesOf(index).toReversed() });
  const items = await all(count + again);
  told(`${again} more for names that were proven`);

  // Nobody was asked to prove anything again, no order was lost, and none was placed twice.
  assert.equal(world.trips.filter(({ action }) => action === 'accept_challenge').length, accepted);
  assert.equal(logged(pebble, /Added order /gu), count + again);
  assert.equal(logged(pebble, /Issued certificate serial /gu), count + again);
  const placed = (await world.client.list<Order>(orders, { namespace })).items;
  assert.equal(placed.length, count + again);
  assert.ok(placed.every(({ status }) => status?.state === 'valid'));
  assert.equal(new Set(placed.map(({ status }) => status?.url)).size, count + again);
  assert.deepEqual(
    items.filter(({ status }) => status?.failedIssuanceAttempts !== undefined || status?.revision !== 1),
    [],
  );
  await world.until('all Challenges are gone', 60, async () => (await world.challenges()).length === 0);
  assert.deepEqual(world.problems, []);
  const refused = world.trips.filter(({ status }) => status === 400).length;
  t.diagnostic(`${world.trips.length} requests to the CA, ${refused} of them refused nonces`);
});
