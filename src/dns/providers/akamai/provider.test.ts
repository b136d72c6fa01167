import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';

import { behavesAsProvider, FIRST, FQDN, type ProviderUnderTest } from '../testing/behaviour.ts';
import { ProviderWorld, type RawAnswer, type RawRequest } from '../testing/provider-world.ts';
import { unquoted } from '../txt-value.ts';
import { akamai } from './provider.ts';

const HOST = 'akab-test.luna.akamaiapis.net';
const SECRETS = {
  'ak/client': 'akab-client-token-0123456789',
  'ak/secret': 'c2VjcmV0LW9mLXRoZS1jbGllbnQtMDEyMzQ1Njc4OQ=',
  'ak/access': 'akab-access-token-0123456789',
};
const CONFIG = {
  serviceConsumerDomain: HOST,
  clientTokenSecretRef: { name: 'ak', key: 'client' },
  clientSecretSecretRef: { name: 'ak', key: 'secret' },
  accessTokenSecretRef: { name: 'ak', key: 'access' },
};

/** From the description of the scheme, and apart from the code that signs: what Akamai's side does. */
function assertSigned({ method, url, headers, body }: RawRequest, nonces: Set<string>): void {
  const match =
    /^EG1-HMAC-SHA256 client_token=([^;]+);access_token=([^;]+);timestamp=(\d{8}T[\d:]{8}\+0000);nonce=([^;]+);signature=(.+)$/u.exec(
      headers.authorization ?? '',
    );
  assert.ok(match, 'Authorization has the form of EdgeGrid');
  const [all, client, access, timestamp = '', nonce = '', signature = ''] = match;
  assert.deepEqual([client, access], [SECRETS['ak/client'], SECRETS['ak/access']]);
  assert.ok(!nonces.has(nonce), 'a nonce is used once');
  nonces.add(nonce);
  const hash = method === 'POST' && body !== '' ? createHash('sha256').update(body).digest('base64') : '';
  const data = `${method}\thttps\t${HOST}\t${url.pathname}${url.search}\t\t${hash}\t${all.slice(0, -`signature=${signature}`.length)}`;
  const key = createHmac('sha256', SECRETS['ak/secret']).update(timestamp).digest('base64');
  assert.equal(signature, createHmac('sha256', key).update(data).digest('base64'));
}

async function start(): Promise<ProviderUnderTest & { sets: Map<string, string[]> }> {
  const sets = new Map<string, string[]>();
  const nonces = new Set<string>();
  const answers = (request: RawRequest): RawAnswer => {
    const { method, url, body } = request;
    assert.equal(url.host, HOST);
    assertSigned(request, nonces);
    const name = /^\/config-dns\/v2\/zones\/example\.com\/names\/([^/]+)\/types\/TXT$/u.exec(
      url.pathname,
    )?.[1];
    assert.ok(name, url.pathname);
    const rdata = sets.get(name);
    const problem = (status: number, title: string): RawAnswer => ({
      status,
      headers: { 'content-type': 'application/problem+json' },
      body: { type: 'https://problems.example/x', title, detail: `${title}: ${name}`, requestId: 'abc-1' },
    });
    if (method === 'POST') {
      if (rdata !== undefined) return problem(409, 'Record set already exists');
    } else if (rdata === undefined) return problem(404, 'Not Found');
    if (method === 'GET') return { status: 200, body: { name, type: 'TXT', ttl: 300, rdata } };
    if (method === 'DELETE') {
      sets.delete(name);
      return { status: 204 };
    }
    const sent = JSON.parse(body) as { name: string; type: string; ttl: number; rdata: string[] };
    assert.deepEqual({ ...sent, rdata: [] }, { name, type: 'TXT', ttl: 300, rdata: [] });
    assert.notEqual(sent.rdata.length, 0, 'a set without records is deleted, not written');
    for (const value of sent.rdata) assert.match(value, /^".*"$/u);
    sets.set(name, sent.rdata);
    return { status: method === 'POST' ? 201 : 200, body: sent };
  };
  const world = await ProviderWorld.start(answers, { secrets: SECRETS });
  return {
    world,
    sets,
    credentials: Object.values(SECRETS),
    open: () => akamai.create(CONFIG, world.environment),
    values: (fqdn) => (sets.get(fqdn.slice(0, -1)) ?? []).map(unquoted),
    seed: (fqdn, value) => {
      const name = fqdn.slice(0, -1);
      sets.set(name, [...(sets.get(name) ?? []), `"${value.replaceAll('"', String.raw`\"`)}"`]);
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

behavesAsProvider('Akamai', start);

test('a value that somebody overwrote is written again', async () => {
  await using one = await start();
  one.seed(FQDN, 'foreign');
  one.world.fault = ({ method }, index) => {
    // Takes the first change and forgets it, as when another writer had read before us and writes after us.
    return method === 'PUT' && index === 1 ? { status: 409, body: { title: 'Conflict' } } : undefined;
  };
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.values(FQDN), ['foreign', FIRST.value]);
});

test('somebody who changes it all the time is an error that may be tried again', async () => {
  await using one = await start();
  one.world.fault = ({ method }) => (method === 'POST' ? { status: 409, body: {} } : undefined);
  await assert.rejects((await one.open()).present(FIRST), { code: 'dns-provider/conflict', retryable: true });
});

for (const domain of ['http://x.test', 'x.test/path', 'user@x.test', 'x.test?y', ''])
  test(`refused as serviceConsumerDomain: "${domain}"`, async () => {
    await using one = await start();
    await assert.rejects(akamai.create({ ...CONFIG, serviceConsumerDomain: domain }, one.world.environment), {
      code: 'dns-provider/configuration',
    });
  });
