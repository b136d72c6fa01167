/** The Gateway API as it is published, on the embedded server: definitions are taken, their rules hold, and Certificates are made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/api/meta.ts';
import { experimentalListenerSets, gateways, listenerSets } from '../../src/api/networking.ts';
import { gatewayApiDefinitions, type Channel } from '../../tools/peers/gatewayapi/definitions.ts';
import { annotated, ShimWorld } from '../embedded/shim/shim-world.ts';
import { namespace } from '../embedded/standalone-world.ts';
import { exampleGateway } from './gateway-example.ts';

const go = process.env['CERTWRIGHT_GO'] ?? 'go';
const both = { gatewayApi: true, listenerSets: true };

const channels: readonly Channel[] = [
  { release: 'release', channel: 'standard' },
  { release: 'release', channel: 'experimental' },
  { release: 'before', channel: 'standard' },
  { release: 'before', channel: 'experimental' },
];
for (const channel of channels)
  test(`definitions: ${channel.release}, ${channel.channel}`, async (t) => {
    const definitions = await gatewayApiDefinitions(go, channel);
    assert.ok(definitions.length >= 6);
    const it = await ShimWorld.start(t, both, definitions);
    await it.put(gateways, await exampleGateway());
    await it.become('api-tls', 'store-tls');
    assert.deepEqual((await it.certificate('store-tls')).spec.dnsNames, [
      'store.example.com',
      'www.example.com',
    ]);
    // The rules of the definitions are looked at, those over pairs of listeners too.
    const gateway = await exampleGateway();
    const [http, store] = gateway.spec.listeners;
    const { tls: _tls, ...bare } = store!;
    const wrong: readonly [object[], RegExp][] = [
      [[{ ...bare, protocol: 'TCP' }], /hostname must not be specified for protocols/u],
      [[{ ...http, tls: { certificateRefs: [{ name: 'x' }] } }], /tls must not be specified for protocols/u],
      [[http!, { ...http, name: 'again' }], /Combination of port, protocol and hostname must be unique/u],
    ];
    for (const [listeners, reason] of wrong) {
      const object = { ...gateway, spec: { ...gateway.spec, listeners } } as KubeObject;
      await assert.rejects(it.put(gateways, object), reason);
    }
  });

test('listener sets of both groups beside their Gateway', async (t) => {
  const stable = await gatewayApiDefinitions(go, { release: 'release', channel: 'standard' });
  const before = await gatewayApiDefinitions(go, { release: 'before', channel: 'experimental' });
  const older = before.filter(
    ({ metadata }) => metadata.name === 'xlistenersets.gateway.networking.x-k8s.io',
  );
  assert.equal(older.length, 1);
  const it = await ShimWorld.start(t, both, [...stable, ...older]);
  const gateway = await exampleGateway();
  await it.put(gateways, {
    ...gateway,
    spec: { ...gateway.spec, allowedListeners: { namespaces: { from: 'Same' } } },
  } as KubeObject);
  for (const [type, name] of [
    [listenerSets, 'new'],
    [experimentalListenerSets, 'old'],
  ] as const) {
    const listeners = [
      {
        name: 'https',
        hostname: `${name}.example.com`,
        port: 443,
        protocol: 'HTTPS',
        tls: { certificateRefs: [{ name: `${name}-tls` }] },
      },
    ];
    await it.put(type, {
      metadata: { name, namespace, annotations: annotated },
      spec: { parentRef: { name: 'edge' }, listeners },
    } as KubeObject);
  }
  await it.become('api-tls', 'new-tls', 'old-tls', 'store-tls');
  await it.isReady('old-tls');
});
