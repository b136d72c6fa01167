/** The manifests of examples/ingress and examples/gateway ask for what their first lines say. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { KubeObject } from '../../../src/api/meta.ts';
import { gateways, ingresses } from '../../../src/api/networking.ts';
import { ShimWorld } from './shim-world.ts';
import { gatewayDefinition } from './small-gateway-api.ts';

function example(file: string): KubeObject {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../../examples', file), 'utf8');
  return parse(text) as KubeObject;
}

test('examples/ingress: one certificate over two names', async (t) => {
  const it = await ShimWorld.start(t);
  await it.put(ingresses, example('ingress/web.yaml'));
  await it.become('storefront-tls');
  const { spec } = await it.certificate('storefront-tls');
  assert.deepEqual(spec.dnsNames, ['store.example.com', 'www.store.example.com']);
  assert.deepEqual([spec.issuerRef.name, spec.duration], ['shop-ca', '720h0m0s']);
});

test('examples/gateway: three HTTPS listeners, two of which share a Secret', async (t) => {
  const it = await ShimWorld.start(t, { gatewayApi: true }, [gatewayDefinition]);
  await it.put(gateways, example('gateway/edge.yaml'));
  await it.become('api-tls', 'store-tls');
  assert.deepEqual((await it.certificate('store-tls')).spec.dnsNames, [
    'store.example.com',
    'www.example.com',
  ]);
});
