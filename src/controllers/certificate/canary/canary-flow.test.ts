import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Certificate } from '../../../api/certificate.ts';
import type { CertificateRequest } from '../../../api/certificate-request.ts';
import { certificateRequests, certificates } from '../../../api/resources.ts';
import { acmeFleetStarter } from '../../testing/acme-fleet.ts';
import type { Fleet } from '../../testing/fleet.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = acmeFleetStarter();
const ref = { name: 'live', kind: 'ClusterIssuer' };
const canary = { annotations: { 'certwright.dev/canary-issuer': 'ClusterIssuer/staging' } };
const names = async (fleet: Fleet): Promise<string[]> =>
  (await fleet.client.list<CertificateRequest>(certificateRequests, { namespace: 'shop' })).items.map(
    ({ metadata }) => metadata?.name ?? '',
  );
async function setSpec(fleet: Fleet, spec: Partial<Certificate['spec']>): Promise<void> {
  const certificate = await fleet.getCertificate('web');
  const changed = { ...certificate, spec: { ...certificate.spec, ...spec } };
  await fleet.client.update<Certificate>(certificates, changed, { fieldManager: 'test' });
}

describe('canary', () => {
  test('new names are rehearsed once; renewals and restarts rehearse nothing; the canary reaches no Secret', async () => {
    const { fleet, world } = await start();
    const staging = await world.issuer(fleet, 'staging');
    const live = await world.issuer(fleet, 'live', canary);
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.settle();
    assert.deepEqual(
      [...staging.issued, ...live.issued].map(({ request }) => request),
      ['web-1-canary', 'web-1'],
    );
    assert.deepEqual(await names(fleet), ['web-1'], 'the rehearsal is cleared away');
    const secret = await fleet.getSecret('web');
    assert.equal(secret?.metadata?.annotations?.['cert-manager.io/issuer-name'], 'live');
    await fleet.stop();
    await fleet.start();
    await fleet.clock.advance(35 * day);
    assert.deepEqual([staging.issued.length, live.issued.length], [1, 2]);
    await setSpec(fleet, { dnsNames: ['web.example.com', 'new.example.com'] });
    await fleet.clock.advance(minute);
    assert.deepEqual([staging.issued.length, live.issued.length], [2, 3], 'other names are rehearsed');
    await setSpec(fleet, { dnsNames: ['new.example.com', 'web.example.com'], usages: ['server auth'] });
    await fleet.clock.advance(minute);
    assert.deepEqual([staging.issued.length, live.issued.length], [2, 4], 'the same names are not');
  });

  test('a canary that fails stops it before the issuer is asked, says why, and is tried again after the pause', async () => {
    const { fleet, world } = await start();
    const staging = await world.issuer(fleet, 'staging');
    const live = await world.issuer(fleet, 'live', canary);
    staging.outcome = 'failed';
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.clock.advance(minute);
    assert.equal(live.issued.length, 0);
    const { status } = await fleet.getCertificate('web');
    assert.equal(status?.failedIssuanceAttempts, 1);
    const issuing = status?.conditions?.find(({ type }) => type === 'Issuing');
    assert.equal(issuing?.reason, 'CanaryFailed');
    assert.match(
      issuing?.message ?? '',
      /nothing was asked of ClusterIssuer "live", because its canary ClusterIssuer "staging" did not issue: .*the order failed/,
    );
    staging.outcome = 'issued';
    await fleet.clock.advance(58 * minute);
    assert.equal(staging.issued.length, 0, 'not before the pause is over');
    await fleet.clock.advance(5 * minute);
    assert.deepEqual([staging.issued.length, live.issued.length], [1, 1]);
    assert.deepEqual(await names(fleet), ['web-1']);
  });

  test('what is proven stays proven while the issuer itself fails, over restarts', async () => {
    const { fleet, world } = await start();
    const staging = await world.issuer(fleet, 'staging');
    const live = await world.issuer(fleet, 'live', canary);
    live.outcome = 'failed';
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.clock.advance(minute);
    await fleet.stop();
    await fleet.start();
    await fleet.clock.advance(8 * hour);
    assert.equal(staging.issued.length, 1);
    live.outcome = 'issued';
    await fleet.clock.advance(8 * hour);
    assert.deepEqual([staging.issued.length, live.issued.length], [1, 1]);
    assert.deepEqual(await names(fleet), ['web-1']);
  });

  test('while the canary has not answered, the Certificate says what it waits for', async () => {
    const { fleet, world } = await start();
    const staging = await world.issuer(fleet, 'staging');
    const live = await world.issuer(fleet, 'live', canary);
    staging.outcome = 'pending';
    await fleet.certificate('web', { issuerRef: ref });
    await fleet.clock.advance(10_000);
    const { status } = await fleet.getCertificate('web');
    assert.match(
      status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '',
      /"live" is asked once its canary ClusterIssuer "staging" has issued/,
    );
    staging.outcome = 'issued';
    await fleet.clock.advance(6 * minute);
    assert.deepEqual([staging.issued.length, live.issued.length], [1, 1]);
  });

  test('only we say what is a rehearsal: annotations of a Certificate do not', async () => {
    const { fleet, world } = await start();
    const live = await world.issuer(fleet, 'live');
    const annotations = { 'certwright.dev/canary': 'true', 'certwright.dev/early-renewals': '9' };
    await fleet.certificate('web', { issuerRef: ref }, { annotations });
    await fleet.clock.advance(minute);
    assert.equal(live.issued.length, 1);
    const { items } = await fleet.client.list<CertificateRequest>(certificateRequests, { namespace: 'shop' });
    assert.ok(
      !Object.keys(items[0]?.metadata?.annotations ?? {}).some((key) => key.startsWith('certwright.dev/')),
    );
  });
});
