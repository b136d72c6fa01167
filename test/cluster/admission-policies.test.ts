/** The tables of admission on the real API server with our policies and no process of ours. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { playIdentity } from './admission-identity.ts';
import { admittedByPolicies, namedOtherwise } from './admission-differences.ts';
import { AdmissionPlayer } from './admission-player.ts';
import { grant, makeNamespace, removeObjects } from './admission-setup.ts';
import { playTable } from './admission-table.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

describe('admission by policies', () => {
  let servers: TwoServers;
  let player: AdmissionPlayer;

  before(async () => {
    servers = await openTwoServers();
    await makeNamespace(servers.real);
    player = new AdmissionPlayer(servers.real);
    await player.untilInForce();
  });
  after(async () => {
    await removeObjects(servers.real);
    await servers.close();
  });

  playIdentity(() => servers.real);
  playTable({ player: () => player, admits: admittedByPolicies, names: namedOtherwise });

  test('a namespace labelled as exempt is exempt from validation, not from the stamp and the guard', async () => {
    await makeNamespace(servers.real, 'admission-exempt', { 'cert-manager.io/disable-validation': 'true' });
    const create = (plural: string, kind: string, spec: object) =>
      servers.real({
        method: 'POST',
        path: `/apis/cert-manager.io/v1/namespaces/admission-exempt/${plural}?dryRun=All`,
        body: { apiVersion: 'cert-manager.io/v1', kind, metadata: { name: 'a' }, spec },
      });
    const broken = { secretName: 'a', issuerRef: { name: 'x' }, ipAddresses: ['x'] };
    assert.equal((await create('certificates', 'Certificate', broken)).status, 201);
    const forged = { request: 'AAAA', issuerRef: { name: 'x' }, username: 'eve' };
    const { status, body } = await create('certificaterequests', 'CertificateRequest', forged);
    assert.equal(status, 201);
    assert.equal((body as { spec: { username: string } }).spec.username, 'admin');

    await grant(servers.real, 'eve');
    const path = '/apis/cert-manager.io/v1/namespaces/admission-exempt/certificaterequests';
    const metadata = { name: 'exempt' };
    const made = { apiVersion: 'cert-manager.io/v1', kind: 'CertificateRequest', metadata, spec: forged };
    const { status: created } = await servers.real({ method: 'POST', path, body: made });
    assert.ok(created === 201 || created === 409, String(created));
    const approved = { type: 'Approved', status: 'True', reason: 'Mine', message: '' };
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const refused = await servers.real({
      method: 'PATCH',
      path: `${path}/exempt/status`,
      type: 'application/merge-patch+json',
      headers: { 'impersonate-user': 'eve' },
      body: { status: { conditions: [{ ...approved, lastTransitionTime }] } },
    });
    assert.equal(refused.status, 403);
    assert.match(JSON.stringify(refused.body), /does not have permissions to set approved/u);
  });

  const base = { secretName: 'a', issuerRef: { name: 'x' } };
  const many = (count: number, of: (index: number) => unknown) =>
    Array.from({ length: count }, (_each, index) => of(index));
  const apiTokenSecretRef = { name: 'n', key: 'k' };
  const large: [title: string, kind: string, spec: object][] = [
    ['5,000 addresses', 'Certificate', { ipAddresses: many(5000, (i) => `10.0.${i >> 8}.${i & 255}`) }],
    ['1,000 mailboxes', 'Certificate', { emailAddresses: many(1000, (i) => `user${i}@example.com`) }],
    ['20,000 DNS names', 'Certificate', { dnsNames: many(20_000, (i) => `h${i}.example.com`) }],
    [
      'an annotation of 200,000 bytes',
      'Certificate',
      { dnsNames: ['a'], secretTemplate: { annotations: { a: 'x'.repeat(200_000) } } },
    ],
    [
      '100 solvers',
      'ClusterIssuer',
      {
        acme: {
          server: 'https://acme',
          privateKeySecretRef: { name: 'k' },
          solvers: many(100, () => ({ dns01: { cloudflare: { apiTokenSecretRef } } })),
        },
      },
    ],
  ];
  for (const [title, kind, spec] of large)
    test(`stays within what rules may cost: ${title}`, async () => {
      const object = { spec: kind === 'Certificate' ? { ...base, ...spec } : spec };
      const { admitted, message } = await player.play({ group: '', title, kind, object, expected: [] });
      assert.ok(admitted, message);
    });
});
