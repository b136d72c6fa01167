/** Certificates that admission refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShimWorld } from './shim-world.ts';

const tls = [{ hosts: ['web.example.com', 'www.example.com'], secretName: 'web-tls' }];

test('what the API server refuses is told of, tried again, and keeps nothing else from its Certificate', async (t) => {
  const it = await ShimWorld.start(t);
  const annotations = { 'cert-manager.io/issuer': 'x', 'cert-manager.io/issuer-kind': 'Isuer' };
  await it.ingress('web', [...tls, { hosts: ['b.example.com'], secretName: 'b-tls' }], annotations);
  assert.equal(await it.told('web', /refused Certificate "web-tls": .*issuerRef/u), 'BadConfig');
  await it.told('web', /refused Certificate "b-tls"/u);
  await it.ingress('web', tls);
  await it.become('web-tls');
});
