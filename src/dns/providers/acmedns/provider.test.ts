import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { DnsProvider } from '../../provider.ts';
import { faultsOf, FIRST, SECOND, txt, type ProviderUnderTest } from '../testing/behaviour.ts';
import { ProviderWorld, type RawAnswer, type RawRequest } from '../testing/provider-world.ts';
import { acmeDNS } from './provider.ts';

const PASSWORD = 'pbAXVjlIOE01xbut7YnAbkhMQIkcwoHO0ek2j4Q0';
const USER = 'eabcdb41-d89f-4580-826f-3e62e9755ef2';
const SUBDOMAIN = '8e5700ea-a4bf-41c7-8a77-e990661dcc6a';
const ACCOUNT = {
  username: USER,
  password: PASSWORD,
  fulldomain: `${SUBDOMAIN}.auth.acme-dns.io`,
  subdomain: SUBDOMAIN,
  allowfrom: [],
};

/** `/update` as the README of acme-dns documents it; it keeps the latest two values of a subdomain. */
async function start(
  secret = JSON.stringify({ 'example.com': ACCOUNT }),
  host = 'https://auth.acme-dns.io/',
): Promise<ProviderUnderTest & { open(): Promise<DnsProvider> }> {
  let values: string[] = [];
  const answers = ({ method, url, headers, body }: RawRequest): RawAnswer => {
    assert.equal(`${method} ${url.href}`, 'POST https://auth.acme-dns.io/update');
    if (headers['x-api-user'] !== USER || headers['x-api-key'] !== PASSWORD)
      return { status: 401, body: { error: 'forbidden' } };
    const { subdomain, txt: value, ...rest } = JSON.parse(body) as Record<string, string>;
    assert.deepEqual([subdomain, rest], [SUBDOMAIN, {}]);
    if (value?.length !== 43) return { status: 400, body: { error: 'bad_txt' } };
    values = [...values, value].slice(-2);
    return { status: 200, body: { txt: value } };
  };
  const world = await ProviderWorld.start(answers, { secrets: { 'acme-dns/accounts': secret } });
  return {
    world,
    credentials: [PASSWORD],
    open: () =>
      acmeDNS.create({ host, accountSecretRef: { name: 'acme-dns', key: 'accounts' } }, world.environment),
    values: () => values,
    seed: (_fqdn, value) => values.push(value),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

const [first, second] = [FIRST, SECOND].map(({ value }) => txt(value.padEnd(43, 'x').slice(0, 43))) as [
  typeof FIRST,
  typeof FIRST,
];

faultsOf('acme-dns', start, first);

test('two values stand side by side, and clean-up asks for nothing', async () => {
  await using one = await start();
  await (await one.open()).present(first);
  await (await one.open()).present(second);
  const sent = one.world.requests.length;
  await (await one.open()).cleanUp(first);
  assert.deepEqual(one.values(''), [first.value, second.value]);
  assert.equal(one.world.requests.length, sent);
});

test('the name under which the record would stand has no say: the account decides', async () => {
  await using one = await start();
  await (await one.open()).present({ ...first, fqdn: 'elsewhere.example.net.', zone: 'example.net.' });
  assert.deepEqual(one.values(''), [first.value]);
});

for (const domain of ['www.example.com', '*.example.com', 'com', '__proto__', 'constructor'])
  test(`there is no account for ${domain}`, async () => {
    await using one = await start();
    await assert.rejects((await one.open()).present({ ...first, domain }), {
      code: 'dns-provider/credentials',
      message: `account credentials not found for domain ${domain}: Secret acme-dns, entry accounts, has no account with username, password and subdomain under exactly that name; register one and add it`,
    });
  });

for (const secret of ['', 'no JSON', '[]', 'null', '"text"'])
  test(`refused as accounts: ${secret || 'nothing'}`, async () => {
    await using one = await start(secret);
    await assert.rejects(one.open(), { code: 'dns-provider/credentials' });
  });

test('a newline in the password is refused before anything is sent', async () => {
  const account = { ...ACCOUNT, password: `${PASSWORD}\n` };
  await using one = await start(JSON.stringify({ 'example.com': account }));
  await assert.rejects((await one.open()).present(first), {
    message: 'the acme-dns password is invalid (does the password contain a newline?)',
  });
  assert.equal(one.world.requests.length, 0);
});

for (const host of ['auth.acme-dns.io', 'ftp://x.test', 'https://u:p@x.test', 'https://x.test/?a'])
  test(`refused as host: ${host}`, async () => {
    await using one = await start(undefined, host);
    await assert.rejects(one.open(), { code: 'dns-provider/configuration' });
  });
