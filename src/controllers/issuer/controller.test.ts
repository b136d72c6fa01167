/** The issuer controllers at work: readiness by Secrets, back-off, events, foreign hands (lifecycle §23). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterIssuer, Issuer } from '../../api/issuer.ts';
import type { Secret } from '../../api/core.ts';
import { clusterIssuers, issuers, secrets } from '../../api/resources.ts';
import { ServerError } from '../../kube/errors.ts';
import { fleetStarter, type Fleet } from '../testing/fleet.ts';
import { byTest, caSecret, eventsOf, putClusterIssuer, putIssuer, putSecret } from '../testing/requests.ts';

const fleetWith = fleetStarter();
function lineOf(issuer: Issuer | ClusterIssuer): string {
  const ready = issuer.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready === undefined ? 'none' : `${ready.status} ${ready.reason}: ${ready.message ?? ''}`;
}
async function ready(fleet: Fleet, name = 'ca'): Promise<string> {
  return lineOf(await fleet.client.get<Issuer>(issuers, { namespace: 'shop', name }));
}
async function change(fleet: Fleet, edit: (secret: Secret) => Secret): Promise<void> {
  const secret = await fleet.client.get<Secret>(secrets, { namespace: 'shop', name: 'root' });
  await fleet.client.update(secrets, edit(secret), byTest);
  await fleet.settle();
}

test('a CA issuer follows its Secret: missing, there, broken, not a CA, mended', async () => {
  const fleet = await fleetWith();
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  assert.match(await ready(fleet), /^False ErrGetKeyPair: .*shop\/root not found/);
  const good = await caSecret('shop', 'root');
  await putSecret(fleet, good);
  assert.match(await ready(fleet), /^True KeyPairVerified: ./);
  await change(fleet, (secret) => ({ ...secret, data: { ...secret.data, 'tls.key': 'AAAA' } }));
  assert.match(await ready(fleet), /^False ErrGetKeyPair: .*"tls\.key"/);
  const leaf = await caSecret('shop', 'root', { isCA: false });
  await change(fleet, (secret) => ({ ...secret, data: leaf.data }));
  assert.match(await ready(fleet), /^False ErrInvalidKeyPair: /);
  await change(fleet, (secret) => ({ ...secret, data: good.data }));
  assert.match(await ready(fleet), /^True KeyPairVerified/);
  await fleet.client.delete(secrets, { namespace: 'shop', name: 'root' });
  await fleet.settle();
  assert.match(await ready(fleet), /^False ErrGetKeyPair: .*not found/);
  const reasons = eventsOf(fleet, 'ca').filter((line) => !line.includes('ErrInitIssuer'));
  assert.deepEqual(
    reasons.map((line) => line.split(' ').slice(0, 2).join(' ')),
    [
      'Warning ErrGetKeyPair',
      'Normal KeyPairVerified',
      'Warning ErrGetKeyPair',
      'Warning ErrInvalidKeyPair',
      'Normal KeyPairVerified',
      'Warning ErrGetKeyPair',
    ],
  );
  assert.ok(reasons.every((line) => line.endsWith(' issuers')));
  assert.deepEqual(fleet.problems, []);
});

test('what is Ready is looked at again only when something changes, and written only when it differs', async () => {
  const fleet = await fleetWith();
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  fleet.client.writes.length = 0;
  await change(fleet, (secret) => ({ ...secret, metadata: { ...secret.metadata, labels: { a: 'b' } } }));
  await putSecret(fleet, await caSecret('shop', 'unrelated'));
  await fleet.clock.advance(24 * 3_600_000);
  await fleet.stop();
  await fleet.start();
  assert.deepEqual(
    fleet.client.writes.filter(({ kind }) => kind === 'Issuer'),
    [],
  );
});

test('a condition that a foreign hand removed is put back', async () => {
  const fleet = await fleetWith();
  await putIssuer(fleet, 'ca', { selfSigned: {} });
  assert.equal(await ready(fleet), 'True IsReady: ');
  assert.deepEqual(eventsOf(fleet, 'ca'), [], 'SelfSigned issuers have nothing to say');
  const issuer = await fleet.client.get<Issuer>(issuers, { namespace: 'shop', name: 'ca' });
  const wiped = { ...issuer, status: { conditions: [] } };
  await fleet.client.update(issuers, wiped, { ...byTest, subresource: 'status' });
  await fleet.settle();
  assert.equal(await ready(fleet), 'True IsReady: ');
});

test('an API that cannot be read is asked again after 5 s, 10 s ... and the rest goes on', async () => {
  const fleet = await fleetWith();
  const get = fleet.client.get.bind(fleet.client);
  const asked: number[] = [];
  fleet.client.get = (type, key) => {
    if (type.plural !== 'secrets' || asked.length >= 3) return get(type, key);
    asked.push(fleet.clock.now());
    return Promise.reject(new ServerError('etcd is electing a leader', { status: 500 }));
  };
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  assert.match(await ready(fleet), /^False ErrGetKeyPair: .*etcd is electing a leader/);
  await putIssuer(fleet, 'other', { selfSigned: {} });
  assert.match(await ready(fleet, 'other'), /^True/);
  await fleet.clock.advance(60_000);
  assert.match(await ready(fleet), /^True KeyPairVerified/);
  const gaps = asked.map((at, index) => at - (asked[index - 1] ?? asked[0] ?? 0));
  assert.ok((gaps.at(-1) ?? 0) >= 5_000, String(gaps));
  assert.deepEqual(fleet.problems, [], 'waiting is no error');
});

test('a ClusterIssuer looks into the cluster resource namespace only', async () => {
  const fleet = await fleetWith({ clusterResourceNamespace: 'pki' });
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putClusterIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  const line = async (): Promise<string> =>
    lineOf(await fleet.client.get<ClusterIssuer>(clusterIssuers, { name: 'ca' }));
  assert.match(await line(), /^False ErrGetKeyPair: .*pki\/root not found/);
  await putSecret(fleet, await caSecret('pki', 'root'));
  assert.match(await line(), /^True KeyPairVerified/);
  assert.ok(eventsOf(fleet, 'ca').every((event) => event.endsWith(' clusterissuers')));
});

test('types that are not included, and none at all, are said to be so once and not tried again', async () => {
  const fleet = await fleetWith();
  await putIssuer(fleet, 'vault', { vault: { server: 'https://v.example', path: 'p', auth: {} } });
  await putIssuer(fleet, 'none', {});
  assert.match(await ready(fleet, 'vault'), /^False NotSupported: .*vault/);
  assert.match(await ready(fleet, 'none'), /^False ErrInitIssuer: .*spec\.selfSigned/);
  assert.deepEqual(eventsOf(fleet, 'vault'), ['Warning NotSupported issuers']);
  assert.deepEqual(eventsOf(fleet, 'none'), ['Warning ErrInitIssuer issuers']);
  const writes = fleet.client.writes.length;
  await fleet.clock.advance(3_600_000);
  assert.equal(fleet.client.writes.length, writes);
});

test('the spec of an issuer may change its type: the verdict follows, with the generation it is about', async () => {
  const fleet = await fleetWith();
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  const issuer = await fleet.client.get<Issuer>(issuers, { namespace: 'shop', name: 'ca' });
  const metadata = { ...issuer.metadata, generation: 2 };
  await fleet.client.update(issuers, { ...issuer, metadata, spec: { selfSigned: {} } }, byTest);
  await fleet.settle();
  const changed = await fleet.client.get<Issuer>(issuers, { namespace: 'shop', name: 'ca' });
  assert.equal(lineOf(changed), 'True IsReady: ');
  assert.equal(changed.status?.conditions?.[0]?.observedGeneration, changed.metadata?.generation);
});

test('an issuer that is deleted while it is checked is no error', async () => {
  const fleet = await fleetWith();
  fleet.client.intercept = (write) => {
    if (write.verb !== 'patch' || write.kind !== 'Issuer') return;
    fleet.client.intercept = () => undefined;
    void fleet.client.delete(issuers, { namespace: 'shop', name: 'ca' });
  };
  await putIssuer(fleet, 'ca', { selfSigned: {} });
  assert.deepEqual(fleet.client.all(issuers), []);
  assert.deepEqual(fleet.problems, []);
});

test('an issuer says when its CA is about to expire and when it has, each once, and stays Ready', async () => {
  const fleet = await fleetWith();
  const day = 24 * 3_600_000;
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  fleet.client.writes.length = 0;
  await fleet.clock.advance(80 * day);
  assert.equal(await ready(fleet), 'True KeyPairVerified: Signing CA verified');
  assert.equal(fleet.client.writes.length, 0);
  await fleet.clock.advance(2 * day);
  assert.match(await ready(fleet), /^True KeyPairVerified: Signing CA verified, but .* expires at/);
  await fleet.clock.advance(9 * day);
  assert.match(await ready(fleet), /^True KeyPairVerified: Signing CA verified, but .* expired at/);
  await fleet.clock.advance(100 * day);
  assert.equal(fleet.client.writes.length, 2);
  await change(fleet, (secret) => ({ ...secret, metadata: { ...secret.metadata, labels: { a: 'b' } } }));
  assert.equal(fleet.client.writes.length, 3, 'only the change of the Secret itself');
});
