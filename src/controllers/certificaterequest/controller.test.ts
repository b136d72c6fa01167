/** The request controller at work: approval, waiting, waking, and what others do meanwhile (lifecycle §12-§14). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Issuer } from '../../api/issuer.ts';
import { certificateRequests, clusterIssuers, issuers, secrets } from '../../api/resources.ts';
import { fleetStarter } from '../testing/fleet.ts';
import {
  byTest,
  caSecret,
  csrOf,
  eventsOf,
  getRequest,
  newKey,
  putClusterIssuer,
  putIssuer,
  putRequest,
  putSecret,
  readyOf,
} from '../testing/requests.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { parseCertificates } from '../../pki/x509/parse-certificate.ts';
import { deniedMessage, issuedMessage } from './status.ts';

const approver = 'Normal cert-manager.io certificaterequests-approver';
const ca = 'certificaterequests-issuer-ca';
const fleetWith = fleetStarter();

test('a request is approved and signed in one write, with one event for each', async () => {
  const fleet = await fleetWith();
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  fleet.client.writes.length = 0;
  await putRequest(fleet, 'web');
  assert.equal(await readyOf(fleet, 'web'), `True/Issued: ${issuedMessage}`);
  assert.deepEqual(
    fleet.client.writes.map(({ verb, subresource, manager }) => `${verb} ${subresource ?? ''} ${manager}`),
    ['create  test', `patch status cert-manager-${ca}`],
  );
  assert.deepEqual(eventsOf(fleet, 'web'), [approver, `Normal CertificateIssued ${ca}`]);
  const { status } = await getRequest(fleet, 'web');
  const [leaf] = parseCertificates(Buffer.from(status?.certificate ?? '', 'base64'));
  assert.equal(leaf?.issuer[0]?.[0]?.value, 'Test CA');
});

test('without issuer a request waits, and goes on when the issuer comes and when it becomes Ready', async () => {
  const fleet = await fleetWith();
  await putRequest(fleet, 'web');
  assert.match(
    await readyOf(fleet, 'web'),
    /^False\/Pending: Referenced Issuer "ca" not found in namespace shop/,
  );
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  assert.match(
    await readyOf(fleet, 'web'),
    /^False\/Pending: Referenced Issuer "ca" is not Ready: .*shop\/root/,
  );
  await putSecret(fleet, await caSecret('shop', 'root'));
  assert.match(await readyOf(fleet, 'web'), /^True\/Issued/);
  assert.deepEqual(
    eventsOf(fleet, 'web'),
    [approver, `Normal IssuerNotFound ${ca}`, `Normal CertificateIssued ${ca}`],
    'while Pending a new message is no event',
  );
  assert.deepEqual(fleet.problems, []);
});

test('what a request waits for is told once, however often it is looked at', async () => {
  const fleet = await fleetWith();
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  await putRequest(fleet, 'web');
  await readyOf(fleet, 'web');
  for (const name of ['one', 'two']) {
    const at = { namespace: 'shop', name: 'web' };
    const options = { fieldManager: 'test' };
    await fleet.client.patch(certificateRequests, at, 'merge', { metadata: { labels: { name } } }, options);
    await fleet.settle();
  }
  const told = fleet.news.filter((line) => line.startsWith('waiting: '));
  assert.deepEqual(told, [...new Set(told)]);
  assert.equal(told.length, 1);
});

test('an issuer of a type that is not included, and one without type, leave the request waiting', async () => {
  const fleet = await fleetWith();
  await putIssuer(fleet, 'vault', { vault: { server: 'https://v.example', path: 'p', auth: {} } });
  await putIssuer(fleet, 'empty', {});
  await putRequest(fleet, 'a', { issuerRef: { name: 'vault' } });
  await putRequest(fleet, 'b', { issuerRef: { name: 'empty' } });
  assert.match(
    await readyOf(fleet, 'a'),
    /^False\/Pending: Issuer "vault" is of type vault, which this version/,
  );
  assert.match(await readyOf(fleet, 'b'), /^False\/Pending: Issuer "empty" configures no issuer type/);
  assert.equal(eventsOf(fleet, 'a').at(-1), 'Normal IssuerNotReady certificaterequests-issuer-vault');
  assert.equal(eventsOf(fleet, 'b').at(-1), `Normal IssuerTypeMissing ${ca}`);
});

test('a denied request is closed with a failure time and without an event, once', async () => {
  const fleet = await fleetWith();
  await putIssuer(fleet, 'ca', { selfSigned: {} });
  await putRequest(fleet, 'web', {
    conditions: [{ type: 'Denied', status: 'True', reason: 'Policy', message: 'no' }],
  });
  assert.equal(await readyOf(fleet, 'web'), `False/Denied: ${deniedMessage}`);
  const { status } = await getRequest(fleet, 'web');
  assert.equal(status?.failureTime, '2026-01-01T00:00:00Z');
  assert.equal(
    status?.conditions?.some(({ type }) => type === 'Approved'),
    false,
  );
  assert.deepEqual(eventsOf(fleet, 'web'), []);
  const writes = fleet.client.writes.length;
  await fleet.stop();
  await fleet.start();
  assert.equal(fleet.client.writes.length, writes);
});

test('requests of other groups and those marked InvalidRequest are approved and not touched', async () => {
  const fleet = await fleetWith();
  await putRequest(fleet, 'external', {
    issuerRef: { name: 'x', kind: 'SlowIssuer', group: 'example.com' },
  });
  await putIssuer(fleet, 'ca', { selfSigned: {} });
  await putRequest(fleet, 'invalid', {
    conditions: [{ type: 'InvalidRequest', status: 'True', reason: 'Bad', message: 'bad' }],
  });
  for (const name of ['external', 'invalid']) {
    assert.deepEqual(eventsOf(fleet, name), [approver]);
    assert.equal(await readyOf(fleet, name), 'none');
  }
});

test('without our approver a request waits for approval, says so, and is signed after it', async () => {
  const fleet = await fleetWith({ approve: false });
  const key = newKey();
  await putSecret(fleet, { metadata: { namespace: 'shop', name: 'k' }, data: { 'tls.key': pem(key) } });
  await putIssuer(fleet, 'ca', { selfSigned: {} });
  await putRequest(fleet, 'web', { request: csrOf(key, 'web'), annotations: keyIn('k') });
  assert.equal(await readyOf(fleet, 'web'), 'none');
  const waiting = 'Normal WaitingForApproval certificaterequests-issuer-selfsigned';
  assert.deepEqual(eventsOf(fleet, 'web'), [waiting]);
  const request = await getRequest(fleet, 'web');
  const conditions = [{ type: 'Approved', status: 'True', reason: 'Policy', message: 'fine' }];
  await fleet.client.update(
    certificateRequests,
    { ...request, status: { conditions } },
    { ...byTest, subresource: 'status' },
  );
  await fleet.settle();
  assert.match(await readyOf(fleet, 'web'), /^True\/Issued/);
  const approved = (await getRequest(fleet, 'web')).status?.conditions?.find(
    ({ type }) => type === 'Approved',
  );
  assert.equal(approved?.reason, 'Policy');
});

test('a SelfSigned request waits for its key, also when group and kind are left to their defaults', async () => {
  const fleet = await fleetWith();
  const key = newKey();
  await putIssuer(fleet, 'ca', { selfSigned: {} });
  await putRequest(fleet, 'web', { request: csrOf(key, 'web'), annotations: keyIn('late') });
  assert.match(await readyOf(fleet, 'web'), /^False\/Pending: Referenced secret shop\/late not found/);
  assert.equal(eventsOf(fleet, 'web').at(-1), 'Normal MissingSecret certificaterequests-issuer-selfsigned');
  await putSecret(fleet, { metadata: { namespace: 'shop', name: 'late' }, data: { 'tls.key': pem(key) } });
  assert.match(await readyOf(fleet, 'web'), /^True\/Issued/);
});

test('a CA that is rotated signs the next request, and one that broke keeps it waiting until it is mended', async () => {
  const fleet = await fleetWith();
  await putSecret(fleet, await caSecret('shop', 'root', { commonName: 'Old' }));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  const replace = async (data: Record<string, string>): Promise<void> => {
    const current = await fleet.client.get(secrets, { namespace: 'shop', name: 'root' });
    await fleet.client.update(secrets, { ...current, data } as never, byTest);
    await fleet.settle();
  };
  const next = await caSecret('shop', 'root', { commonName: 'New' });
  await replace(next.data ?? {});
  await putRequest(fleet, 'a');
  const { status } = await getRequest(fleet, 'a');
  assert.equal(parseCertificates(Buffer.from(status?.ca ?? '', 'base64'))[0]?.subject[0]?.[0]?.value, 'New');
  await replace({ ...next.data, 'tls.crt': Buffer.from('broken').toString('base64') });
  await putRequest(fleet, 'b');
  assert.match(await readyOf(fleet, 'b'), /^False\/Pending: Referenced Issuer "ca" is not Ready: .*tls\.crt/);
  await replace(next.data ?? {});
  assert.match(await readyOf(fleet, 'b'), /^True\/Issued/);
});

test('the Secrets of a ClusterIssuer are those of the cluster resource namespace', async () => {
  const fleet = await fleetWith({ clusterResourceNamespace: 'pki' });
  await putSecret(fleet, await caSecret('shop', 'root', { commonName: 'Wrong' }));
  await putClusterIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  await putRequest(fleet, 'web', { issuerRef: { name: 'ca', kind: 'ClusterIssuer' } });
  assert.match(
    await readyOf(fleet, 'web'),
    /not Ready: .*secret pki\/root not found \(ClusterIssuers read Secrets in/,
  );
  await putSecret(fleet, await caSecret('pki', 'root', { commonName: 'Right' }));
  const { status } = await getRequest(fleet, 'web');
  const [root] = parseCertificates(Buffer.from(status?.ca ?? '', 'base64'));
  assert.equal(root?.subject[0]?.[0]?.value, 'Right');
});

test('one namespace: others are not seen, ClusterIssuers are not there and not asked for', async () => {
  const fleet = await fleetWith({ namespace: 'shop', clusterResourceNamespace: 'pki' });
  const list = fleet.client.list.bind(fleet.client);
  const asked: string[] = [];
  fleet.client.list = (type, options) => {
    asked.push(`${type.plural} ${options?.namespace ?? '(all)'}`);
    return list(type, options);
  };
  await putSecret(fleet, await caSecret('pki', 'root'));
  await putClusterIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  await putIssuer(fleet, 'other', { selfSigned: {} }, 'elsewhere');
  await putRequest(fleet, 'web', { issuerRef: { name: 'ca', kind: 'ClusterIssuer' } });
  assert.match(
    await readyOf(fleet, 'web'),
    /^False\/Pending: ClusterIssuer "ca" cannot be used: this controller serves namespace shop only; use an Issuer/,
  );
  assert.equal(eventsOf(fleet, 'web').at(-1), `Normal IssuerNotFound ${ca}`);
  const [cluster] = fleet.client.all<Issuer>(clusterIssuers);
  const [other] = fleet.client.all<Issuer>(issuers);
  assert.equal(cluster?.status, undefined);
  assert.equal(other?.status, undefined);
  await fleet.stop();
  await fleet.start();
  assert.ok(asked.length >= 5);
  assert.deepEqual(
    asked.filter((line) => !line.endsWith(' shop')),
    [],
  );
});

function keyIn(secret: string): Record<string, string> {
  return { 'cert-manager.io/private-key-secret-name': secret };
}

function pem(key: ReturnType<typeof newKey>): string {
  return Buffer.from(encodePrivateKey(key)).toString('base64');
}
