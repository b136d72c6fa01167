import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { behavesAsProvider, FIRST, FQDN, type ProviderUnderTest } from '../testing/behaviour.ts';
import {
  ProviderWorld,
  type RawAnswer,
  type RawRequest,
  type WorldOptions,
} from '../testing/provider-world.ts';
import type { AzureDnsConfig } from './login.ts';
import { azureDNS } from './provider.ts';

const SECRET = 'q1w~8Q~client/secret+of=the-principal';
const TOKEN = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30.access-token';
const GROUP = '/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network';
const CONFIG: AzureDnsConfig = {
  subscriptionID: 'sub-1',
  resourceGroupName: 'dns',
  clientID: 'client-1',
  tenantID: 'tenant-1',
  clientSecretSecretRef: { name: 'azure', key: 'secret' },
};

interface RecordSet {
  etag: string;
  properties: { TTL: number; metadata?: unknown; TXTRecords: { value: string[] }[] };
}

interface Clouds {
  management: string;
  login: string;
}

const PUBLIC: Clouds = {
  management: 'https://management.azure.com',
  login: 'https://login.microsoftonline.com',
};

async function start(
  config = CONFIG,
  clouds = PUBLIC,
  options: WorldOptions = {},
): Promise<ProviderUnderTest & { sets: Map<string, RecordSet> }> {
  const sets = new Map<string, RecordSet>();
  const isPrivate = config.zoneType === 'AzurePrivateZone';
  let etags = 0;
  const problem = (status: number, code: string): RawAnswer => ({
    status,
    body: { error: { code, message: `${code} happened` } },
  });
  const answers = ({ method, url, headers, body }: RawRequest): RawAnswer => {
    if (url.origin === clouds.login) {
      assert.equal(`${method} ${url.pathname}`, 'POST /tenant-1/oauth2/v2.0/token');
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
      assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
        grant_type: 'client_credentials',
        client_id: 'client-1',
        client_secret: SECRET,
        scope: `${clouds.management}/.default`,
      });
      return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: TOKEN } };
    }
    assert.equal(url.origin, clouds.management);
    assert.equal(headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(url.search, `?api-version=${isPrivate ? '2020-06-01' : '2018-05-01'}`);
    const zones = `${GROUP}/${isPrivate ? 'privateDnsZones' : 'dnsZones'}`;
    if (url.pathname === `${zones}/example.com`) return { status: 200, body: { name: 'example.com' } };
    const name = url.pathname.split(`${zones}/example.com/TXT/`)[1];
    if (name === undefined) return problem(404, 'ResourceNotFound');
    const set = sets.get(name);
    if (method === 'GET')
      return set === undefined ? problem(404, 'NotFound') : { status: 200, body: shown(set) };
    const wrong =
      set === undefined
        ? headers['if-match'] !== undefined
        : headers['if-none-match'] === '*' || headers['if-match'] !== set.etag;
    if (wrong) return problem(412, 'PreconditionFailed');
    if (method === 'DELETE') {
      sets.delete(name);
      return { status: 200 };
    }
    assert.equal(method, 'PUT');
    assert.ok(
      headers['if-match'] !== undefined || headers['if-none-match'] === '*',
      'no write without a guard',
    );
    const { properties } = JSON.parse(body) as { properties: Record<string, never> };
    const [ttl, records] = isPrivate ? ['ttl', 'txtRecords'] : ['TTL', 'TXTRecords'];
    const { [ttl]: TTL, [records]: TXTRecords, metadata, ...rest } = properties;
    assert.deepEqual(rest, {});
    etags += 1;
    sets.set(name, {
      etag: `etag-${etags}`,
      properties: {
        TTL: TTL as never,
        TXTRecords: TXTRecords as never,
        ...(metadata !== undefined && { metadata }),
      },
    });
    return { status: set === undefined ? 201 : 200, body: {} };
  };
  const shown = ({ etag, properties: { TTL, TXTRecords, ...rest } }: RecordSet): unknown => ({
    id: 'x',
    etag,
    properties: isPrivate ? { ...rest, ttl: TTL, txtRecords: TXTRecords } : { ...rest, TTL, TXTRecords },
  });
  const world = await ProviderWorld.start(answers, {
    secrets: { 'azure/secret': `${SECRET}\n` },
    ...options,
  });
  const relative = (fqdn: string): string => fqdn.replace('.example.com.', '');
  return {
    world,
    sets,
    credentials: [SECRET, TOKEN, encodeURIComponent(SECRET)],
    open: () => azureDNS.create(config, world.environment),
    values: (fqdn) =>
      sets.get(relative(fqdn))?.properties.TXTRecords.map(({ value }) => value.join('')) ?? [],
    seed: (fqdn, value) => {
      const TXTRecords = [...(sets.get(relative(fqdn))?.properties.TXTRecords ?? []), { value: [value] }];
      etags += 1;
      sets.set(relative(fqdn), {
        etag: `etag-${etags}`,
        properties: { TTL: 3600, metadata: { owner: 'them' }, TXTRecords },
      });
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

behavesAsProvider('Azure DNS', () => start());
behavesAsProvider('Azure private DNS', () => start({ ...CONFIG, zoneType: 'AzurePrivateZone' }));

test('a set of others keeps its TTL, its metadata and the strings of its values', async () => {
  await using one = await start();
  one.sets.set('_acme-challenge', {
    etag: 'a',
    properties: { TTL: 3600, metadata: { owner: 'them' }, TXTRecords: [{ value: ['two ', 'strings'] }] },
  });
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.sets.get('_acme-challenge')?.properties, {
    TTL: 3600,
    metadata: { owner: 'them' },
    TXTRecords: [{ value: ['two ', 'strings'] }, { value: [FIRST.value] }],
  });
});

test('a new set has a TTL of 60, and is gone with its last value', async () => {
  await using one = await start();
  await (await one.open()).present(FIRST);
  assert.equal(one.sets.get('_acme-challenge')?.properties.TTL, 60);
  await (await one.open()).cleanUp(FIRST);
  assert.equal(one.sets.size, 0);
});

test('a set that is changed again and again is a conflict that may be tried later', async () => {
  await using one = await start();
  one.world.fault = ({ method }) => (method === 'PUT' ? { status: 412, body: {} } : undefined);
  await assert.rejects((await one.open()).present(FIRST), { code: 'dns-provider/conflict', retryable: true });
  assert.equal(one.world.requests.filter(({ method }) => method === 'PUT').length, 5);
});

test('hostedZoneName needs no look-up, and must hold the name', async () => {
  await using one = await start({ ...CONFIG, hostedZoneName: 'Example.com' });
  await (await one.open()).present(FIRST);
  assert.ok(one.world.lines.every((line) => !line.includes('/dnsZones/example.com?')));
  await assert.rejects((await one.open()).present({ ...FIRST, fqdn: '_acme-challenge.ample.com.' }), {
    code: 'dns-provider/configuration',
  });
});

test('a zone that is not in the resource group', async () => {
  await using one = await start();
  await assert.rejects((await one.open()).present({ ...FIRST, zone: 'other.test.' }), {
    code: 'dns-provider/zone-not-found',
    message:
      'Zone other.test. not found in AzureDNS for domain _acme-challenge.example.com.. Err: Azure answered 404 to the zone other.test: ResourceNotFound: ResourceNotFound happened',
  });
});

for (const [environment, clouds] of Object.entries<Clouds>({
  AzureChinaCloud: {
    management: 'https://management.chinacloudapi.cn',
    login: 'https://login.chinacloudapi.cn',
  },
  AzureUSGovernmentCloud: {
    management: 'https://management.usgovcloudapi.net',
    login: 'https://login.microsoftonline.us',
  },
}))
  test(`${environment} has its own places`, async () => {
    await using one = await start({ ...CONFIG, environment }, clouds);
    await (await one.open()).present(FIRST);
    assert.deepEqual(one.values(FQDN), [FIRST.value]);
  });

test('a wrong client secret is told without ids and times', async () => {
  await using one = await start();
  one.world.fault = (_request, index) => ({
    status: 401,
    body: {
      error: 'invalid_client',
      error_description: `AADSTS7000215: Invalid client secret provided. Trace ID: 0${index}-x Correlation ID: y Timestamp: 2026-11-22 07:00:00Z`,
    },
  });
  await assert.rejects(one.open(), {
    code: 'dns-provider/denied',
    message:
      'Azure answered 401 to the login of client client-1: invalid_client: AADSTS7000215: Invalid client secret provided.',
  });
});

for (const [what, config, message] of [
  [
    'a cloud that was closed',
    { ...CONFIG, environment: 'AzureGermanCloud' },
    'unknown cloud configuration name: AzureGermanCloud',
  ],
  ['a client without a tenant', { ...CONFIG, tenantID: '' }, /together/u],
  ['two ways to log in', { ...CONFIG, managedIdentity: {} }, /exclude each other/u],
  [
    'no client where the identity of the machine may not be used',
    { subscriptionID: 'sub-1', resourceGroupName: 'dns' },
    /^ClientID was omitted without providing one of `--cluster-issuer-ambient-credentials`/u,
  ],
  ['a path as a group', { ...CONFIG, resourceGroupName: '../x' }, /one segment/u],
  ['a way up as a group', { ...CONFIG, resourceGroupName: '..' }, /one segment/u],
  ['what URLs take for a path', { ...CONFIG, subscriptionID: String.raw`x\..\y` }, /one segment/u],
] as const)
  test(`refused: ${what}`, async () => {
    await using one = await start(config);
    await assert.rejects(one.open(), { code: 'dns-provider/configuration', message });
  });

test('managed identity: the metadata service is asked, by the HTTP of the process', async () => {
  const config = {
    subscriptionID: 'sub-1',
    resourceGroupName: 'dns',
    managedIdentity: { clientID: 'identity-1' },
  };
  await using one = await start(config, PUBLIC, { ambient: true });
  one.world.fault = ({ url, headers }) => {
    if (url.host !== '169.254.169.254') return undefined;
    assert.equal(headers['metadata'], 'true');
    assert.deepEqual(
      [url.pathname, url.searchParams.get('resource'), url.searchParams.get('client_id')],
      ['/metadata/identity/oauth2/token', PUBLIC.management, 'identity-1'],
    );
    return {
      status: 200,
      body: { access_token: TOKEN, expires_in: '3599', token_type: 'Bearer', resource: 'x' },
    };
  };
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.values(FQDN), [FIRST.value]);
});

test('workload identity: the token of the file is exchanged, with client and tenant of the issuer', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-azure-'));
  try {
    const file = path.join(folder, 'token');
    await writeFile(file, 'kubernetes-token');
    const config = {
      subscriptionID: 'sub-1',
      resourceGroupName: 'dns',
      managedIdentity: { clientID: 'identity-1', tenantID: 'tenant-2' },
    };
    const environment = {
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_CLIENT_ID: 'other',
      AZURE_TENANT_ID: 'other',
    };
    await using one = await start(config, PUBLIC, { ambient: true, environment });
    one.world.fault = ({ method, url, body }) => {
      if (url.origin !== PUBLIC.login) return undefined;
      // The package asks for the description of the tenant first.
      if (method === 'GET')
        return {
          status: 200,
          body: {
            issuer: `${PUBLIC.login}/tenant-2/v2.0`,
            authorization_endpoint: `${PUBLIC.login}/tenant-2/oauth2/v2.0/authorize`,
            token_endpoint: `${PUBLIC.login}/tenant-2/oauth2/v2.0/token`,
            end_session_endpoint: `${PUBLIC.login}/tenant-2/oauth2/v2.0/logout`,
            jwks_uri: `${PUBLIC.login}/tenant-2/discovery/v2.0/keys`,
          },
        };
      assert.equal(url.pathname, '/tenant-2/oauth2/v2.0/token');
      const form = new URLSearchParams(body);
      assert.deepEqual(
        [form.get('client_id'), form.get('client_assertion')],
        ['identity-1', 'kubernetes-token'],
      );
      return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: TOKEN } };
    };
    await (await one.open()).present(FIRST);
    assert.deepEqual(one.values(FQDN), [FIRST.value]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
