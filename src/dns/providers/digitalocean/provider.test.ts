import assert from 'node:assert/strict';
import { test } from 'node:test';

import { behavesAsProvider, FIRST, FQDN, type ProviderUnderTest } from '../testing/behaviour.ts';
import { ProviderWorld, type RawAnswer, type RawRequest } from '../testing/provider-world.ts';
import { digitalocean } from './provider.ts';

const TOKEN = 'dop_v1_0123456789abcdef0123456789abcdef';

interface Stored {
  id: number;
  type: string;
  name: string;
  data: string;
}

/** The part of the API that is used; `pageSize` as the server likes it, whatever it is asked for. */
async function start(pageSize = 200): Promise<ProviderUnderTest & { records: Stored[] }> {
  const records: Stored[] = [{ id: 1, type: 'NS', name: '@', data: 'ns1.digitalocean.com' }];
  let next = 2;
  const answers = ({ method, url, headers, body }: RawRequest): RawAnswer => {
    assert.equal(url.origin, 'https://api.digitalocean.com');
    assert.equal(headers.authorization, `Bearer ${TOKEN}`);
    if (!url.pathname.startsWith('/v2/domains/example.com/records'))
      return {
        status: 404,
        body: { id: 'not_found', message: 'The resource you were accessing could not be found.' },
      };
    if (method === 'GET') {
      const { type, name, page, per_page } = Object.fromEntries(url.searchParams);
      assert.equal(per_page, '200');
      const found = records.filter((one) => one.type === type && `${one.name}.example.com` === name);
      const end = Number(page) * pageSize;
      return {
        status: 200,
        body: {
          domain_records: found.slice(end - pageSize, end),
          links: found.length > end ? { pages: { next: `${url.origin}/next`, last: '' } } : {},
          meta: { total: found.length },
        },
      };
    }
    if (method === 'POST') {
      const { type, name, data, ttl, ...rest } = JSON.parse(body) as Record<string, string>;
      assert.deepEqual([type, ttl, rest], ['TXT', 60, {}]);
      assert.match(String(name), /\.example\.com\.$/u);
      records.push({
        id: next++,
        type: 'TXT',
        name: String(name).replace('.example.com.', ''),
        data: String(data),
      });
      return { status: 201, body: { domain_record: records.at(-1) } };
    }
    assert.equal(method, 'DELETE');
    const at = records.findIndex(({ id }) => url.pathname.endsWith(`/${id}`));
    if (at < 0) return { status: 404, body: { id: 'not_found', message: 'gone' } };
    records.splice(at, 1);
    return { status: 204 };
  };
  const world = await ProviderWorld.start(answers, { secrets: { 'do/token': `${TOKEN}\n` } });
  return {
    world,
    records,
    credentials: [TOKEN],
    open: () => digitalocean.create({ tokenSecretRef: { name: 'do', key: 'token' } }, world.environment),
    values: (fqdn) =>
      records
        .filter(({ type, name }) => type === 'TXT' && `${name}.example.com.` === fqdn)
        .map(({ data }) => data),
    seed: (fqdn, data) =>
      records.push({ id: next++, type: 'TXT', name: fqdn.replace('.example.com.', ''), data }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

behavesAsProvider('DigitalOcean', start);

test('a value on a later page is found, and nothing but it is removed', async () => {
  await using one = await start(2);
  for (const value of ['a', 'b', 'c', FIRST.value, 'd']) one.seed(FQDN, value);
  await (await one.open()).present(FIRST);
  assert.equal(one.values(FQDN).length, 5);
  await (await one.open()).cleanUp(FIRST);
  assert.deepEqual(one.values(FQDN), ['a', 'b', 'c', 'd']);
  assert.equal(one.records.filter(({ type }) => type === 'NS').length, 1);
});

test('a zone that the account does not have is named', async () => {
  await using one = await start();
  await assert.rejects((await one.open()).present({ ...FIRST, zone: 'other.test.' }), {
    code: 'dns-provider/refused',
    reason: 'not_found',
    message:
      'DigitalOcean answered 404 to the list of TXT records of other.test: not_found: The resource you were accessing could not be found.',
  });
});

test('a token with a newline in it is refused before anything is sent', async () => {
  await using world = await ProviderWorld.start(() => ({ status: 500 }), { secrets: { 'do/token': 'a\nb' } });
  const config = { tokenSecretRef: { name: 'do', key: 'token' } };
  await assert.rejects(digitalocean.create(config, world.environment), {
    code: 'dns-provider/credentials',
    message: 'the DigitalOcean API token is invalid (does the API token contain a newline?)',
  });
});

test('records of other names that the list has, too, are nobody’s to remove', async () => {
  await using one = await start();
  one.world.dress = (answer) => {
    const { domain_records: all } = (answer.body ?? {}) as { domain_records?: unknown[] };
    const foreign = { id: 99, type: 'TXT', name: '_acme-challenge.other', data: FIRST.value };
    return all === undefined ? answer : { ...answer, body: { domain_records: [foreign, ...all], links: {} } };
  };
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.values(FQDN), [FIRST.value]);
  await (await one.open()).cleanUp(FIRST);
  assert.deepEqual(one.values(FQDN), []);
  assert.ok(!one.world.requests.some(({ url }) => url.pathname.endsWith('/99')));
});
