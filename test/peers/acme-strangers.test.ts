/** A thousand Orders and a thousand Challenges that nobody owns: no address is called, no Secret read, no memory kept. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Challenge } from '../../src/api/challenge.ts';
import type { Order } from '../../src/api/order.ts';
import { challenges, orders, secrets } from '../../src/api/resources.ts';
import { startPebble } from '../../tools/peers/acme/pebble.ts';
import { AcmeServerWorld, namespace } from './acme-server-world.ts';

const count = 1000;
const byStranger = { fieldManager: 'stranger' };
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Listens for TCP and UDP and counts whoever comes. */
async function trap(): Promise<{ address: string; calls: () => number; stop(): Promise<void> }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = createSocket('udp4', () => void calls++);
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${port}`,
    calls: () => calls,
    async stop() {
      socket.close();
      server.close();
      await once(server, 'close');
    },
  };
}

function challengeOf(index: number, address: string): Challenge {
  const url = `http://${address}/challenge/${index}`;
  const dns01 = {
    rfc2136: {
      nameserver: address,
      tsigKeyName: 'key',
      tsigAlgorithm: 'HMACSHA256' as const,
      tsigSecretSecretRef: { name: 'credentials', key: 'secret' },
    },
  };
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { name: `evil-${index}`, namespace },
    spec: {
      url,
      authorizationURL: url,
      dnsName: `v${index}.victim.test`,
      issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
      key: 'k',
      token: 't',
      type: index % 2 === 0 ? 'DNS-01' : 'HTTP-01',
      wildcard: false,
      solver: index % 2 === 0 ? { dns01 } : { http01: { listener: {} } },
    },
  };
}

function orderOf(index: number, address: string): Order {
  const url = `http://${address}/order/${index}`;
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Order',
    metadata: { name: `evil-${index}`, namespace },
    spec: {
      request: Buffer.from('no request').toString('base64'),
      issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
      dnsNames: [`v${index}.victim.test`],
    },
    // Half of them as if they were on their way.
    ...(index % 2 === 0
      ? {}
      : { status: { url, finalizeURL: url, state: 'ready', authorizations: [{ url }] } }),
  };
}

test(`${count} Orders and ${count} Challenges of strangers, three times`, async (t) => {
  const read: string[] = [];
  await using world = await AcmeServerWorld.start({
    through: (client) => ({
      get: (type, key, signal) => {
        if (type.kind === 'Secret') read.push(key.name);
        return client.get(type, key, signal);
      },
      list: (type, options) => client.list(type, options),
      watch: (type, options) => client.watch(type, options),
      create: (type, object, options) => client.create(type, object, options),
      update: (type, object, options) => client.update(type, object, options),
      patch: (type, key, kind, patch, options) => client.patch(type, key, kind, patch, options),
      apply: (type, object, options) => client.apply(type, object, options),
      delete: (type, key, options) => client.delete(type, key, options),
    }),
  });
  const trapped = world.with(await trap());
  const pebble = world.with(await startPebble({ noSleep: true }));
  await world.secret('credentials', { secret: Buffer.alloc(32).toString('base64') });
  const metadata = { name: 'credentials', namespace };
  await world.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata }, byStranger);
  await world.issuer('acme', pebble);
  await world.accountUrl('acme');
  const [trips, secretsRead] = [world.trips.length, read.length];

  const sizes: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < count; index++) {
      await world.client.create(challenges, challengeOf(index, trapped.address), byStranger);
      const order = orderOf(index, trapped.address);
      await world.client.create<Order>(orders, order, byStranger);
      // Whatever the controllers have written meanwhile.
      if (order.status !== undefined)
        await world.client.patch(
          orders,
          { namespace, name: `evil-${index}` },
          'merge',
          { status: order.status },
          { ...byStranger, subresource: 'status' },
        );
    }
    for (const type of [orders, challenges]) {
      const refused = async (): Promise<boolean> => {
        const { items } = await world.client.list<Order>(type, { namespace });
        return (
          items.length === count && items.every(({ status }) => status?.reason?.startsWith('Not worked on: '))
        );
      };
      await world.until(`every ${type.kind} says why nothing is done`, 120, refused);
    }
    for (const type of [orders, challenges]) {
      for (let index = 0; index < count; index++)
        await world.client.delete(type, { namespace, name: `evil-${index}` });
      await world.until(`every ${type.kind} is gone`, 60, async () => {
        const { items } = await world.client.list<Order>(type, { namespace });
        return items.length === 0;
      });
    }
    collect();
    sizes.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  t.diagnostic(`heap after each round: ${sizes.map((size) => size.toFixed(1)).join(', ')} MiB`);
  assert.equal(trapped.calls(), 0, 'nobody called what a stranger named');
  assert.equal(world.trips.length, trips, 'the CA was asked nothing');
  assert.deepEqual(read.slice(secretsRead), [], 'no Secret was read');
  const [first = 0, , third = 0] = sizes;
  assert.ok(third - first < 6, `the heap grew from ${first.toFixed(1)} to ${third.toFixed(1)} MiB`);
  assert.deepEqual(world.problems, []);
});
