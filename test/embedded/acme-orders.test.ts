import assert from 'node:assert/strict';
import { test } from 'node:test';
import { challenges as challengeType, clusterIssuers } from '../../src/api/resources.ts';
import { AcmeTransportError } from '../../src/acme/errors.ts';
import { problem } from '../../src/controllers/testing/fake-ca.ts';
import { parseCertificates } from '../../src/pki/x509/parse-certificate.ts';
import { AcmeWorld } from './acme-world.ts';
import { namespace } from './standalone-world.ts';

const merge = { fieldManager: 'test' };

test('an issuer registers its account, and a restart asks the CA nothing', async (t) => {
  const { world, ca, ...acme } = await start(t, {}, { inMemory: false });
  await acme.issuer([], { email: 'Ops@example.test' });
  const issuer = await acme.getIssuer();
  const ready = issuer.status?.conditions?.[0];
  assert.deepEqual([ready?.status, ready?.reason], ['True', 'ACMEAccountRegistered']);
  assert.equal(ready?.message, 'The ACME account was registered with the ACME server');
  assert.equal(issuer.status?.acme?.uri, 'https://ca.example/acct/1');
  assert.equal(issuer.status?.acme?.lastRegisteredEmail, 'Ops@example.test');
  assert.deepEqual([...ca.accounts.values()][0]?.contact, ['mailto:ops@example.test']);
  const before = ca.calls.length;
  await world.restart();
  assert.equal(ca.calls.length, before);
  // A hand that takes the account out of the status asks for it to be looked up again.
  const status = { acme: { uri: null } };
  await world.user.patch(
    clusterIssuers,
    { name: 'acme' },
    'merge',
    { status },
    { ...merge, subresource: 'status' },
  );
  await world.settle();
  assert.equal((await acme.getIssuer()).status?.acme?.uri, 'https://ca.example/acct/1');
  assert.equal(ca.accounts.size, 1);
});

test('a Certificate gets its chain by an Order and a Challenge for each name', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer();
  await acme.certificate('web', ['www.example.test', 'example.test'], { labels: { team: 'a' } });
  const pending = await acme.order();
  assert.match(pending.metadata?.name ?? '', /^web-1-\d+$/u);
  assert.deepEqual(pending.metadata?.labels, { team: 'a' });
  assert.equal(pending.metadata?.annotations?.['cert-manager.io/certificate-name'], 'web');
  assert.equal(pending.status?.state, 'pending');
  assert.deepEqual(
    (await acme.challenges()).map(({ spec }) => `${spec.dnsName} ${spec.type} ${spec.token}`).toSorted(),
    ['example.test HTTP-01 token-1-0-http-01', 'www.example.test HTTP-01 token-1-1-http-01'],
  );
  await acme.prove('example.test');
  assert.equal((await world.condition('web', 'Ready'))?.status, 'False');
  await acme.prove('www.example.test');
  assert.equal((await world.condition('web', 'Ready'))?.status, 'True');
  const order = await acme.order();
  assert.equal(order.status?.state, 'valid');
  assert.deepEqual(await acme.challenges(), []);
  const secret = await world.secret('web');
  const chain = parseCertificates(Buffer.from(secret?.data?.['tls.crt'] ?? '', 'base64'));
  assert.deepEqual(chain[0]?.subjectAltNames.dnsNames.toSorted(), ['example.test', 'www.example.test']);
  assert.equal(ca.count('newOrder'), 1);
  assert.equal(ca.count('finalize'), 1);
  const told = await world.told('Order', order.metadata?.name ?? '');
  assert.equal(told.filter((line) => line.startsWith('Created: Created Challenge resource')).length, 2);
  assert.ok(told.includes('Complete: Order completed successfully'));
  // The request was approved before its Order was made.
  assert.ok(!told.some((line) => line.startsWith('Refused')), told.join('\n'));
  const request = (await world.requests())[0]?.metadata?.name ?? '';
  const requestTold = await world.told('CertificateRequest', request);
  assert.ok(
    requestTold.some((line) => line.startsWith(`OrderCreated: Created Order resource ${namespace}/web-1-`)),
  );
  assert.deepEqual(world.problems, []);
});

test('names that the CA has seen proven need no Challenge and no solver', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer([]);
  ca.validNames.add('www.example.test');
  await acme.certificate('web', ['www.example.test']);
  assert.equal((await world.condition('web', 'Ready'))?.status, 'True');
  assert.deepEqual((await acme.orders())[0]?.status?.state, 'valid');
});

test('a CA that is slow is asked again when it says, and nobody waits for it', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer([]);
  ca.validNames.add('www.example.test');
  ca.slow = true;
  await acme.certificate('web', ['www.example.test']);
  await world.clock.advance(2_000);
  assert.equal((await acme.order()).status?.state, 'processing');
  await world.clock.advance(20_000);
  const asked = ca.count('order https');
  assert.ok(asked >= 3 && asked <= 10, String(asked));
  ca.slow = false;
  await world.clock.advance(60_000);
  assert.equal((await acme.order()).status?.state, 'valid');
  assert.equal(ca.count('finalize'), 1);
});

test('a CA that is busy makes an Order wait and not die', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer([]);
  ca.validNames.add('www.example.test');
  const free = world.clock.now() + 2_040_000;
  ca.onCall = (call) => {
    if (call.startsWith('newOrder') && world.clock.now() < free)
      throw problem(429, 'rateLimited', 'too many certificates already issued', free);
  };
  await acme.certificate('web', ['www.example.test']);
  const { status } = await acme.order();
  assert.equal(status?.state, undefined);
  assert.match(status?.reason ?? '', /^Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited/u);
  assert.equal(status?.problem, 'urn:ietf:params:acme:error:rateLimited');
  assert.ok(Date.parse(status?.nextAttemptAt ?? '') >= free);
  const request = (await world.requests())[0]?.status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(request?.reason, 'Pending');
  assert.match(request?.message ?? '', /rateLimited/u);
  await world.clock.advance(1_000_000);
  assert.equal(ca.count('newOrder'), 1);
  await world.clock.advance(1_100_000);
  const later = (await acme.order()).status;
  assert.equal(later?.state, 'valid');
  assert.deepEqual([later?.reason, later?.problem, later?.nextAttemptAt], [undefined, undefined, undefined]);
});

test('a CA that cannot be reached is asked ever less often, and then all goes on', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer([]);
  ca.validNames.add('www.example.test');
  let away = true;
  ca.onCall = (call) => {
    if (away && call.startsWith('finalize')) throw new AcmeTransportError('timeout', 'no answer in 90 s');
  };
  await acme.certificate('web', ['www.example.test']);
  assert.match((await acme.order()).status?.reason ?? '', /^Failed to finalize Order: no answer/u);
  assert.equal((await acme.order()).status?.state, 'ready');
  await world.clock.advance(600_000);
  const tried = ca.count('finalize');
  assert.ok(tried >= 5 && tried <= 9, String(tried));
  away = false;
  await world.clock.advance(600_000);
  assert.equal((await acme.order()).status?.state, 'valid');
});

test('what the CA refuses for good ends the Order and fails the request', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer([]);
  ca.onCall = (call) => {
    if (call.startsWith('newOrder')) throw problem(400, 'rejectedIdentifier', 'not this name');
  };
  await acme.certificate('web', ['www.example.test']);
  const order = await acme.order();
  assert.equal(order.status?.state, 'errored');
  assert.equal(
    order.status?.reason,
    'Failed to create Order: 400 urn:ietf:params:acme:error:rejectedIdentifier: not this name',
  );
  assert.equal(order.status?.problem, 'urn:ietf:params:acme:error:rejectedIdentifier');
  assert.notEqual(order.status?.failureTime, undefined);
  const request = (await world.requests())[0];
  const ready = request?.status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready?.reason, 'Failed');
  assert.match(
    ready?.message ?? '',
    /^Failed to wait for order resource "web-1-\d+" to become ready: order is in "errored" state: Failed to create/u,
  );
});

test('a Challenge that fails ends the Order; its siblings go, and what is pending is given back', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer();
  await acme.certificate('web', ['a.example.test', 'b.example.test', 'c.example.test']);
  await acme.prove('a.example.test');
  await acme.prove('b.example.test', 'invalid');
  const order = await acme.order();
  assert.equal(order.status?.state, 'invalid');
  assert.deepEqual((await acme.challenges()).map(({ spec }) => spec.dnsName).toSorted(), [
    'a.example.test',
    'b.example.test',
  ]);
  await world.settle();
  assert.deepEqual(
    [...ca.authorizations.values()].map(({ status }) => status),
    ['valid', 'invalid', 'deactivated'],
  );
});

test('a Challenge that failed on our side ends the Order, too: the CA would call it pending for a week', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer();
  await acme.certificate('web', ['a.example.test']);
  await acme.prove('a.example.test', 'errored');
  await world.settle();
  const { status } = await acme.order();
  assert.equal(status?.state, 'errored');
  assert.match(
    status?.reason ?? '',
    /^Challenge "web-1-\d+-\d+" for "a\.example\.test" is errored: it said no$/u,
  );
  assert.equal(ca.count('order '), 1);
});

test('without a solver that fits, an Order says so and goes on when the issuer has one', async (t) => {
  const { world, ...acme } = await start(t);
  await acme.issuer([{ http01: { ingress: {} }, selector: { dnsNames: ['other.example.test'] } }]);
  await acme.certificate('web', ['www.example.test']);
  const order = await acme.order();
  assert.match(
    order.status?.reason ?? '',
    /^Failed to determine a valid solver configuration for the set of domains on the Order: /u,
  );
  const told = await world.told('Order', order.metadata?.name ?? '');
  assert.equal(told.filter((line) => line.startsWith('Solver: ')).length, 1);
  assert.deepEqual(await acme.challenges(), []);
  const spec = { acme: { solvers: [{ http01: { ingress: {} } }] } };
  await world.user.patch(clusterIssuers, { name: 'acme' }, 'merge', { spec }, merge);
  await world.settle();
  assert.equal((await acme.challenges()).length, 1);
  assert.equal((await acme.order()).status?.reason, undefined);
});

test('an Order says while its issuer is not Ready, and no longer', async (t) => {
  const { world, ...acme } = await start(t);
  await acme.issuer();
  await acme.certificate('web', ['www.example.test']);
  const server = async (url: string): Promise<void> => {
    await world.user.patch(
      clusterIssuers,
      { name: 'acme' },
      'merge',
      { spec: { acme: { server: url } } },
      merge,
    );
    await world.settle();
  };
  await server('nowhere');
  assert.match(
    (await acme.order()).status?.reason ?? '',
    /^Waiting for ClusterIssuer "acme" to be Ready: Failed to parse/u,
  );
  await server('https://ca.example/dir');
  assert.equal((await acme.order()).status?.reason, undefined);
  assert.equal((await acme.challenges()).length, 1);
});

test('another solver in the issuer means other Challenges', async (t) => {
  const { world, ...acme } = await start(t);
  await acme.issuer();
  await acme.certificate('web', ['www.example.test']);
  const [before] = await acme.challenges();
  const spec = { acme: { solvers: [{ http01: { ingress: { ingressClassName: 'traefik' } } }] } };
  await world.user.patch(clusterIssuers, { name: 'acme' }, 'merge', { spec }, merge);
  await world.settle();
  const [after, ...others] = await acme.challenges();
  assert.deepEqual(others, []);
  assert.notEqual(after?.metadata?.name, before?.metadata?.name);
  assert.equal(after?.spec.solver.http01?.ingress?.ingressClassName, 'traefik');
});

test('a Challenge that somebody removes comes back', async (t) => {
  const { world, ...acme } = await start(t);
  await acme.issuer();
  await acme.certificate('web', ['www.example.test']);
  const [before] = await acme.challenges();
  const key = { namespace, name: before?.metadata?.name ?? '' };
  await world.user.delete(challengeType, key);
  // As the Challenge controller lets it go.
  await world.user.patch(challengeType, key, 'merge', { metadata: { finalizers: null } }, merge);
  await world.settle();
  const [after] = await acme.challenges();
  assert.equal(after?.metadata?.name, before?.metadata?.name);
  assert.notEqual(after?.metadata?.uid, before?.metadata?.uid);
});

test('a CA that lost the account gets it registered again, and the Order goes on', async (t) => {
  const { world, ca, ...acme } = await start(t);
  await acme.issuer([]);
  ca.validNames.add('www.example.test');
  ca.accounts.clear();
  await acme.certificate('web', ['www.example.test']);
  assert.match((await acme.order()).status?.reason ?? '', /accountDoesNotExist/u);
  assert.equal(ca.accounts.size, 1);
  await world.clock.advance(60_000);
  assert.equal((await acme.order()).status?.state, 'valid');
});

/** Methods of the world as functions, so that tests can take what they need. */
async function start(...args: Parameters<typeof AcmeWorld.start>) {
  const acme = await AcmeWorld.start(...args);
  return {
    world: acme.world,
    ca: acme.ca,
    issuer: acme.issuer.bind(acme),
    getIssuer: acme.getIssuer.bind(acme),
    certificate: acme.certificate.bind(acme),
    orders: acme.orders.bind(acme),
    order: acme.order.bind(acme),
    challenges: acme.challenges.bind(acme),
    prove: acme.prove.bind(acme),
  };
}
