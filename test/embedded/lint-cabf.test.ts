/** `certwright.dev/lint: cabf` from the annotation on a Certificate to what its user sees, through the embedded server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Certificate, CertificateSpec } from '../../src/api/certificate.ts';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  secrets,
} from '../../src/api/resources.ts';
import { checkSecret } from '../../src/controllers/testing/check-secret.ts';
import { externalRef, RenewalWorld } from './renewal-world.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'lint-cabf-'));
const world = new RenewalWorld(Date.parse('2026-04-01T00:00:00Z'), dataDir, () => undefined);
const write = { fieldManager: 'test' };

before(async () => {
  await world.open();
  await world.start();
  const selfSigned = { metadata: { name: 'selfsigned' }, spec: { selfSigned: {} } };
  const kind = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer' };
  await world.client.create(clusterIssuers, { ...kind, ...selfSigned } as never, write);
});
after(async () => {
  await world.close();
  rmSync(dataDir, { recursive: true });
});

async function issue(name: string, lint: string, spec: Partial<CertificateSpec>): Promise<Certificate> {
  const certificate: Certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, namespace: 'default', annotations: { 'certwright.dev/lint': lint } },
    spec: {
      secretName: name,
      usages: ['digital signature', 'server auth'],
      privateKey: { algorithm: 'ECDSA', size: 256 },
      issuerRef: { name: 'selfsigned', kind: 'ClusterIssuer' },
      ...spec,
    },
  };
  await world.client.create(certificates, certificate, write);
  await world.clock.advance(1000);
  return world.client.get<Certificate>(certificates, { namespace: 'default', name });
}
async function warnings(name: string): Promise<Event[]> {
  const { items } = await world.client.list<Event>(events, { namespace: 'default' });
  return items.filter(
    ({ involvedObject, reason }) =>
      reason === 'LintWarning' && involvedObject.name?.startsWith(name) === true,
  );
}
const hasSecret = async (name: string): Promise<boolean> =>
  (await world.client.list<Secret>(secrets, { namespace: 'default' })).items.some(
    ({ metadata }) => metadata?.name === name,
  );

test('what the baseline requirements forbid is not signed, and request and Certificate say why', async () => {
  const refused = await issue('intranet', 'cabf', { dnsNames: ['db.corp'] });
  const request = await world.client.get<CertificateRequest>(certificateRequests, {
    namespace: 'default',
    name: 'intranet-1',
  });
  const ready = request.status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready?.reason, 'Failed');
  assert.match(ready?.message ?? '', /db\.corp.*cabf_internal_name/su);
  const issuing = refused.status?.conditions?.find(({ type }) => type === 'Issuing');
  assert.equal(issuing?.status, 'False');
  assert.match(issuing?.message ?? '', /db\.corp/u);
  assert.equal(refused.status?.failedIssuanceAttempts, 1);
  assert.equal(await hasSecret('intranet'), false);
});

test('the same names are signed where nobody asked for more than RFC 5280', async () => {
  const signed = await issue('private', 'rfc5280', { dnsNames: ['db.corp'] });
  assert.equal(signed.status?.revision, 1);
  const told = (await warnings('private')).map(({ message }) => message).join('\n');
  assert.doesNotMatch(told, /cabf|db\.corp/u);
});

test('what the requirements only want is signed and reported on the request', async () => {
  const signed = await issue('public', 'cabf', { dnsNames: ['www.example.com'] });
  assert.equal(signed.status?.revision, 1);
  checkSecret(await world.client.get<Secret>(secrets, { namespace: 'default', name: 'public' }));
  const told = await warnings('public-1');
  assert.ok(
    told.length > 0 && told.every(({ involvedObject }) => involvedObject.kind === 'CertificateRequest'),
  );
  assert.match(told.map(({ message }) => message).join('\n'), /cabf_policy_missing/u);
});

test('an unknown profile is reported and counts as RFC 5280', async () => {
  const signed = await issue('unknown', 'cabforum', { dnsNames: ['db.corp'] });
  assert.equal(signed.status?.revision, 1);
  assert.match((await warnings('unknown'))[0]?.message ?? '', /"cabforum" is no profile/u);
});

test('answers of external issuers are held to it as well', async () => {
  const refused = await issue('partner-intranet', 'cabf', { dnsNames: ['db.corp'], issuerRef: externalRef });
  assert.match(
    refused.status?.conditions?.find(({ type }) => type === 'Issuing')?.message ?? '',
    /db\.corp.*not a public name/su,
  );
  assert.equal(await hasSecret('partner-intranet'), false);
  const used = await issue('partner-public', 'cabf', {
    dnsNames: ['www.example.com'],
    issuerRef: externalRef,
  });
  assert.equal(used.status?.revision, 1);
  const [told, ...more] = await warnings('partner-public');
  assert.deepEqual([told?.involvedObject.kind, more.length], ['Certificate', 0]);
  assert.deepEqual(world.problems, []);
});
