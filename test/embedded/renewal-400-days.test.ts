/** 400 days of a mixed fleet on the whole stack: every renewal at its time and for its cause, nothing lost, nothing that grows. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Certificate, CertificateSpec } from '../../src/api/certificate.ts';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Secret } from '../../src/api/core.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  secrets,
} from '../../src/api/resources.ts';
import { checkSecret } from '../../src/controllers/testing/check-secret.ts';
import { members } from './renewal-fleet.ts';
import { RenewalLedger } from './renewal-ledger.ts';
import { RenewalWorld } from './renewal-world.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2026-01-01T00:00:00Z');
const write = { fieldManager: 'test' };
const dataDir = mkdtempSync(join(tmpdir(), 'renewal-'));
const ledger = new RenewalLedger();
const world = new RenewalWorld(start, dataDir, (controllers) => ledger.follow(controllers, world.clock));
after(async () => {
  await world.close();
  rmSync(dataDir, { recursive: true });
});

const certificate = (name: string, namespace: string, spec: Partial<CertificateSpec>): Certificate => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name, namespace },
  spec: {
    secretName: name,
    dnsNames: [`${name}.example.com`],
    privateKey: { algorithm: 'ECDSA', size: 256 },
    issuerRef: { name: 'ca', kind: 'ClusterIssuer' },
    ...spec,
  },
});

async function build(): Promise<void> {
  await world.open();
  await world.start();
  const issuers = { selfsigned: { selfSigned: {} }, ca: { ca: { secretName: 'root' } } };
  for (const [name, spec] of Object.entries(issuers)) {
    const issuer = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name }, spec };
    await world.client.create(clusterIssuers, issuer as never, write);
  }
  const issuerRef = { name: 'selfsigned', kind: 'ClusterIssuer' };
  const root = { isCA: true, commonName: 'root', duration: '2400h', issuerRef };
  ledger.expect('kube-system/root', root);
  await world.client.create(certificates, certificate('root', 'kube-system', root), write);
  await world.clock.advance(10_000);
  for (const { name, spec, opening } of members) {
    ledger.expect(`default/${name}`, spec, opening);
    await world.client.create(certificates, certificate(name, 'default', spec), write);
  }
  await world.clock.advance(10_000);
}

/** A change of the spec that is a cause of its own. */
async function change(name: string, spec: Partial<CertificateSpec>): Promise<void> {
  ledger.changed(`default/${name}`, spec);
  await world.client.patch(certificates, { namespace: 'default', name }, 'merge', { spec }, write);
  await world.settle();
}

/** What happens on which day. */
const happenings: Record<number, () => Promise<void> | void> = {
  5: () => change('hourly', { duration: '96h', renewBefore: '24h' }),
  50: async () => {
    await world.stop();
    await world.start();
  },
  100: () => void (world.outage = true),
  106: () => {
    world.outage = false;
    ledger.disturbed(world.clock.now());
  },
  150: async () => {
    ledger.disturbed(world.clock.now() + 2 * day);
    world.clock.jump(2 * day);
    await world.clock.advance(hour + 1000);
  },
  200: () => {
    world.clock.jump(-3 * day);
  },
  250: async () => {
    // The machine is off for a day and a half.
    await world.close();
    world.clock.jump(1.5 * day);
    ledger.disturbed(world.clock.now());
    await world.open();
    await world.start();
  },
  300: () => change('people', { dnsNames: ['people.example.com', 'www.people.example.com'] }),
  320: async () => {
    await world.stop();
    world.clock.jump(-6 * hour);
    await world.start();
  },
};

test('400 days of a mixed fleet', { timeout: 240_000 }, async (t) => {
  const began = performance.now();
  await build();
  let [mostEvents, sizeAt100] = [0, 0];
  const size = (): number => statSync(join(dataDir, 'objects.db')).size;
  for (let today = 1; today <= 400; today++) {
    await happenings[today]?.();
    await world.clock.advance(day);
    assert.deepEqual(ledger.faults, [], `day ${today}`);
    const [told, requests] = await Promise.all([
      world.client.list(events, { limit: 500 }),
      world.client.list<CertificateRequest>(certificateRequests),
    ]);
    mostEvents = Math.max(mostEvents, told.items.length + (told.metadata.remainingItemCount ?? 0));
    ledger.checkHistory(requests.items, world.outage);
    if (today === 100) sizeAt100 = size();
  }
  await world.settle();

  for (const { name } of [...members, { name: 'root' }]) {
    const namespace = name === 'root' ? 'kube-system' : 'default';
    checkSecret(await world.client.get<Secret>(secrets, { namespace, name }));
    const { status } = await world.client.get<Certificate>(certificates, { namespace, name });
    assert.equal(status?.revision, ledger.issuances(`${namespace}/${name}`), name);
    assert.equal(status?.failedIssuanceAttempts, undefined, name);
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    // One that is not renewed has expired, and says so.
    assert.equal(ready?.reason, name === 'disabled' ? 'Expired' : 'Ready', name);
  }
  checkBackoff(world.refusals);
  assert.ok(ledger.issuances('kube-system/root') > 5, 'the CA was renewed while the leaves went on');
  assert.ok(mostEvents < 200, `${mostEvents} events at once`);
  assert.ok(size() <= sizeAt100 * 1.5 + 65_536, `the database grew from ${sizeAt100} to ${size()} bytes`);
  assert.deepEqual(world.problems, []);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  t.diagnostic(
    `${ledger.total} issuances of ${members.length + 1} Certificates, ${world.refusals.length} refusals, at most ${mostEvents} events, ` +
      `database ${sizeAt100} bytes on day 100, ${size()} on day 400, ${seconds} s`,
  );
});

/**
 * Two Certificates share the issuer: of each, the pauses are 1, 2, 4, ... 32 h, and shorter for the one of a week, which runs
 * out meanwhile: few attempts fit into six days.
 */
function checkBackoff(refusals: readonly number[]): void {
  assert.ok(refusals.length >= 6, `${refusals.length} refusals: the outage was felt`);
  assert.ok(refusals.length <= 30, `${refusals.length} refusals in six days`);
  const pauses = refusals.slice(1).map((at, index) => at - refusals[index]!);
  assert.ok(Math.max(...pauses) >= 8 * hour, 'the pauses grow');
}
