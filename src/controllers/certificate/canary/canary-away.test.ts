/** A canary that does not answer: who waits for it, until when, and what is said. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Certificate } from '../../../api/certificate.ts';
import { certificates, clusterIssuers } from '../../../api/resources.ts';
import { acmeFleetStarter } from '../../testing/acme-fleet.ts';
import type { Fleet } from '../../testing/fleet.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = acmeFleetStarter();
const ref = { name: 'live', kind: 'ClusterIssuer' };
const canary = { annotations: { 'certwright.dev/canary-issuer': 'ClusterIssuer/staging' } };
const held = (problem: string, reason: string) => ({
  state: 'pending' as const,
  problem,
  reason,
  nextAttemptAt: '2036-01-01T00:00:00Z',
});
const connect = held('about:blank', 'connect ECONNREFUSED');

const events = (fleet: Fleet, reason: string): string[] =>
  fleet.client.events.filter((event) => event.reason === reason).map(({ message }) => message);
const waiting = async (fleet: Fleet): Promise<string> =>
  (await fleet.getCertificate('web')).status?.conditions?.find(({ type }) => type === 'Issuing')?.message ??
  '';

async function world() {
  const { fleet, world: own } = await start();
  const staging = await own.issuer(fleet, 'staging');
  const live = await own.issuer(fleet, 'live', canary);
  const order = (status: ReturnType<typeof held>) => own.order(fleet, 'web-1-canary', status);
  return { fleet, own, staging, live, order };
}

/** Issued for one name, and then wanted for another one, so that there is something to rehearse. */
async function renamed(lifeDays: number) {
  const found = await world();
  const { fleet, live } = found;
  live.lifetimeMs = lifeDays * day;
  await fleet.certificate('web', { issuerRef: ref });
  await fleet.settle();
  assert.equal(live.issued.length, 1);
  const { status } = await fleet.getCertificate('web');
  return { ...found, notAfter: Date.parse(status?.notAfter ?? '') };
}

async function rename(fleet: Fleet): Promise<void> {
  const certificate = await fleet.getCertificate('web');
  const changed = { ...certificate, spec: { ...certificate.spec, dnsNames: ['new.example.com'] } };
  await fleet.client.update<Certificate>(certificates, changed, { fieldManager: 'test' });
  await fleet.settle();
}

describe('a canary whose CA is away', () => {
  test('is waited for ten minutes where there is no certificate, and then the issuer is asked, with a warning', async () => {
    const { fleet, staging, live, order } = await world();
    staging.outcome = 'pending';
    staging.retries = false;
    await fleet.certificate('web', { issuerRef: ref });
    await order(connect);
    await fleet.clock.advance(9 * minute);
    assert.equal(live.issued.length, 0);
    assert.match(
      await waiting(fleet),
      /asked without at 20.*Z, because the canary could not issue: connect ECONNREFUSED; at once: kubectl annotate clusterissuer live certwright\.dev\/canary-issuer-$/,
    );
    await fleet.clock.advance(2 * minute);
    assert.equal(live.issued.length, 1);
    assert.deepEqual(events(fleet, 'CanarySkipped'), [
      'ClusterIssuer "live" is asked without a rehearsal: its canary ClusterIssuer "staging" could not issue: connect ECONNREFUSED',
    ]);
    assert.equal(staging.issued.length, 0);
    assert.equal((await fleet.getCertificate('web')).status?.conditions?.[0]?.status, 'True');
  });

  test('also when its issuer is not Ready, or is not there', async () => {
    for (const gone of [false, true]) {
      const { fleet, world: own } = await start();
      own.ca('staging').ready = false;
      if (!gone) await own.issuer(fleet, 'staging');
      const live = await own.issuer(fleet, 'live', canary);
      await fleet.certificate('web', { issuerRef: ref });
      await fleet.clock.advance(9 * minute);
      assert.equal(live.issued.length, 0);
      await fleet.clock.advance(2 * minute);
      assert.equal(live.issued.length, 1);
      assert.match(events(fleet, 'CanarySkipped')[0] ?? '', gone ? /does not exist$/ : /is not Ready$/);
    }
  });

  test('is waited for longer where a certificate is there, and the time that is told does not move', async () => {
    const { fleet, staging, live, own } = await renamed(4);
    staging.outcome = 'pending';
    staging.retries = false;
    await rename(fleet);
    await own.order(fleet, 'web-2-canary', held('urn:ietf:params:acme:error:rateLimited', 'too many orders'));
    await fleet.clock.advance(hour);
    const told = await waiting(fleet);
    assert.match(told, /has waited for more than ten minutes for its canary.*too many orders/);
    await fleet.clock.advance(9 * hour);
    assert.equal(await waiting(fleet), told);
    assert.equal(live.issued.length, 1);
    await fleet.clock.advance(3 * hour);
    assert.equal(live.issued.length, 2, 'after an eighth of its four days');
    assert.equal(events(fleet, 'CanaryWaiting').length, 1);
  });
});

describe('a canary that finds no answer by our own fault', () => {
  test('is waited for, says so once, and how to go on without', async () => {
    const { fleet, staging, live, order } = await world();
    staging.outcome = 'pending';
    staging.retries = false;
    await fleet.certificate('web', { issuerRef: ref });
    await order(held('urn:ietf:params:acme:error:dns', 'no such zone'));
    await fleet.clock.advance(2 * hour);
    await fleet.stop();
    await fleet.start();
    await fleet.clock.advance(6 * hour);
    assert.equal(live.issued.length, 0);
    const [event, ...more] = events(fleet, 'CanaryWaiting');
    assert.match(
      event ?? '',
      /"live" has waited for more than ten minutes.*it is not asked without; at once: kubectl annotate/,
    );
    assert.deepEqual(more, []);
    assert.match(await waiting(fleet), /it is not asked without/);
    const change = { metadata: { annotations: { 'certwright.dev/canary-issuer': null } } };
    await fleet.client.patch(clusterIssuers, { name: 'live' }, 'merge', change, { fieldManager: 'test' });
    await fleet.clock.advance(20 * minute);
    assert.equal(live.issued.length, 1);
  });

  for (const outcome of ['pending', 'failed'] as const)
    test(`does not end the certificate that is there: ${outcome}`, async () => {
      const { fleet, staging, live, notAfter } = await renamed(1);
      staging.outcome = outcome;
      staging.retries = false;
      await rename(fleet);
      await fleet.clock.advanceTo(notAfter - 3 * hour);
      assert.equal(live.issued.length, 1);
      await fleet.clock.advanceTo(notAfter - hour);
      assert.equal(live.issued.length, 2);
      assert.match(events(fleet, 'CanarySkipped')[0] ?? '', /the certificate in the Secret is about to end$/);
      const { status } = await fleet.getCertificate('web');
      assert.ok(Date.parse(status?.notAfter ?? '') > notAfter);
    });
});
