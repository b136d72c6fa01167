/** The client against Pebble: every call, challenges answered for real, at Pebble's defaults and at its worst. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { AcmeProblemError, AcmeProfileError, AcmeTransportError } from '../../src/acme/errors.ts';
import { endsAt, preferredChain } from '../../src/acme/preferred-chain.ts';
import { renewalCertId } from '../../src/acme/renewal-cert-id.ts';
import { encodePrivateKey, generateKey, publicKeysEqual } from '../../src/pki/keys.ts';
import { fieldsOfName } from '../../src/pki/x509/name.ts';
import { parseCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { startChallengeServer, type ChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { startPebble, type Pebble } from '../../tools/peers/acme/pebble.ts';
import { again, dns, issue, newClient, type Account } from './acme-world.ts';

const problemOf = (type: string) => (error: unknown) => error instanceof AcmeProblemError && error.is(type);

describe('Pebble', () => {
  let server: ChallengeServer;
  let pebble: Pebble;
  let account: Account;
  let contact = '';
  before(async () => {
    server = await startChallengeServer();
    pebble = await startPebble({
      dnsServer: server.dns,
      httpPort: server.httpPort,
      tlsPort: server.tlsPort,
      // The sleeps are random and say nothing about the client; all else is as Pebble has it.
      noSleep: true,
      alternateRoots: 2,
      chainLength: 2,
      blockedDomains: ['blocked.example'],
      profiles: {
        default: { description: 'as ever', validityPeriod: 7_776_000 },
        shortlived: { description: 'six days', validityPeriod: 518_400 },
      },
    });
    account = await newClient(pebble);
    contact = (await account.client.register({ contact: ['mailto:a@example.com'] })).contact[0] ?? '';
  });
  after(async () => {
    await account.client.close();
    await Promise.all([pebble.stop(), server.stop()]);
  });

  it('registers, finds, updates and deactivates accounts with keys of each kind that it takes', async () => {
    assert.equal(contact, 'mailto:a@example.com');
    for (const key of [
      { algorithm: 'RSA' },
      { algorithm: 'ECDSA', size: 384 },
      { algorithm: 'ECDSA', size: 521 },
    ] as const) {
      const { client } = await newClient(pebble, { key });
      await assert.rejects(client.findAccount(), problemOf('accountDoesNotExist'));
      const { url } = await client.register({ contact: [] });
      assert.equal((await client.register({ contact: [] })).url, url, 'registering again finds it');
      assert.equal((await client.findAccount()).url, url);
      assert.deepEqual((await client.updateContact(['mailto:b@example.com'])).contact, [
        'mailto:b@example.com',
      ]);
      assert.equal((await client.deactivateAccount()).status, 'deactivated');
      await assert.rejects(client.newOrder({ identifiers: dns('a.example') }), problemOf('unauthorized'));
      await client.close();
    }
  });
  it('issues by http-01, dns-01 and tls-alpn-01', async () => {
    for (const type of ['http-01', 'dns-01', 'tls-alpn-01'] as const) {
      const { certificates, key, order } = await issue(
        account.client,
        { identifiers: dns(`${type}.example`) },
        { server, type },
      );
      const [leaf] = certificates;
      assert.ok(leaf !== undefined && publicKeysEqual(leaf.publicKey, key));
      assert.deepEqual(leaf.subjectAltNames.dnsNames, [`${type}.example`]);
      assert.equal(certificates.length, 3, 'the leaf and two above it');
      assert.match(order.profile ?? '', /^(?:default|shortlived)$/u, 'Pebble chooses one');
    }
  });
  it('issues for a wildcard with its apex, a name beyond ASCII, and an IP address', async () => {
    const both = await issue(
      account.client,
      { identifiers: dns('*.w.example', 'w.example') },
      { server, type: 'dns-01' },
    );
    assert.deepEqual(both.certificates[0]?.subjectAltNames.dnsNames.toSorted(), ['*.w.example', 'w.example']);
    const idn = await issue(
      account.client,
      { identifiers: dns('xn--bcher-kva.example') },
      { server, type: 'http-01' },
    );
    assert.deepEqual(idn.certificates[0]?.subjectAltNames.dnsNames, ['xn--bcher-kva.example']);
    const ip = await issue(
      account.client,
      { identifiers: [{ type: 'ip', value: '127.0.0.1' }] },
      { server, type: 'http-01' },
    );
    assert.equal(ip.certificates[0]?.subjectAltNames.ipAddresses.length, 1);
  });
  it('issues by profile, and refuses one that it does not have before anything is sent', async () => {
    const { certificates, order } = await issue(
      account.client,
      { identifiers: dns('short.example'), profile: 'shortlived' },
      { server, type: 'http-01' },
    );
    const [leaf] = certificates;
    assert.ok(leaf !== undefined);
    assert.equal(order.profile, 'shortlived');
    assert.ok(leaf.notAfter.getTime() - leaf.notBefore.getTime() < 7 * 86_400_000);
    await assert.rejects(
      account.client.newOrder({ identifiers: dns('x.example'), profile: 'gold' }),
      (error) => error instanceof AcmeProfileError && error.available?.join() === 'default,shortlived',
    );
  });
  it('hands out alternate chains, of which the preferred one is taken', async () => {
    const { chain, alternates } = await issue(
      account.client,
      { identifiers: dns('alt.example') },
      { server, type: 'http-01' },
    );
    assert.equal(alternates.length, 2);
    const wanted = fieldsOfName(parseCertificate(await pebble.root(2)).subject).commonName ?? '';
    assert.equal(endsAt(chain, wanted), false);
    const chosen = await preferredChain(
      wanted,
      { chain, alternates },
      async (url) => (await account.client.certificate(url)).chain,
    );
    assert.ok(endsAt(chosen, wanted));
    assert.equal(chosen.slice(0, 200), chain.slice(0, 200), 'the leaf is the same');
  });
  it('takes a new account key; the old one is refused from then on', async () => {
    const { client } = await newClient(pebble);
    const { url } = await client.register({ contact: [] });
    const accountKeyPem = encodePrivateKey(await generateKey({ algorithm: 'ECDSA', size: 384 }));
    await client.changeKey(accountKeyPem);
    const rolled = await newClient(pebble, { accountKeyPem });
    assert.equal((await rolled.client.findAccount()).url, url);
    await assert.rejects(client.newOrder({ identifiers: dns('a.example') }), AcmeProblemError);
    // The 409 for a key that is taken: Pebble answers 200 by mistake, so src/acme/client.test.ts has it.
    await Promise.all([client.close(), rolled.client.close()]);
  });
  it('gives a pending authorization back', async () => {
    const order = await account.client.newOrder({ identifiers: dns('back.example') });
    const [url = ''] = order.authorizations;
    assert.equal((await account.client.authorization(url)).status, 'pending');
    assert.equal((await account.client.deactivateAuthorization(url)).status, 'deactivated');
  });
  it('revokes, says in its renewal information that it is urgent, and takes the certificate that replaces it', async () => {
    const first = await issue(
      account.client,
      { identifiers: dns('gone.example') },
      { server, type: 'http-01' },
    );
    const [leaf] = first.certificates;
    const replaces = renewalCertId(first.chain);
    assert.ok(leaf !== undefined && replaces !== undefined);
    const calm = await account.client.renewalInfo(replaces);
    assert.ok(calm !== undefined && calm.start > Date.now() && calm.retryAfterMs === 21_600_000);
    await account.client.revoke(leaf.der, 4);
    assert.deepEqual(await pebble.certificateStatus(leaf.serialHex), { status: 'Revoked', reason: 4 });
    const urgent = await account.client.renewalInfo(replaces);
    assert.ok(urgent !== undefined && urgent.start <= Date.now());
    await assert.rejects(account.client.revoke(leaf.der, 4), problemOf('alreadyRevoked'));
    const next = await issue(
      account.client,
      { identifiers: dns('gone.example'), replaces },
      { server, type: 'http-01' },
    );
    assert.equal(next.order.replaces, replaces);
    await assert.rejects(
      account.client.newOrder({ identifiers: dns('gone.example'), replaces }),
      (error) => error instanceof AcmeProblemError && error.isReplacesRefused,
    );
  });
  it('sets windows, explanations and nonsense in renewal information', async () => {
    const { chain, certificates } = await issue(
      account.client,
      { identifiers: dns('ari.example') },
      { server, type: 'http-01' },
    );
    const id = renewalCertId(chain) ?? '';
    const pem = certificates[0]?.pem ?? '';
    const start = new Date('2027-01-01T00:00:00Z');
    await pebble.setRenewalWindow(pem, start, new Date('2027-01-02T00:00:00Z'), 'https://ca.example/why');
    const info = await account.client.renewalInfo(id);
    assert.deepEqual([info?.start, info?.explanationURL], [start.getTime(), 'https://ca.example/why']);
    for (const answer of ['{', '{"suggestedWindow":{"start":"x","end":"y"}}', '[]']) {
      await pebble.setRenewalInfo(pem, answer);
      await assert.rejects(account.client.renewalInfo(id), { code: 'acme/protocol' });
    }
    await assert.rejects(account.client.renewalInfo('AAAA.AAAA'), AcmeProblemError);
  });
  it('refuses with types: a blocked name, two of them as subproblems, a wrong answer to a challenge', async () => {
    await assert.rejects(
      account.client.newOrder({ identifiers: dns('blocked.example') }),
      problemOf('rejectedIdentifier'),
    );
    await assert.rejects(account.client.newOrder({ identifiers: [] }), problemOf('malformed'));
    const order = await account.client.newOrder({ identifiers: dns('wrong.example') });
    const { challenges } = await account.client.authorization(order.authorizations[0] ?? '');
    const challenge = challenges.find(({ type }) => type === 'http-01');
    assert.ok(challenge !== undefined);
    await server.setHTTP01(challenge.token, 'somebody else');
    await account.client.acceptChallenge(challenge.url);
    for (let status = 'pending'; status !== 'invalid';) ({ status } = await account.client.order(order.url));
    const failed = await account.client.authorization(order.authorizations[0] ?? '');
    assert.equal(failed.status, 'invalid');
    assert.match(
      failed.challenges.find(({ type }) => type === 'http-01')?.error?.type ?? '',
      /^urn:ietf:params:acme:error:/u,
    );
  });
  it('is not trusted without its bundle', async () => {
    const { client } = await newClient(pebble, { caBundle: undefined });
    await assert.rejects(
      client.directory(),
      (error) => error instanceof AcmeTransportError && error.reason === 'tls',
    );
    await client.close();
  });
});

describe('Pebble at its worst', () => {
  let server: ChallengeServer;
  let pebble: Pebble;
  before(async () => {
    server = await startChallengeServer();
    pebble = await startPebble({
      dnsServer: server.dns,
      httpPort: server.httpPort,
      noSleep: true,
      nonceReject: 90,
      authorizationReuse: 100,
    });
  });
  after(() => Promise.all([pebble.stop(), server.stop()]));

  it('refuses nine of ten nonces and reuses every authorization: all orders are issued, none is placed twice', async () => {
    const { client, trips } = await newClient(pebble, { pause: () => Promise.resolve() });
    // One call in fifteen has all of its tries refused.
    await again(() => client.register({ contact: [] }));
    const first = await issue(
      client,
      { identifiers: dns('a.worst.example', 'b.worst.example') },
      { server, type: 'http-01' },
    );
    assert.equal(first.reused, 0);
    const others = await Promise.all(
      [0, 1, 2].map(() =>
        issue(
          client,
          { identifiers: dns('a.worst.example', 'b.worst.example') },
          { server, type: 'http-01' },
        ),
      ),
    );
    assert.deepEqual(
      others.map(({ reused }) => reused),
      [2, 2, 2],
    );
    const posts = trips.filter(({ method }) => method === 'POST');
    const refused = posts.filter(({ status }) => status === 400);
    assert.ok(
      refused.length > posts.length / 2,
      `${refused.length} of ${posts.length} messages were refused`,
    );
    assert.equal(
      trips.filter(({ action, status }) => action === 'authorize_order' && status === 201).length,
      4,
    );
    await client.close();
  });
});

describe('Pebble with external accounts', () => {
  const keys = {
    'kid-1': randomBytes(64).toString('base64url'),
    'kid-2': randomBytes(64).toString('base64url'),
    'kid-3': randomBytes(64).toString('base64url'),
  };
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({ externalAccounts: { required: true, keys } });
  });
  after(() => pebble.stop());

  it('takes the binding with each MAC that it knows, and refuses an account without one', async () => {
    const { client: without } = await newClient(pebble);
    assert.equal((await without.directory()).externalAccountRequired, true);
    await assert.rejects(without.register({ contact: [] }), problemOf('externalAccountRequired'));
    await without.close();
    const cases = [
      ['kid-1', 'HS256'],
      ['kid-2', 'HS384'],
      ['kid-3', 'HS512'],
    ] as const;
    for (const [keyId, algorithm] of cases) {
      const { client } = await newClient(pebble);
      const key = Buffer.from(keys[keyId], 'base64url');
      const account = await client.register({ contact: [], externalAccount: { keyId, key, algorithm } });
      assert.equal(account.status, 'valid');
      await client.close();
      const { client: wrong } = await newClient(pebble);
      const externalAccount = { keyId, key: randomBytes(64), algorithm };
      await assert.rejects(wrong.register({ contact: [], externalAccount }), AcmeProblemError);
      await wrong.close();
    }
  });
});
