import assert from 'node:assert/strict';
import { test } from 'node:test';

import { behavesAsProvider, FIRST, FQDN, type ProviderUnderTest } from '../testing/behaviour.ts';
import { ProviderWorld, type RawAnswer, type RawRequest } from '../testing/provider-world.ts';
import { httpreq, type HttpReqConfig } from './provider.ts';

const PASSWORD = 'correct horse battery: staple';
const CONFIG: HttpReqConfig = {
  endpoint: 'https://dns.example.net/hook/',
  username: 'lego',
  passwordSecretRef: { name: 'hook', key: 'password' },
};

/** A server as lego's documentation asks for it, with a set of values behind it. */
async function start(config = CONFIG): Promise<ProviderUnderTest> {
  const values = new Map<string, Set<string>>();
  const at = (fqdn: string): Set<string> => {
    const set = values.get(fqdn) ?? new Set();
    values.set(fqdn, set);
    return set;
  };
  const answers = ({ method, url, headers, body }: RawRequest): RawAnswer => {
    assert.equal(method, 'POST');
    assert.equal(headers['content-type'], 'application/json');
    if (config.username === undefined) assert.equal(headers.authorization, undefined);
    else assert.equal(headers.authorization, `Basic ${btoa(`lego:${PASSWORD}`)}`);
    const { fqdn, value, ...rest } = JSON.parse(body) as Record<string, string>;
    assert.deepEqual(rest, {});
    if (url.href === 'https://dns.example.net/hook/present') at(String(fqdn)).add(String(value));
    else if (url.href === 'https://dns.example.net/hook/cleanup') at(String(fqdn)).delete(String(value));
    else return { status: 404 };
    return { status: 204 };
  };
  const world = await ProviderWorld.start(answers, { secrets: { 'hook/password': `${PASSWORD}\n` } });
  return {
    world,
    credentials: [PASSWORD, btoa(`lego:${PASSWORD}`)],
    open: () => httpreq.create(config, world.environment),
    values: (fqdn) => [...at(fqdn)],
    seed: (fqdn, value) => at(fqdn).add(value),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

behavesAsProvider('httpreq', () => start());

test('without a user nothing is said about who asks', async () => {
  await using one = await start({ endpoint: 'https://dns.example.net/hook', mode: 'Default' });
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.values(FQDN), [FIRST.value]);
});

for (const [what, config] of Object.entries<HttpReqConfig>({
  'mode RAW': { ...CONFIG, mode: 'RAW' },
  'a user alone': { endpoint: CONFIG.endpoint, username: 'lego' },
  'a password alone': { endpoint: CONFIG.endpoint, passwordSecretRef: { name: 'hook', key: 'password' } },
  'a colon in the user': { ...CONFIG, username: 'a:b' },
  'a file': { ...CONFIG, endpoint: 'file:///etc/passwd' },
  'a metadata service': { ...CONFIG, endpoint: 'http://169.254.169.254/latest' },
  'a metadata service in other digits': { ...CONFIG, endpoint: 'http://0xa9fea9fe/' },
  'a link-local address': { ...CONFIG, endpoint: 'http://[fe80::1]/' },
  ...Object.fromEntries(
    [
      '169.254.169.254',
      '169.254.169.254.',
      '2852039166',
      '0xa9.0376.169.254',
      '[::ffff:169.254.169.254]',
      '[::ffff:a9fe:a9fe]',
      '[64:ff9b::169.254.169.254]',
      '[fd00:ec2::254]',
      '100.100.100.200',
    ].map((host) => [`the metadata service as ${host}`, { ...CONFIG, endpoint: `http://${host}/` }]),
  ),
  'credentials in the URL': { ...CONFIG, endpoint: 'https://a:b@x.test' },
}))
  test(`refused with the reason: ${what}`, async () => {
    await using one = await start(config);
    await assert.rejects(one.open(), { code: 'dns-provider/configuration', message: /^httpreq/u });
    assert.equal(one.world.requests.length, 0);
  });
