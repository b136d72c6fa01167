import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Fleet } from '../testing/fleet.ts';

const running: Fleet[] = [];
after(async () => {
  for (const fleet of running) await fleet.stop();
});
async function fleetWith(options = {}): Promise<Fleet> {
  const fleet = new Fleet(options);
  running.push(fleet);
  await fleet.selfSigned();
  await fleet.start();
  return fleet;
}

test('a certificate of an in-process issuer takes four writes and four events', async () => {
  const fleet = await fleetWith();
  fleet.client.writes.length = 0;
  await fleet.certificate('web');
  await fleet.settle();
  const writes = fleet.client.writes
    .slice(1)
    .map(({ verb, kind, subresource, manager }) => `${verb} ${kind} ${subresource ?? ''} ${manager}`);
  assert.deepEqual(writes, [
    'create CertificateRequest  cert-manager-certificates-request-manager',
    'patch CertificateRequest status cert-manager-certificaterequests-issuer-selfsigned',
    'apply Secret  cert-manager-certificates-issuing',
    'update Certificate status cert-manager-certificates-issuing',
  ]);
  const events = fleet.client.events.filter((event) => event.kind !== 'ClusterIssuer');
  assert.deepEqual(
    events.map(({ kind, reason, component }) => `${kind} ${reason} ${component}`),
    [
      'Certificate Issuing cert-manager-certificates-trigger',
      'Certificate Requested cert-manager-certificates-request-manager',
      'CertificateRequest CertificateIssued cert-manager-certificaterequests-issuer-selfsigned',
      'Certificate Issuing cert-manager-certificates-issuing',
    ],
  );
  const { status } = await fleet.getCertificate('web');
  assert.equal(status?.revision, 1);
  assert.deepEqual(
    status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    [['Ready', 'True', 'Ready']],
  );
  assert.deepEqual(fleet.problems, []);
});
