/** What others do while a request is being signed: deletions, new Secrets, other writers, an API that fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateRequests, secrets } from '../../api/resources.ts';
import type { IssuerType, SignOutcome } from '../../issuers/issuer.ts';
import { issuerTypes } from '../../issuers/registry.ts';
import { fleetStarter, type Fleet } from '../testing/fleet.ts';
import {
  byTest,
  caSecret,
  eventsOf,
  getRequest,
  putIssuer,
  putRequest,
  putSecret,
  readyOf,
  whenSecretIsRead,
} from '../testing/requests.ts';

const startFleet = fleetStarter();

/** A type of issuer that does what the test says. */
class Scripted implements IssuerType {
  readonly component: string;
  readonly inProcess = false;
  readonly name: IssuerType['name'];
  signed = 0;
  #next: () => SignOutcome | Promise<SignOutcome>;

  constructor(next: () => SignOutcome | Promise<SignOutcome>, name: IssuerType['name'] = 'ca') {
    this.#next = next;
    this.name = name;
    this.component = name.toLowerCase();
  }
  referencedSecrets(): readonly string[] {
    return ['root'];
  }
  check(): ReturnType<IssuerType['check']> {
    return Promise.resolve({ ready: true, reason: 'IsReady', message: '', retry: false });
  }
  async sign(context: Parameters<IssuerType['sign']>[0]): Promise<SignOutcome> {
    this.signed++;
    await context.readSecret(context.resourceNamespace, 'root');
    return this.#next();
  }
}

function fleetWith(type?: Scripted): Promise<Fleet> {
  return startFleet({}, type === undefined ? undefined : issuerTypes([type]));
}

const missing: SignOutcome = { kind: 'pending', reason: 'SecretMissing', message: 'not there', retry: false };

test('a Secret that comes while its absence is on its way wakes the request', async () => {
  let answer: SignOutcome = missing;
  const type = new Scripted(() => answer);
  const fleet = await fleetWith(type);
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  let before = true;
  whenSecretIsRead(fleet, 'root', async () => {
    if (!before) return;
    before = false;
    await putSecret(fleet, { metadata: { namespace: 'shop', name: 'root' }, data: { 'tls.key': '' } });
    // The look that follows finds it.
    queueMicrotask(() => (answer = { kind: 'failed', reason: 'SigningError', message: 'seen' }));
  });
  await putRequest(fleet, 'web');
  await fleet.settle();
  assert.equal(await readyOf(fleet, 'web'), 'False/Failed: seen');
});

test('a request that is deleted while it is signed is not waited for any more', async () => {
  const type = new Scripted(async () => {
    await fleet.client.delete(certificateRequests, { namespace: 'shop', name: 'web' });
    await fleet.settle();
    return missing;
  });
  const fleet = await fleetWith(type);
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  await putRequest(fleet, 'web');
  await putSecret(fleet, { metadata: { namespace: 'shop', name: 'root' } });
  await fleet.clock.advance(60_000);
  assert.equal(type.signed, 1);
  assert.deepEqual(fleet.problems, []);
  assert.deepEqual(eventsOf(fleet, 'web'), []);
});

test('a request that is deleted before its certificate is stored is no error', async () => {
  const fleet = await fleetWith();
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  fleet.client.intercept = (write) => {
    if (write.verb !== 'patch' || write.name !== 'web') return;
    fleet.client.intercept = () => undefined;
    // Carried out at once, told by the watch later.
    void fleet.client.delete(certificateRequests, { namespace: 'shop', name: 'web' });
  };
  await putRequest(fleet, 'web');
  assert.deepEqual(fleet.client.all(certificateRequests), []);
  assert.deepEqual(fleet.problems, []);
  assert.deepEqual(eventsOf(fleet, 'web'), []);
});

test('a write of somebody else in between is kept: ours is decided anew', async () => {
  const fleet = await fleetWith();
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  let done = false;
  const { client } = fleet;
  client.intercept = (write) => {
    if (done || write.verb !== 'patch' || write.name !== 'web') return;
    done = true;
    const [request] = client.all(certificateRequests);
    client.load(certificateRequests, {
      ...request,
      metadata: { ...request?.metadata, labels: { seen: 'yes' } },
    });
  };
  await putRequest(fleet, 'web');
  await fleet.clock.advance(5_000);
  assert.match(await readyOf(fleet, 'web'), /^True\/Issued/);
  assert.equal((await getRequest(fleet, 'web')).metadata?.labels?.['seen'], 'yes');
  assert.equal(eventsOf(fleet, 'web').filter((line) => line.includes('CertificateIssued')).length, 1);
  assert.deepEqual(fleet.problems, [], 'a conflict is no error');
});

test('a signer that asks for it is called again after 5 s, then 10 s; one that does not is left alone', async () => {
  for (const retry of [true, false]) {
    const message = 'Failed to get certificate key pair: the API is busy';
    const type = new Scripted(() => ({ kind: 'pending', reason: 'SecretGetError', message, retry }));
    const fleet = await fleetWith(type);
    await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
    await putRequest(fleet, 'web');
    assert.equal(await readyOf(fleet, 'web'), `False/Pending: ${message}`);
    // Our own write comes back by the watch, too.
    const first = type.signed;
    await fleet.clock.advance(4_999);
    assert.equal(type.signed, first);
    await fleet.clock.advance(1);
    assert.equal(type.signed, first + (retry ? 1 : 0));
    await fleet.clock.advance(3_600_000);
    assert.equal(type.signed > first + 5, retry);
    assert.ok(type.signed < first + 20, 'the distance grows to 5 min');
    assert.equal(eventsOf(fleet, 'web').filter((line) => line.includes('SecretGetError')).length, 1);
    assert.deepEqual(fleet.problems, [], 'waiting is no error');
  }
});

test('what a signer answers is looked at: a certificate that is none fails the request', async () => {
  for (const [name, hint] of [
    ['ca', /with CA issuers, ensure the Certificate's secretName is different/],
    ['vault', /^False\/Failed: Failed to decode returned certificate: (?!with CA)/],
  ] as const) {
    const type = new Scripted(() => ({ kind: 'issued', certificate: 'nonsense' }), name);
    const fleet = await fleetWith(type);
    await putIssuer(fleet, 'ca', { [name]: { secretName: 'root' } });
    await putRequest(fleet, 'web');
    assert.match(await readyOf(fleet, 'web'), /^False\/Failed: Failed to decode returned certificate: /);
    assert.match(await readyOf(fleet, 'web'), hint);
    const { status } = await getRequest(fleet, 'web');
    assert.equal(status?.certificate, undefined);
    assert.equal(status?.failureTime, '2026-01-01T00:00:00Z');
    assert.equal(eventsOf(fleet, 'web').at(-1), `Warning DecodeError certificaterequests-issuer-${name}`);
    await fleet.clock.advance(3_600_000);
    assert.equal(type.signed, 1, 'a failed request is final');
  }
});

test('words of a signer are bounded before they are stored', async () => {
  const outcomes: SignOutcome[] = [
    { kind: 'failed', reason: 'SigningError', message: 'x'.repeat(100_000) },
    { kind: 'pending', reason: 'VaultInitError', message: '\u{1F512}'.repeat(50_000), retry: false },
  ];
  for (const outcome of outcomes) {
    const fleet = await fleetWith(new Scripted(() => outcome));
    await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
    await putRequest(fleet, 'web');
    const text = await readyOf(fleet, 'web');
    assert.ok(text.length < 4_200 && text.endsWith('...'), String(text.length));
    assert.ok(text.isWellFormed());
    for (const { message } of fleet.client.events) assert.ok(message.length <= 1_024);
  }
});

test('a Secret that is hidden from the caches counts as not there, and wakes the request once it is shown', async () => {
  const fleet = await fleetWith();
  const secret = await caSecret('shop', 'root');
  const hidden = { ...secret.metadata, labels: { 'controller.cert-manager.io/fao': 'false' } };
  await putSecret(fleet, { ...secret, metadata: hidden });
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  await putRequest(fleet, 'web');
  assert.match(await readyOf(fleet, 'web'), /^False\/Pending: .*shop\/root not found/);
  const stored = await fleet.client.get(secrets, { namespace: 'shop', name: 'root' });
  await fleet.client.update(secrets, { ...stored, metadata: { ...stored.metadata, labels: {} } }, byTest);
  await fleet.settle();
  assert.match(await readyOf(fleet, 'web'), /^True\/Issued/);
});

test('an issuer is not called missing while the list of issuers is on its way', async () => {
  const fleet = await fleetWith();
  await fleet.stop();
  await putSecret(fleet, await caSecret('shop', 'root'));
  await putIssuer(fleet, 'ca', { ca: { secretName: 'root' } });
  await putRequest(fleet, 'web');
  const { client } = fleet;
  const list = client.list.bind(client);
  client.list = async (type, options) => {
    if (type.plural === 'issuers')
      for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    return list(type, options);
  };
  await fleet.start();
  assert.match(await readyOf(fleet, 'web'), /^True\/Issued/);
  const said = eventsOf(fleet, 'web').join('\n');
  assert.doesNotMatch(said, /IssuerNotFound/);
});
