/** What a user of an annotated Ingress sees, from its first Certificate to its end. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { ingresses } from '../../../src/api/networking.ts';
import type { Event } from '../../../src/api/core.ts';
import { certificates, events } from '../../../src/api/resources.ts';
import { namespace } from '../standalone-world.ts';
import { annotated, ShimWorld } from './shim-world.ts';

const tls = [{ hosts: ['web.example.com', 'www.example.com'], secretName: 'web-tls' }];

test('an annotation is enough: a Certificate, a Secret, an event, and one write for all of it', async (t) => {
  const it = await ShimWorld.start(t);
  await it.ingress('web', tls, annotated, { labels: { app: 'web' } });
  await it.become('web-tls');
  await it.isReady('web-tls');
  assert.deepEqual(it.written(), ['create web-tls']);
  assert.equal(await it.told('web', /^Successfully created Certificate "web-tls"$/u), 'CreateCertificate');
  const certificate = await it.certificate('web-tls');
  assert.deepEqual(certificate.metadata?.labels, { app: 'web' });
  assert.equal(certificate.metadata?.ownerReferences?.[0]?.kind, 'Ingress');
  const owners = certificate.metadata?.managedFields?.filter(
    ({ fieldsV1 }) => fieldsV1?.['f:spec'] !== undefined,
  );
  assert.deepEqual(
    owners?.map(({ manager }) => manager),
    ['cert-manager-ingress-shim'],
  );
  const secret = await it.world.secret('web-tls');
  const leaf = new X509Certificate(Buffer.from(secret?.data?.['tls.crt'] ?? '', 'base64'));
  assert.equal(leaf.subjectAltName, 'DNS:web.example.com, DNS:www.example.com');

  // A restart finds everything as it should be.
  await it.world.restart();
  assert.deepEqual(it.written(), []);
});

test('changes reach the Certificate with one write each, and what goes takes its Certificate along', async (t) => {
  const it = await ShimWorld.start(t);
  await it.ingress('web', [...tls, { hosts: ['b.example.com'], secretName: 'b-tls' }]);
  await it.become('b-tls', 'web-tls');
  it.written();
  await it.ingress('web', [
    { ...tls[0]!, hosts: ['web.example.com'] },
    { hosts: ['b.example.com'], secretName: 'b-tls' },
  ]);
  await it.is('web-tls', 'has one name', ({ spec }) => spec.dnsNames?.length === 1);
  assert.deepEqual(it.written(), ['patch web-tls']);

  const acme = 'acme.cert-manager.io/http01-edit-in-place';
  const more = { ...annotated, 'cert-manager.io/usages': 'server auth', [acme]: 'true' };
  await it.ingress('web', [{ ...tls[0]!, hosts: ['web.example.com'] }], more);
  await it.become('web-tls');
  await it.is('web-tls', 'has its usage', ({ spec }) => spec.usages?.join() === 'server auth');
  const { metadata } = await it.certificate('web-tls');
  assert.equal(metadata?.annotations?.['acme.cert-manager.io/http01-override-ingress-name'], 'web');
  assert.deepEqual(it.written().toSorted(), ['delete b-tls', 'patch web-tls']);
  assert.equal(await it.told('web', /deleted unrequired Certificate "b-tls"/u), 'DeleteCertificate');
  assert.equal(await it.told('web', /updated Certificate "web-tls"/u), 'UpdateCertificate');

  await it.ingress('web', [{ ...tls[0]!, hosts: ['web.example.com'] }], annotated);
  await it.is('web-tls', 'has the default usages', ({ spec }) => spec.usages?.length === 2);
  assert.deepEqual((await it.certificate('web-tls')).metadata?.annotations ?? {}, {});
  assert.deepEqual(it.written(), ['patch web-tls']);
});

test('the end of an Ingress is the end of its Certificates, and Secrets stay', async (t) => {
  const it = await ShimWorld.start(t);
  await it.ingress('web', tls);
  await it.become('web-tls');
  await it.isReady('web-tls');
  it.written();
  await it.remove(ingresses, 'web');
  await it.become();
  assert.deepEqual(it.written(), []);
  assert.notEqual(await it.world.secret('web-tls'), undefined);
});

test('fields that people set on a Certificate stay, those that the Ingress names do not', async (t) => {
  const it = await ShimWorld.start(t);
  await it.ingress('web', tls, { ...annotated, 'cert-manager.io/common-name': 'web' });
  await it.become('web-tls');
  it.written();
  await it.edit('web-tls', {
    metadata: { labels: { checked: 'yes' } },
    spec: { revisionHistoryLimit: 3, usages: ['client auth'], dnsNames: ['evil.example.com'] },
  });
  await it.is('web-tls', 'has its names again', ({ spec }) => spec.dnsNames?.length === 2);
  assert.deepEqual(it.written(), ['patch web-tls']);
  await it.ingress('web', tls, annotated);
  await it.is('web-tls', 'has no common name any more', ({ spec }) => spec.commonName === undefined);
  const { metadata, spec } = await it.certificate('web-tls');
  assert.deepEqual(
    [metadata?.labels, spec.revisionHistoryLimit, spec.usages],
    [{ checked: 'yes' }, 3, ['client auth']],
  );
  // The question whose they are is asked once, not at every look.
  const before = it.world.ours.activity;
  await it.ingress('web', tls, { ...annotated, unrelated: 'x' });
  await it.world.settle();
  assert.deepEqual(it.written(), ['patch web-tls']);
  assert.equal(it.world.ours.activity, before);
});

test('a Certificate that is somebody else’s is left alone, and its name taken when it goes', async (t) => {
  const it = await ShimWorld.start(t);
  await it.world.certificate('web-tls', { dnsNames: ['own.example.com'] });
  await it.ingress('web', tls);
  await it.ingress('other', [{ hosts: ['o.example.com'], secretName: 'other-tls' }]);
  await it.become('other-tls', 'web-tls');
  assert.deepEqual((await it.certificate('web-tls')).spec.dnsNames, ['own.example.com']);
  await it.remove(certificates, 'web-tls');
  await it.is('web-tls', 'is made', ({ spec }) => spec.dnsNames?.[0] === 'web.example.com');
});

test('two Ingresses of one Secret: the second takes over when the first goes', async (t) => {
  const it = await ShimWorld.start(t);
  await it.ingress('first', tls);
  await it.become('web-tls');
  await it.ingress('second', tls);
  await it.world.settle();
  assert.deepEqual(it.written(), ['create web-tls']);
  await it.remove(ingresses, 'first');
  await it.is(
    'web-tls',
    'is of the second',
    ({ metadata }) => metadata?.ownerReferences?.[0]?.name === 'second',
  );
});

test('a Certificate that somebody deletes comes back, without a race to the bottom', async (t) => {
  const it = await ShimWorld.start(t);
  await it.ingress('web', tls);
  await it.become('web-tls');
  for (let i = 0; i < 2; i++) {
    const { metadata } = await it.certificate('web-tls');
    await it.remove(certificates, 'web-tls');
    await it.is('web-tls', 'is back', (now) => now.metadata?.uid !== metadata?.uid);
  }
  await it.remove(certificates, 'web-tls');
  await it.world.settle();
  assert.deepEqual(await it.names(), []);
  await it.world.clock.advance(5_000);
  await it.become('web-tls');
});

test('mistakes are told of by name, once', async (t) => {
  const it = await ShimWorld.start(t);
  await it.ingress('web', [...tls, { secretName: 'no-hosts' }], {
    ...annotated,
    'cert-manager.io/duration': '90 days',
  });
  assert.equal(
    await it.told('web', /invalid annotation "cert-manager.io\/duration": "90 days"/u),
    'BadConfig',
  );
  assert.deepEqual(await it.names(), []);
  await it.ingress('web', [...tls, { secretName: 'no-hosts' }]);
  await it.become('web-tls');
  assert.equal(
    await it.told('web', /^Skipped a TLS block: spec\.tls\[1\]\.hosts: Required value/u),
    'BadConfig',
  );
  await it.isReady('web-tls');
  // A change that mends nothing: the same mistake is looked at again.
  await it.ingress('web', [...tls, { secretName: 'no-hosts' }], annotated, { labels: { team: 'blue' } });
  await it.is('web-tls', 'has the label', ({ metadata }) => metadata?.labels?.['team'] === 'blue');
  const { items } = await it.world.user.list<Event>(events, { namespace });
  const told = items.filter(({ message }) => message?.includes('Skipped a TLS block'));
  assert.deepEqual(
    told.map(({ count }) => count),
    [1],
  );
});

test('automatic annotations use the default issuer', async (t) => {
  const defaultIssuer = { name: 'selfsigned', kind: 'ClusterIssuer', group: 'cert-manager.io' };
  const it = await ShimWorld.start(t, { defaultIssuer, extraCertificateAnnotations: ['team'] });
  await it.ingress('web', tls, { 'kubernetes.io/tls-acme': 'true', team: 'a' });
  await it.become('web-tls');
  const { metadata, spec } = await it.certificate('web-tls');
  assert.deepEqual([spec.issuerRef, metadata?.annotations], [defaultIssuer, { team: 'a' }]);
  await it.world.user.get(ingresses, { namespace, name: 'web' });
});
