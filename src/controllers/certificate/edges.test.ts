/** Edges of a Certificate's life: repairs beside keystores, Secrets of other types, the longest names, a crowd that waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/core.ts';
import { certificateRequests, certificates, clusterIssuers, secrets } from '../../api/resources.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { checkSecret } from '../testing/check-secret.ts';
import { Fleet } from '../testing/fleet.ts';

async function running(): Promise<Fleet> {
  const fleet = new Fleet();
  await fleet.selfSigned();
  await fleet.start();
  return fleet;
}

test('a change of the secretTemplate leaves every entry of the Secret as it is, keystores included', async () => {
  const fleet = await running();
  const keystores = {
    jks: { create: true, password: 'changeit' },
    pkcs12: { create: true, password: 'changeit' },
  };
  await fleet.certificate('web', { keystores });
  await fleet.settle();
  const before = await fleet.getSecret('web');
  assert.ok(before?.data?.['keystore.p12'] && before.data['keystore.jks']);
  await fleet.clock.advance(60_000);
  const certificate = await fleet.getCertificate('web');
  const spec = { ...certificate.spec, secretTemplate: { labels: { team: 'a' } } };
  await fleet.client.update(certificates, { ...certificate, spec }, { fieldManager: 'test' });
  await fleet.settle();
  const after = await fleet.getSecret('web');
  assert.equal(after?.metadata?.labels?.['team'], 'a');
  assert.deepEqual(after.data, before.data);
});

for (const type of ['Opaque', 'kubernetes.io/dockerconfigjson', 'example.com/own']) {
  test(`a target Secret of type ${type} keeps its type and its other entries`, async () => {
    const fleet = await running();
    const data = { '.dockerconfigjson': 'e30=', 'tls.crt': 'AAAA' };
    const existing: Secret = { metadata: { name: 'web', namespace: 'shop' }, type, data };
    await fleet.client.create(secrets, existing, { fieldManager: 'somebody' });
    await fleet.certificate('web');
    await fleet.settle();
    const secret = await fleet.getSecret('web');
    assert.equal(secret?.type, type);
    assert.equal(secret.data?.['.dockerconfigjson'], 'e30=');
    checkSecret(secret);
    assert.equal((await fleet.getCertificate('web')).status?.revision, 1);
  });
}

test('names of 253 characters are issued, and their requests stay within what the API allows', async () => {
  const fleet = await running();
  const [first, second] = ['x', 'y'].map((end) => `${'a.'.repeat(126)}${end}`);
  assert.equal(first?.length, 253);
  for (const name of [first, second] as string[]) {
    await fleet.certificate(name, { commonName: 'web', dnsNames: ['web.example.com'] });
  }
  await fleet.settle();
  for (const name of [first, second] as string[])
    assert.equal((await fleet.getCertificate(name)).status?.revision, 1);
  const names = fleet.client.all(certificateRequests).map(({ metadata }) => metadata?.name ?? '');
  assert.equal(new Set(names).size, 2);
  for (const name of names) assert.ok(name.length <= 253, name);
});

test('Certificates that wait for one issuer cost writes in proportion to their number, and are all woken by it', async () => {
  const writesFor = async (count: number): Promise<number> => {
    const fleet = await running();
    for (let i = 0; i < count; i++)
      await fleet.certificate(`web-${i}`, { issuerRef: { name: 'late', kind: 'ClusterIssuer' } });
    await fleet.settle();
    const before = fleet.client.writes.length;
    // Others come and go: nobody who waits is to care.
    for (let i = 0; i < 5; i++) await fleet.selfSigned(`other-${i}`);
    await fleet.settle();
    const idle = fleet.client.writes.length - before;
    assert.ok(idle <= 10, `${idle} writes while ${count} wait and others get ready`);
    await fleet.selfSigned('late');
    await fleet.settle();
    const issuer = await fleet.client.get(clusterIssuers, { name: 'late' });
    assert.ok(issuer);
    for (let i = 0; i < count; i++)
      assert.equal((await fleet.getCertificate(`web-${i}`)).status?.revision, 1, `web-${i}`);
    return fleet.client.writes.length - before - idle;
  };
  const [few, many] = [await writesFor(10), await writesFor(80)];
  assert.ok(many / 80 <= (few / 10) * 1.2, `${few} writes for 10, ${many} for 80`);
});

test('a Certificate that goes while it is worked on is no error, and nothing is tried for it again', async () => {
  const fleet = await running();
  let refused = 0;
  fleet.client.intercept = ({ verb, kind }) => {
    if (kind !== 'Certificate' || verb !== 'update') return;
    refused++;
    throw new NotFoundError('certificates.cert-manager.io "web" not found', { status: 404 });
  };
  await fleet.certificate('web');
  await fleet.settle();
  assert.ok(refused > 0);
  await fleet.client.delete(certificates, { namespace: 'shop', name: 'web' });
  await fleet.settle();
  const before = refused;
  await fleet.clock.advance(3_600_000);
  assert.equal(refused, before);
  assert.deepEqual(fleet.problems, []);
});
