/** The resident HTTP-01 solver end to end: Pebble asks this process, and nothing that was made for it stays behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { KubeObject } from '../../src/api/meta.ts';
import { ingresses } from '../../src/api/networking.ts';
import type { Ingress } from '../../src/api/routes.ts';
import { endpointSlices, pods, services, type EndpointSlice, type Service } from '../../src/api/workloads.ts';
import type { WatchEvent } from '../../src/kube/client.ts';
import { namespace, OrdersWorld } from './acme-orders-world.ts';

test('three names by Ingresses without Pods, and no trace of them afterwards', async () => {
  await using world = await OrdersWorld.start({}, true);
  const seen: KubeObject[] = [];
  const stop = new AbortController();
  const watching = [services, endpointSlices, ingresses, pods].map(async (type) => {
    try {
      const events: AsyncIterable<WatchEvent<KubeObject>> = world.client.watch(type, {
        namespace,
        signal: stop.signal,
      });
      for await (const { type: what, object } of events) if (what === 'ADDED') seen.push(object);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  });
  await world.issuer({
    solvers: [
      {
        waitInsteadOfSelfCheck: '0s',
        http01: { ingress: { ingressClassName: 'traefik', responder: 'Resident' } },
      },
    ],
  });
  const dnsNames = ['a.example.test', 'b.example.test', 'c.example.test'];
  await world.certificate('web', { dnsNames });
  const [leaf] = await world.chain('web');
  assert.ok(leaf);

  const left = async (): Promise<number> => {
    const kinds = [services, endpointSlices, ingresses, pods];
    const found = await Promise.all(kinds.map((kind) => world.client.list(kind, { namespace })));
    return found.flatMap(({ items }) => items).length;
  };
  for (let tries = 100; tries > 0 && (await left()) > 0; tries--) await wait(100);
  assert.equal(await left(), 0);
  stop.abort();
  await Promise.all(watching);

  const of = <T extends KubeObject>(kind: string): T[] => seen.filter((one) => one.kind === kind) as T[];
  assert.deepEqual(of('Pod'), []);
  const hosts = of<Ingress>('Ingress').map(({ spec }) => spec?.rules?.[0]?.host ?? '');
  assert.deepEqual(
    hosts.toSorted((a, b) => (a < b ? -1 : 1)),
    dnsNames,
  );
  assert.ok(of<Service>('Service').every(({ spec }) => spec?.selector === undefined));
  const slices = of<EndpointSlice>('EndpointSlice');
  assert.equal(slices.length, 3);
  for (const { endpoints } of slices) assert.deepEqual(endpoints?.[0]?.addresses, ['10.244.0.9']);
  assert.deepEqual(world.problems, []);
});
