import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/core.ts';
import { certificateRequests, certificates, secrets } from '../../api/resources.ts';
import { ForbiddenError } from '../../kube/errors.ts';
import { Fleet } from '../testing/fleet.ts';

async function running(): Promise<Fleet> {
  const fleet = new Fleet();
  await fleet.selfSigned();
  await fleet.start();
  return fleet;
}
const readyOf = async (
  fleet: Fleet,
): Promise<{ status?: string; reason?: string; message?: string } | undefined> =>
  (await fleet.getCertificate('web')).status?.conditions?.find(({ type }) => type === 'Ready');

test('a good Secret without our label is read live, adopted, and labelled without a new certificate', async () => {
  const fleet = await running();
  await fleet.certificate('web');
  await fleet.settle();
  const secret = await fleet.getSecret('web');
  await fleet.stop();
  const { 'controller.cert-manager.io/fao': _label, ...labels } = secret?.metadata?.labels ?? {};
  // As a backup tool restores it: no label of ours, no managed fields, no status.
  await fleet.client.update<Secret>(
    secrets,
    { ...secret, metadata: { ...secret?.metadata, labels, managedFields: [] } },
    { fieldManager: 'restore' },
  );
  const certificate = await fleet.getCertificate('web');
  await fleet.client.update(
    certificates,
    { ...certificate, status: {} },
    { fieldManager: 'restore', subresource: 'status' },
  );
  await fleet.start();
  const after = await fleet.getSecret('web');
  assert.deepEqual(after?.data, secret?.data);
  assert.equal(after?.metadata?.labels?.['controller.cert-manager.io/fao'], 'true');
  const { status } = await fleet.getCertificate('web');
  assert.deepEqual(
    [status?.revision, status?.conditions?.map(({ type, status: value }) => [type, value])],
    [1, [['Ready', 'True']]],
  );
  assert.equal(fleet.client.all(certificateRequests).length, 1);
  await fleet.stop();
});

test('an immutable Secret that does not fit is left alone, with the remedy', async () => {
  const fleet = await running();
  const bad: Secret = {
    metadata: { name: 'web', namespace: 'shop', labels: { 'controller.cert-manager.io/fao': 'true' } },
    immutable: true,
    data: { 'tls.crt': 'eA==' },
  };
  await fleet.client.create(secrets, bad, { fieldManager: 'test' });
  await fleet.certificate('web');
  await fleet.settle();
  assert.equal(fleet.client.all(certificateRequests).length, 0);
  assert.match((await readyOf(fleet))?.message ?? '', /"web" is immutable: delete it/);
  await fleet.stop();
});

test('a Secret that nobody lets us write costs the issuer few signatures and is named', async () => {
  const fleet = await running();
  fleet.client.intercept = ({ verb }) => {
    if (verb === 'apply')
      throw new ForbiddenError('secrets "web" is forbidden: quota exceeded', { status: 403 });
  };
  await fleet.certificate('web');
  await fleet.clock.advance(9 * 60_000);
  const signed = fleet.client.writes.filter(
    ({ verb, kind }) => verb === 'create' && kind === 'CertificateRequest',
  ).length;
  assert.ok(signed >= 2 && signed <= 6, `${signed} signatures`);
  assert.match(
    (await readyOf(fleet))?.message ?? '',
    /broke off before Secret "web" was written: .*quota exceeded/,
  );
  fleet.client.intercept = () => undefined;
  await fleet.clock.advance(11 * 60_000);
  assert.equal((await readyOf(fleet))?.status, 'True');
  await fleet.stop();
});

test('names that fit in no CSR are told once and not tried again before the spec changes', async () => {
  const fleet = await running();
  await fleet.certificate('web', { dnsNames: ['bücher.example.com'] });
  await fleet.clock.advance(10 * 60_000);
  assert.equal(fleet.client.all(certificateRequests).length, 0);
  assert.equal(fleet.client.events.filter(({ reason }) => reason === 'RequestFailed').length, 1);
  assert.match((await readyOf(fleet))?.message ?? '', /No CSR can be made/);
  const certificate = await fleet.getCertificate('web');
  await fleet.client.update(
    certificates,
    { ...certificate, spec: { ...certificate.spec, dnsNames: ['xn--bcher-kva.example.com'] } },
    { fieldManager: 'test' },
  );
  await fleet.settle();
  assert.equal((await readyOf(fleet))?.status, 'True');
  await fleet.stop();
});
