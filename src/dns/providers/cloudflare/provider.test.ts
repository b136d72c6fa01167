import assert from 'node:assert/strict';
import { test } from 'node:test';

import { behavesAsProvider, FIRST, FQDN, type ProviderUnderTest } from '../testing/behaviour.ts';
import { ProviderWorld, type RawAnswer, type RawRequest } from '../testing/provider-world.ts';
import { cloudflare, type CloudflareConfig } from './provider.ts';

const TOKEN = 'cf-token-0123456789abcdefghijklmnop';
const KEY = 'c2547eb745079dac9320b638f5e225cf483cc5cfdda41';
const ZONE = '023e105f4ecef8ad9ca31a8372d0c353';

interface Stored {
  id: string;
  name: string;
  content: string;
}

/** The part of the API that is used, as developers.cloudflare.com documents it; what it would refuse is an assertion. */
async function start(
  config: CloudflareConfig = { apiTokenSecretRef: { name: 'cf', key: 'token' } },
  secrets: Record<string, string> = { 'cf/token': TOKEN, 'cf/key': KEY },
  pageSize = 100,
): Promise<ProviderUnderTest & { records: Stored[] }> {
  const records: Stored[] = [];
  let next = 1;
  const answers = ({ method, url, headers, body }: RawRequest): RawAnswer => {
    assert.equal(url.origin, 'https://api.cloudflare.com');
    if (headers['x-auth-key'] === undefined) assert.equal(headers.authorization, `Bearer ${TOKEN}`);
    else assert.deepEqual([headers['x-auth-key'], headers['x-auth-email']], [KEY, 'ops@example.com']);
    const path = url.pathname.replace('/client/v4', '');
    const done = (result: unknown, info?: unknown): RawAnswer => ({
      status: 200,
      body: { success: true, errors: [], messages: [], result, result_info: info },
    });
    if (method === 'GET' && path === '/zones')
      return done(url.searchParams.get('name') === 'example.com' ? [{ id: ZONE, name: 'example.com' }] : []);
    assert.ok(path.startsWith(`/zones/${ZONE}/dns_records`), path);
    if (method === 'GET') {
      assert.deepEqual([url.searchParams.get('type'), url.searchParams.get('per_page')], ['TXT', '100']);
      const found = records.filter(({ name }) => name === url.searchParams.get('name'));
      const page = Number(url.searchParams.get('page') ?? 1);
      return done(found.slice((page - 1) * pageSize, page * pageSize), {
        page,
        total_pages: Math.max(1, Math.ceil(found.length / pageSize)),
      });
    }
    if (method === 'POST') {
      assert.equal(headers['content-type'], 'application/json');
      const { type, name, content, ttl, ...rest } = JSON.parse(body) as Record<string, string>;
      assert.deepEqual([type, ttl, rest], ['TXT', 60, {}]);
      if (records.some((one) => one.name === name && one.content === content))
        return {
          status: 400,
          body: { success: false, errors: [{ code: 81058, message: 'An identical record already exists.' }] },
        };
      records.push({ id: `r${next++}`, name: String(name), content: String(content) });
      return done(records.at(-1));
    }
    assert.equal(method, 'DELETE');
    const at = records.findIndex(({ id }) => path.endsWith(`/${id}`));
    if (at < 0) return { status: 404, body: { success: false, errors: [{ code: 81044, message: 'gone' }] } };
    return done({ id: records.splice(at, 1)[0]?.id });
  };
  const world = await ProviderWorld.start(answers, { secrets });
  return {
    world,
    records,
    credentials: [TOKEN, KEY],
    open: () => cloudflare.create(config, world.environment),
    values: (fqdn) => records.filter(({ name }) => `${name}.` === fqdn).map(({ content }) => content),
    seed: (fqdn, content) => records.push({ id: `r${next++}`, name: fqdn.slice(0, -1), content }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

behavesAsProvider('Cloudflare', start);
behavesAsProvider('Cloudflare with a key', () =>
  start({ email: 'ops@example.com', apiKeySecretRef: { name: 'cf', key: 'key' } }),
);

test('the zone is looked for from the whole name upwards, and never at the top level', async () => {
  await using one = await start();
  const provider = await one.open();
  await assert.rejects(
    provider.present({ ...FIRST, fqdn: '_acme-challenge.*.nowhere.test.' }),
    (error: Error & { code?: string }) =>
      error.code === 'dns-provider/zone-not-found' && error.message.includes('Zone.read rights'),
  );
  assert.deepEqual(
    one.world.requests.map(({ url }) => url.searchParams.get('name')),
    ['_acme-challenge.*.nowhere.test', 'nowhere.test'],
  );
});

test('a value on the second page is found', async () => {
  await using one = await start(undefined, undefined, 2);
  for (const value of ['a', 'b', 'c']) one.seed(FQDN, value);
  await (await one.open()).present(FIRST);
  await (await one.open()).present(FIRST);
  assert.equal(one.values(FQDN).length, 4);
  await (await one.open()).cleanUp(FIRST);
  assert.deepEqual(one.values(FQDN), ['a', 'b', 'c']);
});

test('a content that comes back in quotes is the same content', async () => {
  await using one = await start();
  one.seed(FQDN, `"${FIRST.value}"`);
  await (await one.open()).present(FIRST);
  assert.equal(one.values(FQDN).length, 1);
  await (await one.open()).cleanUp(FIRST);
  assert.deepEqual(one.values(FQDN), []);
});

test('errors carry codes, messages and the chain of causes', async () => {
  await using one = await start();
  one.world.fault = () => ({
    status: 400,
    body: {
      success: false,
      errors: [
        {
          code: 6003,
          message: 'Invalid request headers',
          error_chain: [{ code: 6111, message: 'Invalid format' }],
        },
      ],
    },
  });
  await assert.rejects((await one.open()).present(FIRST), {
    code: 'dns-provider/refused',
    reason: '6003',
    message:
      'while querying the Cloudflare API for GET "/zones?name=_acme-challenge.example.com" \n\t Error: 6003: Invalid request headers<- 6111: Invalid format',
  });
});

for (const [what, config, secrets] of [
  ['API token', { apiTokenSecretRef: { name: 'cf', key: 'token' } }, { 'cf/token': `${TOKEN}\n` }],
  [
    'API key',
    { email: 'ops@example.com', apiKeySecretRef: { name: 'cf', key: 'key' } },
    { 'cf/key': `${KEY}\r` },
  ],
] as const)
  test(`a newline in the ${what} is refused before anything is sent`, async () => {
    await using one = await start(config, secrets);
    await assert.rejects(one.open(), {
      code: 'dns-provider/credentials',
      message: `the Cloudflare ${what} is invalid (does the ${what.replace('Cloudflare ', '')} contain a newline?)`,
    });
    assert.equal(one.world.requests.length, 0);
  });

for (const config of [
  {},
  { apiKeySecretRef: { name: 'cf', key: 'key' } },
  { apiKeySecretRef: { name: 'cf', key: 'key' }, apiTokenSecretRef: { name: 'cf', key: 'token' } },
])
  test(`refused: ${Object.keys(config).join(' and ') || 'no credential'} without what belongs to it`, async () => {
    await using one = await start(config);
    await assert.rejects(one.open(), { code: 'dns-provider/configuration' });
  });

test('records of other names that the list has, too, are nobody’s to remove', async () => {
  await using one = await start();
  one.world.dress = (answer) => {
    const body = (answer.body ?? {}) as { result?: unknown; result_info?: unknown };
    if (body.result_info === undefined || !Array.isArray(body.result)) return answer;
    const foreign = { id: 'foreign', name: '_acme-challenge.other.example.com', content: FIRST.value };
    return { ...answer, body: { ...body, result: [foreign, ...(body.result as unknown[])] } };
  };
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.values(FQDN), [FIRST.value]);
  await (await one.open()).cleanUp(FIRST);
  assert.deepEqual(one.values(FQDN), []);
  assert.ok(!one.world.requests.some(({ url }) => url.pathname.endsWith('/foreign')));
});
