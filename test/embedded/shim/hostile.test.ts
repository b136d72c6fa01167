/** Objects as nobody would write them: bounded work, a word to their owner, and everybody else served meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/api/meta.ts';
import { gateways } from '../../../src/api/networking.ts';
import { namespace } from '../standalone-world.ts';
import { annotated, ShimWorld } from './shim-world.ts';
import { gatewayDefinition } from './small-gateway-api.ts';

/** No issuer of that name: what is looked at here is what is asked for, not what is issued. */
const nobody = { 'cert-manager.io/issuer': 'nobody' };

test('ten thousand TLS entries: a thousand Certificates, one word about the rest, and others are served meanwhile', async (t) => {
  const it = await ShimWorld.start(t, {}, [], { inMemory: true });
  const tls = Array.from({ length: 10_000 }, (_, i) => ({
    hosts: [`h${i}.example.com`],
    secretName: `s${i}`,
  }));
  await it.ingress('huge', tls, nobody);
  await it.ingress('web', [{ hosts: ['web.example.com'], secretName: 'web-tls' }], annotated);
  await it.isReady('web-tls');
  assert.equal(await it.told('huge', /from spec\.tls\[1000\] on/u), 'BadConfig');
  await it.is('s999', 'is there', () => true);
  assert.equal((await it.names()).length, 1_001);
  const writes = it.world.ours.writes.filter(({ verb }) => verb === 'create');
  assert.ok(writes.length <= 1_010, `${writes.length} creates`);
});

test('annotations as large as they may be, and CSV that never ends', async (t) => {
  const it = await ShimWorld.start(t);
  const tls = [{ hosts: ['web.example.com'], secretName: 'web-tls' }];
  const large = 'x'.repeat(200_000);
  for (const [key, value] of [
    ['subject-organizations', `"${large}`],
    ['secret-template', '['.repeat(200_000)],
    ['usages', large],
    ['duration', '9'.repeat(200_000)],
  ] as const) {
    await it.ingress(key, tls, { ...nobody, [`cert-manager.io/${key}`]: value });
    assert.equal(
      await it.told(key, new RegExp(`invalid annotation "cert-manager.io/${key}"`, 'u')),
      'BadConfig',
    );
  }
  assert.deepEqual(await it.names(), []);
  assert.deepEqual(it.world.problems, []);
});

test('names that are too long or no DNS names, in a Gateway whose definition lets them through', async (t) => {
  const it = await ShimWorld.start(t, { gatewayApi: true }, [gatewayDefinition]);
  const listener = (name: string, secret: string, hostname: string): object => ({
    name,
    hostname,
    port: 443,
    protocol: 'HTTPS',
    tls: { mode: 'Terminate', certificateRefs: [{ name: secret }] },
  });
  const listeners = [
    listener('long', 'a'.repeat(254), 'a.example.com'),
    listener('odd', 'Not/A/Name', 'b.example.com'),
    listener('host', 'host-tls', `${'h'.repeat(300)}.example.com`),
    listener('good', 'good-tls', 'good.example.com'),
  ];
  const metadata = { name: 'edge', namespace, annotations: nobody };
  await it.put(gateways, { metadata, spec: { gatewayClassName: 'x', listeners } } as KubeObject);
  await it.told('edge', /spec\.listeners\[0\]\.tls\.certificateRefs\[0\]\.name: Invalid value/u);
  await it.told(
    'edge',
    /spec\.listeners\[1\]\.tls\.certificateRefs\[0\]\.name: Invalid value: "Not\/A\/Name"/u,
  );
  await it.is('good-tls', 'is there', () => true);
});
