/** Each call of the client against a CA in this process: what is signed, what is sent, what comes back. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { flattenedVerify, importJWK, type FlattenedJWSInput, type JWK } from 'jose';
import { encodePrivateKey, generateKey } from '../pki/keys.ts';
import { AcmeConfigurationError, AcmeProblemError, AcmeProfileError, AcmeProtocolError } from './errors.ts';
import { FakeCa, problem } from './testing/fake-ca.ts';
import { jwkOf, testClient, type TestClient } from './testing/test-client.ts';

describe('an ACME client', () => {
  let ca: FakeCa;
  let client: TestClient;
  before(async () => {
    ca = await FakeCa.start();
  });
  after(() => ca.stop());
  beforeEach(async () => {
    client = await testClient(ca.directoryUrl);
    ca.log.length = 0;
    ca.signed.length = 0;
    ca.directory = {};
  });
  afterEach(() => client.close());

  const orderBody = (status = 'pending'): Record<string, unknown> => ({
    status,
    expires: '2026-12-01T00:00:00Z',
    identifiers: [{ type: 'dns', value: 'a.example' }],
    authorizations: [`${ca.url}/authz/1`],
    finalize: `${ca.url}/finalize/1`,
  });
  const last = () => ca.signed.at(-1);

  it('registers with its key, agreeing to the terms where there are any', async () => {
    const account = await client.register({ contact: ['mailto:a@example.com'] });
    assert.deepEqual(account, {
      url: `${ca.url}/account/1`,
      status: 'valid',
      contact: ['mailto:a@example.com'],
    });
    assert.deepEqual(last()?.payload, { contact: ['mailto:a@example.com'] });
    assert.deepEqual(last()?.header.jwk, jwkOf(client.pem));
    const other = await testClient(ca.directoryUrl);
    ca.directory = { meta: { termsOfService: 'https://ca.example/terms' } };
    await other.register({ contact: [] });
    assert.deepEqual(last()?.payload, { termsOfServiceAgreed: true });
    await other.close();
    assert.deepEqual([...ca.userAgents], ['certwright/test (linux/amd64)']);
  });

  it('binds an external account with each of the three MACs', async () => {
    const key = Buffer.from('0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef');
    for (const [algorithm, hash] of [
      ['HS256', 'sha256'],
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
    ] as const) {
      await client.register({ contact: [], externalAccount: { keyId: 'kid-1', key, algorithm } });
      const { payload } = last() ?? {};
      const { externalAccountBinding: bound } = payload as {
        externalAccountBinding: Record<string, string>;
      };
      const mac = createHmac(hash, key)
        .update(`${bound['protected']}.${bound['payload']}`)
        .digest('base64url');
      assert.equal(bound['signature'], mac);
      const header = JSON.parse(Buffer.from(bound['protected'] ?? '', 'base64url').toString()) as unknown;
      assert.deepEqual(header, { alg: algorithm, kid: 'kid-1', url: `${ca.url}/new-account` });
      const inside = JSON.parse(Buffer.from(bound['payload'] ?? '', 'base64url').toString()) as unknown;
      assert.deepEqual(inside, jwkOf(client.pem));
    }
    await assert.rejects(
      client.register({
        contact: [],
        externalAccount: { keyId: 'k', key: Buffer.alloc(0), algorithm: 'HS256' },
      }),
      AcmeConfigurationError,
    );
  });

  it('signs with RSA, P-256, P-384 and Ed25519 keys', async () => {
    const keys = [
      [{ algorithm: 'RSA' }, 'RS256'],
      [{ algorithm: 'ECDSA', size: 384 }, 'ES384'],
      [{ algorithm: 'ECDSA' }, 'ES256'],
      [{ algorithm: 'Ed25519' }, 'EdDSA'],
    ] as const;
    for (const [key, algorithm] of keys) {
      const signer = await testClient(ca.directoryUrl, { key });
      assert.equal((await signer.findAccount()).status, 'valid');
      assert.equal(last()?.header.alg, algorithm);
      await signer.close();
    }
  });

  it('looks its account up by key, once for all who wait, and signs by its URL from then on', async () => {
    ca.on('/order/1', () => ({ body: orderBody() }));
    await Promise.all(Array.from({ length: 5 }, () => client.order(`${ca.url}/order/1`)));
    assert.equal(ca.count('POST /new-account'), 1);
    assert.deepEqual(ca.signed[0]?.payload, { onlyReturnExisting: true });
    assert.equal(last()?.header.kid, `${ca.url}/account/1`);
    assert.equal(last()?.header.jwk, undefined);
    assert.equal(last()?.payload, undefined, 'POST-as-GET');
  });

  it('does not look an account up that it was told', async () => {
    const told = await testClient(ca.directoryUrl, { accountUrl: `${ca.url}/account/1` });
    ca.know(jwkOf(told.pem));
    ca.on('/order/1', () => ({ body: orderBody('ready'), headers: { 'retry-after': '7' } }));
    const order = await told.order(`${ca.url}/order/1`);
    assert.equal(order.status, 'ready');
    assert.equal(order.retryAt, told.clock.now + 7000);
    assert.equal(ca.count('POST /new-account'), 0);
    await told.close();
  });

  it('lists the orders of the account, page by page, and each once', async () => {
    const list = (...numbers: number[]): string[] => numbers.map((number) => `${ca.url}/order/${number}`);
    const account = (orders?: unknown): void =>
      ca.on('/account-with-orders', ({ header }) => {
        ca.know(header.jwk ?? {});
        return { headers: { location: `${ca.url}/account/1` }, body: { status: 'valid', orders } };
      });
    ca.directory = { newAccount: `${ca.url}/account-with-orders` };
    account(`${ca.url}/orders`);
    ca.on('/orders', {
      body: { orders: [...list(1, 2), 7, 'file:///etc/passwd'] },
      headers: { link: `<${ca.url}/orders/2>;rel="next"` },
    });
    // As step-ca sends it.
    ca.on('/orders/2', { body: list(2, 3) });
    assert.deepEqual(await client.listOrders(), list(1, 2, 3));
    assert.equal(last()?.payload, undefined, 'POST-as-GET');
    // A list without an end.
    ca.on('/orders', { body: { orders: list(1) }, headers: { link: `<${ca.url}/orders>;rel="next"` } });
    assert.deepEqual(await client.listOrders(), list(1));
    assert.ok(ca.count('POST /orders') <= 201 + 1);
    account();
    assert.equal(await client.listOrders(), undefined);
  });

  it('tells a missing account from other refusals, and does not remember the failure', async () => {
    ca.on('/missing', problem(400, 'accountDoesNotExist', 'no such key'));
    ca.directory = { newAccount: `${ca.url}/missing` };
    await assert.rejects(
      client.findAccount(),
      (error) => error instanceof AcmeProblemError && error.isAccountMissing,
    );
    await assert.rejects(client.order(`${ca.url}/order/1`), AcmeProblemError);
    await assert.rejects(client.order(`${ca.url}/order/1`), AcmeProblemError);
    assert.equal(ca.count('POST /missing'), 3);
  });

  it('updates contacts, also to none, and deactivates the account', async () => {
    ca.on('/account/1', ({ payload }) => ({ body: { status: 'valid', ...(payload as object) } }));
    assert.deepEqual((await client.updateContact([])).contact, []);
    assert.deepEqual(last()?.payload, { contact: [] });
    assert.equal((await client.deactivateAccount()).status, 'deactivated');
    assert.deepEqual(last()?.payload, { status: 'deactivated' });
  });

  it('rolls the key over by a message in a message', async () => {
    ca.on('/key-change', {});
    const newPem = encodePrivateKey(await generateKey({ algorithm: 'ECDSA', size: 384 }));
    await client.changeKey(newPem);
    const inner = last()?.payload as FlattenedJWSInput;
    const newJwk = jwkOf(newPem) as JWK;
    const { payload, protectedHeader } = await flattenedVerify(inner, await importJWK(newJwk, 'ES384'));
    assert.deepEqual(protectedHeader, { alg: 'ES384', url: `${ca.url}/key-change`, jwk: newJwk });
    assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), {
      account: `${ca.url}/account/1`,
      oldKey: jwkOf(client.pem),
    });
    ca.on('/key-change', problem(409, 'malformed', 'taken', { location: `${ca.url}/account/9` }));
    await assert.rejects(
      client.changeKey(newPem),
      (error) => error instanceof AcmeProblemError && error.location === `${ca.url}/account/9`,
    );
  });

  it('orders names and addresses with what was asked for beside them', async () => {
    ca.directory = { renewalInfo: `${ca.url}/ari`, meta: { profiles: { short: 'six days' } } };
    ca.on('/new-order', () => ({
      status: 201,
      headers: { location: '/order/1' },
      body: { ...orderBody(), profile: 'short', replaces: 'a.b' },
    }));
    const order = await client.newOrder({
      identifiers: [
        { type: 'dns', value: 'a.example' },
        { type: 'ip', value: '2001:db8::1' },
      ],
      notAfter: Date.parse('2027-01-01T00:00:00.789Z'),
      profile: 'short',
      replaces: 'a.b',
    });
    assert.equal(order.url, `${ca.url}/order/1`, 'a relative Location is resolved');
    assert.deepEqual(
      [order.profile, order.replaces, order.expires],
      ['short', 'a.b', Date.parse('2026-12-01T00:00:00Z')],
    );
    assert.deepEqual(last()?.payload, {
      identifiers: [
        { type: 'dns', value: 'a.example' },
        { type: 'ip', value: '2001:db8::1' },
      ],
      notAfter: '2027-01-01T00:00:00Z',
      profile: 'short',
      replaces: 'a.b',
    });
  });

  it('sends no replaces to a CA without renewal information, and no order for a profile that is not there', async () => {
    ca.on('/new-order', () => ({
      status: 201,
      headers: { location: `${ca.url}/order/1` },
      body: orderBody(),
    }));
    await client.newOrder({ identifiers: [{ type: 'dns', value: 'a.example' }], replaces: 'a.b' });
    assert.deepEqual(Object.keys(last()?.payload as object), ['identifiers']);
    const none = client.newOrder({ identifiers: [], profile: 'short' });
    await assert.rejects(none, (error) => {
      assert.ok(error instanceof AcmeProfileError && error.available === undefined && !error.retryable);
      return error.message.startsWith('acme: certificate authority does not support profiles');
    });
    const other = await testClient(ca.directoryUrl);
    ca.directory = { meta: { profiles: { classic: '' } } };
    await assert.rejects(other.newOrder({ identifiers: [], profile: '__proto__' }), (error) => {
      assert.ok(error instanceof AcmeProfileError);
      assert.deepEqual(error.available, ['classic']);
      return error.message.startsWith(
        'acme: certificate authority does not advertise a profile with name __proto__',
      );
    });
    assert.equal(ca.count('POST /new-order'), 1);
    await other.close();
  });

  it('reads, accepts and gives back an authorization', async () => {
    const challenge = { type: 'http-01', url: `${ca.url}/chall/1`, status: 'pending', token: 'abc_-1' };
    const strange = { type: 'new-01', url: `${ca.url}/chall/2`, status: 'dreaming' };
    ca.on('/authz/1', ({ payload }) => ({
      body: {
        identifier: { type: 'dns', value: 'A.example' },
        status: payload === undefined ? 'pending' : 'deactivated',
        wildcard: true,
        challenges: [strange, challenge],
      },
    }));
    ca.on('/chall/1', { body: { ...challenge, status: 'processing' } });
    const authorization = await client.authorization(`${ca.url}/authz/1`);
    assert.deepEqual(authorization.identifier, { type: 'dns', value: 'a.example' });
    assert.equal(authorization.wildcard, true);
    assert.deepEqual(
      authorization.challenges.map(({ type }) => type),
      ['http-01'],
      'an odd one spoils no other',
    );
    assert.equal(client.keyAuthorization('abc_-1'), `abc_-1.${client.thumbprint}`);
    assert.equal((await client.acceptChallenge(`${ca.url}/chall/1`)).status, 'processing');
    assert.deepEqual(last()?.payload, {});
    assert.equal((await client.deactivateAuthorization(`${ca.url}/authz/1`)).status, 'deactivated');
    assert.deepEqual(last()?.payload, { status: 'deactivated' });
  });

  it('finalizes with the request in base64url, and revokes with a reason', async () => {
    ca.on('/finalize/1', () => ({
      body: orderBody('processing'),
      headers: { location: `${ca.url}/order/1` },
    }));
    const order = await client.finalize(`${ca.url}/finalize/1`, Buffer.from([0xfb, 0xff]));
    assert.deepEqual([order.status, order.url], ['processing', `${ca.url}/order/1`]);
    assert.deepEqual(last()?.payload, { csr: '-_8' });
    ca.on('/revoke-cert', {});
    await client.revoke(Buffer.from([0x30, 0x00]), 4);
    assert.deepEqual(last()?.payload, { certificate: 'MAA', reason: 4 });
    await client.revoke(Buffer.from([0x30, 0x00]));
    assert.deepEqual(last()?.payload, { certificate: 'MAA' });
    assert.equal(last()?.header.jwk, undefined);
    await client.revoke(Buffer.from([0x30, 0x00]), 1, { byKey: true });
    const { kid, jwk } = last()?.header ?? {};
    assert.equal(kid, undefined);
    assert.equal(jwk?.kty, jwkOf(client.pem).kty, 'the key itself vouches (RFC 8555 §7.6)');
  });

  it('asks for renewal information without signing, where the CA has it', async () => {
    assert.equal(await client.renewalInfo('a.b'), undefined);
    const other = await testClient(ca.directoryUrl);
    ca.directory = { renewalInfo: `${ca.url}/ari/` };
    ca.on('GET /ari/a.b', {
      headers: { 'retry-after': '21600' },
      body: {
        suggestedWindow: { start: '2026-12-01T00:00:00Z', end: '2026-12-03T00:00:00Z' },
        explanationURL: 'https://ca.example/why',
      },
    });
    assert.deepEqual(await other.renewalInfo('a.b'), {
      start: Date.parse('2026-12-01T00:00:00Z'),
      end: Date.parse('2026-12-03T00:00:00Z'),
      explanationURL: 'https://ca.example/why',
      retryAfterMs: 21_600_000,
    });
    await assert.rejects(other.renewalInfo('../dir'), AcmeProblemError);
    assert.equal(ca.log.at(-1), 'GET /ari/..%2Fdir');
    await other.close();
  });

  it('says so when the CA does not offer what is asked for', async () => {
    ca.directory = { keyChange: undefined, revokeCert: undefined };
    await assert.rejects(client.changeKey(client.pem), AcmeProtocolError);
    await assert.rejects(client.revoke(Buffer.alloc(2)), AcmeProtocolError);
  });

  it('reports each round trip under the action that needed it', async () => {
    ca.on('/order/1', problem(503, 'serverInternal', 'later'));
    await assert.rejects(client.order(`${ca.url}/order/1`));
    const host = new URL(ca.url).host;
    const seen = client.trips.map(
      ({ scheme, action, method, status }) => `${scheme} ${action} ${method} ${status}`,
    );
    assert.deepEqual(seen, [
      'http get_registration GET 200',
      'http get_registration HEAD 200',
      'http get_registration POST 201',
      'http get_order POST 503',
    ]);
    assert.ok(client.trips.every((trip) => trip.host === host && trip.seconds >= 0));
  });
});
