/** The Gateway API as it is published, on the real API server: definitions that come later, ten listeners, listener sets of both groups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/api/meta.ts';
import { experimentalListenerSets, gateways, listenerSets } from '../../src/api/networking.ts';
import { gatewayApiDefinitions } from '../../tools/peers/gatewayapi/definitions.ts';
import { onPath } from '../../tools/peers/toolchain.ts';
import { annotated, ShimWorld } from '../embedded/shim/shim-world.ts';
import { namespace } from '../embedded/standalone-world.ts';

const go = onPath('go', process.env['PATH'] ?? '', ['/usr/local/go/bin']).path ?? 'go';
const kinds = ['gateways', 'listenersets', 'xlistenersets'];

function listener(name: string, secret: string): object {
  const hostname = `${name}.example.com`;
  return { name, hostname, port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: secret }] } };
}

test('published definitions, a Gateway with ten HTTPS listeners, and listener sets', async (t) => {
  const stable = await gatewayApiDefinitions(go, { release: 'release', channel: 'standard' });
  const before = await gatewayApiDefinitions(go, { release: 'before', channel: 'experimental' });
  const definitions = [
    ...stable,
    ...before.filter(({ metadata }) => metadata.name.startsWith('xlistenersets.')),
  ].filter(({ metadata }) => kinds.includes(metadata.name.split('.')[0]!));
  assert.equal(definitions.length, 3);
  const it = await ShimWorld.start(t, { gatewayApi: true, listenerSets: true });
  await it.world.define(definitions);
  const names = Array.from({ length: 10 }, (_, i) => `app${i}`);
  const listeners = [
    { name: 'http', port: 80, protocol: 'HTTP' },
    ...names.map((name, i) => listener(name, i < 2 ? 'shared-tls' : `${name}-tls`)),
  ];
  await it.put(gateways, {
    metadata: { name: 'edge', namespace, annotations: annotated },
    spec: { gatewayClassName: 'x', allowedListeners: { namespaces: { from: 'Same' } }, listeners },
  } as KubeObject);
  const ofGateway = ['shared-tls', ...names.slice(2).map((name) => `${name}-tls`)];
  // Half a minute of the world's clock is how long a definition may go unnoticed.
  await it.world.clock.advance(30_000);
  await it.become(...ofGateway);
  await it.isReady('shared-tls');
  assert.deepEqual((await it.certificate('shared-tls')).spec.dnsNames, [
    'app0.example.com',
    'app1.example.com',
  ]);

  for (const [type, name] of [
    [listenerSets, 'new'],
    [experimentalListenerSets, 'old'],
  ] as const)
    await it.put(type, {
      metadata: { name, namespace },
      spec: { parentRef: { name: 'edge' }, listeners: [listener(name, `${name}-tls`)] },
    } as KubeObject);
  await it.become(...ofGateway, 'new-tls', 'old-tls');
  assert.equal((await it.certificate('old-tls')).spec.issuerRef.name, 'selfsigned');

  await it.remove(listenerSets, 'new');
  await it.remove(experimentalListenerSets, 'old');
  await it.become(...ofGateway);
  await it.remove(gateways, 'edge');
  await it.become();
});
