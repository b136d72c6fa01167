/** Certificates of Gateways and listener sets, and definitions that come while we run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/api/meta.ts';
import { experimentalListenerSets, gateways, listenerSets } from '../../../src/api/networking.ts';
import type { ResourceType } from '../../../src/api/resources.ts';
import { namespace } from '../standalone-world.ts';
import { annotated, ShimWorld, type Texts } from './shim-world.ts';
import {
  experimentalListenerSetDefinition,
  gatewayDefinition,
  listenerSetDefinition,
} from './small-gateway-api.ts';

const both = { gatewayApi: true, listenerSets: true };
const all = [gatewayDefinition, listenerSetDefinition, experimentalListenerSetDefinition];

function listener(name: string, hostname: string, secret: string, more: object = {}): object {
  return {
    name,
    hostname,
    port: 443,
    protocol: 'HTTPS',
    tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: secret }] },
    ...more,
  };
}

function gateway(listeners: readonly object[], annotations: Texts = annotated): KubeObject {
  const metadata = { name: 'edge', namespace, annotations };
  return { metadata, spec: { gatewayClassName: 'traefik', listeners } } as KubeObject;
}

function listenerSet(listeners: readonly object[], annotations: Texts = {}): KubeObject {
  const parentRef = { name: 'edge', kind: 'Gateway', group: 'gateway.networking.k8s.io' };
  return { metadata: { name: 'team', namespace, annotations }, spec: { parentRef, listeners } } as KubeObject;
}

test('a Gateway with ten HTTPS listeners, as in the guides: the right Certificates', async (t) => {
  const it = await ShimWorld.start(t, both, all);
  const hosts = Array.from({ length: 10 }, (_, i) => `app${i}.example.com`);
  const listeners = [
    { name: 'http', port: 80, protocol: 'HTTP' },
    ...hosts.map((host, i) => listener(`https-${i}`, host, i < 3 ? 'shared-tls' : `app${i}-tls`)),
  ];
  await it.put(gateways, gateway(listeners));
  await it.become('shared-tls', ...hosts.slice(3).map((_, i) => `app${i + 3}-tls`));
  await it.isReady('app9-tls');
  const { metadata, spec } = await it.certificate('shared-tls');
  assert.deepEqual(spec.dnsNames, hosts.slice(0, 3));
  assert.deepEqual(metadata?.annotations, {
    'acme.cert-manager.io/http01-parentrefkind': 'Gateway',
    'acme.cert-manager.io/http01-parentrefname': 'edge',
  });
  assert.equal(it.written().filter((line) => line.startsWith('create')).length, 8);

  const without = listeners.filter((_, i) => i !== 10);
  await it.put(gateways, gateway(without));
  await it.become('shared-tls', ...hosts.slice(3, 9).map((_, i) => `app${i + 3}-tls`));
  assert.deepEqual(it.written(), ['delete app9-tls']);
  await it.remove(gateways, 'edge');
  await it.become();
});

test('a listener without a host is told of, and the others are served', async (t) => {
  const it = await ShimWorld.start(t, { gatewayApi: true }, all);
  await it.put(
    gateways,
    gateway([{ ...listener('any', 'x', 'any-tls'), hostname: '' }, listener('a', 'a.example.com', 'a-tls')]),
  );
  await it.become('a-tls');
  assert.equal(
    await it.told('edge', /^Skipped a listener: spec\.listeners\[0\]\.hostname: Required value/u),
    'BadConfig',
  );
});

const kinds: readonly [ResourceType, string][] = [
  [listenerSets, 'ListenerSet'],
  [experimentalListenerSets, 'XListenerSet'],
];
for (const [type, kind] of kinds)
  test(`a ${kind} waits for its Gateway, takes the issuer from there, and owns what it asks for`, async (t) => {
    const it = await ShimWorld.start(t, both, all);
    await it.put(type, listenerSet([listener('a', 'a.example.com', 'a-tls')]));
    await it.world.settle();
    assert.deepEqual(await it.names(), []);
    await it.put(gateways, gateway([]));
    await it.become('a-tls');
    const { metadata, spec } = await it.certificate('a-tls');
    assert.equal(spec.issuerRef.kind, 'ClusterIssuer');
    assert.equal(metadata?.ownerReferences?.[0]?.kind, kind);
    assert.equal(metadata?.ownerReferences?.[0]?.apiVersion, `${type.group}/${type.version}`);
    assert.equal(metadata?.annotations?.['acme.cert-manager.io/http01-parentrefkind'], kind);
    await it.put(gateways, gateway([], { 'cert-manager.io/issuer': 'other' }));
    await it.is('a-tls', 'has the other issuer', (now) => now.spec.issuerRef.name === 'other');
    await it.remove(type, 'team');
    await it.become();
  });

test('definitions that come while we run are noticed, and nothing waits for them', async (t) => {
  const it = await ShimWorld.start(t, both);
  await it.ingress('web', [{ hosts: ['web.example.com'], secretName: 'web-tls' }]);
  await it.become('web-tls');
  await it.world.define(all);
  await it.put(gateways, gateway([listener('a', 'a.example.com', 'a-tls')]));
  await it.world.clock.advance(30_000);
  await it.become('a-tls', 'web-tls');
});
