import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Secret } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { certificateRequests, certificates, clusterIssuers, issuers, secrets } from '../../api/resources.ts';
import { Fleet } from '../testing/fleet.ts';

const fixtures = new URL('../../../../shared/fixtures/cert-manager-1.21/', import.meta.url);
const kinds = {
  certificates,
  certificaterequests: certificateRequests,
  clusterissuers: clusterIssuers,
  issuers,
  secrets,
};

function read(file: string): KubeObject[] {
  const list = JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')) as
    | KubeObject[]
    | { items: KubeObject[] };
  return Array.isArray(list) ? list : list.items;
}

test('what cert-manager left behind is adopted: no request, no byte of a Secret, no status changes', (t) => {
  if (!existsSync(fixtures)) {
    t.diagnostic('the shared fixtures are absent: adoption from cert-manager was not tried');
    return undefined;
  }
  return adopt();
});

async function adopt(): Promise<void> {
  const fleet = new Fleet({ clusterResourceNamespace: 'cert-manager' });
  fleet.clock.jump(Date.parse('2026-11-22T00:06:00Z') - fleet.clock.now());
  for (const [file, type] of Object.entries(kinds))
    for (const object of read(`${file}.json`)) fleet.client.load(type, object);
  const before = fleet.client.all(secrets).map(({ metadata, ...rest }) => [metadata?.name, rest]);
  await fleet.start();
  await fleet.clock.advance(120_000);
  // Issuers, a request without an issuer and Certificates that wait for their first Secret are told of in our words.
  const waiting = new Set(['issuer-missing-1', 'issuer-missing', 'in-flight', 'temporary']);
  const writes = fleet.client.writes.filter(
    ({ kind, name }) => !kind.endsWith('Issuer') && !waiting.has(name),
  );
  assert.deepEqual(writes, []);
  assert.deepEqual(
    fleet.client.all(secrets).map(({ metadata, ...rest }) => [metadata?.name, rest]),
    before,
  );
  await fleet.stop();
}

test('the same Certificates given to us leave the same Secrets, conditions and requests', (t) => {
  if (!existsSync(fixtures)) {
    t.diagnostic('the shared fixtures are absent: nothing to compare with');
    return undefined;
  }
  return compare();
});

/** Re-issued by hand over there. */
const reissued = new Set(['client', 'ecdsa-rotating', 'key-kept']);

async function compare(): Promise<void> {
  const fleet = new Fleet({ clusterResourceNamespace: 'cert-manager' });
  const bare = ({ metadata, ...rest }: KubeObject & { status?: unknown }): KubeObject => {
    const { name, namespace, labels, annotations } = metadata ?? {};
    delete rest.status;
    return { ...rest, metadata: { name, namespace, labels, annotations } };
  };
  for (const type of [clusterIssuers, issuers, certificates]) {
    for (const object of read(`${type.plural}.json`))
      await fleet.client.create(type, bare(object), { fieldManager: 'test' });
  }
  const password = read('secrets.json').find(({ metadata }) => metadata?.name === 'store-password');
  await fleet.client.create(secrets, bare(password ?? {}), { fieldManager: 'test' });
  await fleet.start();
  for (let i = 0; i < 30; i++) await fleet.clock.advance(1000);

  const shape = (objects: KubeObject[]): Map<string, unknown> =>
    new Map(objects.map((object) => [object.metadata?.name ?? '', object]));
  const ours = shape(fleet.client.all(certificates));
  for (const theirs of read('certificates.json') as Certificate[]) {
    const name = theirs.metadata?.name ?? '';
    const mine = ours.get(name) as Certificate;
    const conditions = (certificate: Certificate): unknown =>
      certificate.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]).toSorted();
    assert.deepEqual(conditions(mine), conditions(theirs), name);
    assert.equal(mine.status?.revision, reissued.has(name) ? 1 : theirs.status?.revision, name);
  }
  const written = shape(fleet.client.all(secrets));
  for (const theirs of read('secrets.json') as Secret[]) {
    const name = theirs.metadata?.name ?? '';
    if (/-[a-z0-9]{5}$/.test(name) && theirs.type === 'Opaque') continue;
    const mine = written.get(name) as Secret | undefined;
    assert.ok(mine, `Secret ${name} is missing`);
    assert.deepEqual(
      Object.keys(mine.data ?? {}).toSorted(),
      Object.keys(theirs.data ?? {}).toSorted(),
      name,
    );
    assert.deepEqual(mine.metadata?.labels, theirs.metadata?.labels, name);
    assert.deepEqual(mine.metadata?.annotations, theirs.metadata?.annotations, name);
  }
  const requests = fleet.client.all<CertificateRequest>(certificateRequests);
  for (const theirs of read('certificaterequests.json') as CertificateRequest[]) {
    const name = (theirs.metadata?.name ?? '').replace(/-[0-9]+$/, '-1');
    const mine = requests.find(({ metadata }) => metadata?.name === name);
    assert.ok(mine, `CertificateRequest ${name} is missing`);
    const state = (request: CertificateRequest): unknown =>
      request.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]).toSorted();
    assert.deepEqual(state(mine), state(theirs), name);
    const wanted = (request: CertificateRequest): unknown => ({
      ...request.spec,
      request: '',
      username: '',
      uid: '',
      groups: '',
      extra: '',
    });
    assert.deepEqual(wanted(mine), wanted(theirs), name);
  }
  assert.deepEqual(fleet.problems, []);
  await fleet.stop();
}
