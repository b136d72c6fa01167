import assert from 'node:assert/strict';
import { test } from 'node:test';

import { behavesAsProvider, FIRST, FQDN, SECOND, txt, type ProviderUnderTest } from '../testing/behaviour.ts';
import { ProviderWorld } from '../testing/provider-world.ts';
import { quoted, unquoted } from '../txt-value.ts';
import type { Route53Config } from './credentials.ts';
import { route53 } from './provider.ts';
import { Route53Server } from './testing.ts';

const KEYS = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const CONFIG: Route53Config = {
  accessKeyID: KEYS.id,
  secretAccessKeySecretRef: { name: 'aws', key: 'secret' },
  region: 'eu-central-1',
};

interface Started extends ProviderUnderTest {
  server: Route53Server;
}

/** @param simple whether seeds go into one set without identifier, as people make them in the console */
async function start(config = CONFIG, simple = false): Promise<Started> {
  const server = new Route53Server([KEYS]);
  const world = await ProviderWorld.start(server.answer, {
    secrets: { 'aws/secret': ` ${KEYS.secret}\n`, 'aws/id': KEYS.id },
  });
  return {
    world,
    server,
    credentials: [KEYS.secret],
    open: () => route53.create(config, world.environment),
    values: (fqdn) =>
      server.sets.filter(({ name }) => name === fqdn).flatMap(({ values }) => values.map(unquoted)),
    seed: (fqdn, value) => {
      const set = server.sets.find(({ name, identifier }) => name === fqdn && identifier === undefined);
      if (simple && set !== undefined) set.values.push(quoted(value));
      else
        server.sets.push({
          name: fqdn,
          identifier: simple ? undefined : 'theirs',
          ttl: '300',
          values: [quoted(value)],
        });
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

behavesAsProvider('Route 53', () => start());

test('one change is these requests, and this body', async () => {
  await using one = await start();
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.world.lines, [
    'GET route53.amazonaws.com/2013-04-01/hostedzonesbyname?dnsname=example.com',
    'POST route53.amazonaws.com/2013-04-01/hostedzone/Z1EXAMPLE/rrset/',
    'GET route53.amazonaws.com/2013-04-01/change/C2682N5HXP0BZ4',
    'GET route53.amazonaws.com/2013-04-01/change/C2682N5HXP0BZ4',
  ]);
  assert.deepEqual(one.world.waits, [4000, 4000]);
  const value = `&quot;${FIRST.value}&quot;`;
  assert.equal(
    one.world.requests[1]?.body,
    `<?xml version="1.0" encoding="UTF-8"?>\n<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Comment>Managed by cert-manager</Comment><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>${FQDN}</Name><Type>TXT</Type><SetIdentifier>${value}</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer><TTL>10</TTL><ResourceRecords><ResourceRecord><Value>${value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`,
  );
});

test('a set that people made by hand keeps its values and its TTL, and takes ours in', async () => {
  await using one = await start(CONFIG, true);
  one.seed(FQDN, 'theirs');
  one.seed(FQDN, 'also theirs');
  for (const record of [FIRST, SECOND, FIRST]) await (await one.open()).present(record);
  assert.deepEqual(
    one.server.sets.map(({ ttl, values }) => [ttl, values.length]),
    [['300', 4]],
  );
  await (await one.open()).cleanUp(FIRST);
  await (await one.open()).cleanUp(FIRST);
  assert.deepEqual(one.values(FQDN), ['theirs', 'also theirs', SECOND.value]);
  await (await one.open()).cleanUp(SECOND);
  assert.deepEqual(one.values(FQDN), ['theirs', 'also theirs']);
});

test('a set made by hand that changes meanwhile is a conflict, not a loss', async () => {
  await using one = await start(CONFIG, true);
  one.seed(FQDN, 'theirs');
  one.world.fault = ({ method, body }) => {
    if (method === 'POST' && body.includes('<Action>CREATE</Action>'))
      one.server.sets[0]?.values.push('"newer"');
    return undefined;
  };
  await assert.rejects((await one.open()).present(FIRST), { code: 'dns-provider/conflict', retryable: true });
  assert.deepEqual(one.values(FQDN), ['theirs', 'newer']);
});

test('who may not list record sets can still clean up', async () => {
  await using one = await start();
  one.world.fault = ({ method, url }) =>
    method === 'GET' && url.pathname.endsWith('/rrset')
      ? {
          status: 403,
          body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
        }
      : undefined;
  await (await one.open()).cleanUp(FIRST);
});

test('of several zones the longest public one is taken', async () => {
  await using one = await start();
  one.server.zones = [
    { id: 'Z0', name: 'com.' },
    { id: 'ZPRIVATE', name: 'example.com.', isPrivate: true },
    { id: 'Z1EXAMPLE', name: 'example.com.' },
    { id: 'Z9', name: 'ample.com.' },
  ];
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.values(FQDN), [FIRST.value]);
});

test('the zone is found on the second page, behind private ones of the same name', async () => {
  await using one = await start();
  one.server.pageSize = 2;
  one.server.zones = [
    { id: 'ZP1', name: 'example.com.', isPrivate: true },
    { id: 'ZP2', name: 'example.com.', isPrivate: true },
    { id: 'Z1EXAMPLE', name: 'example.com.' },
  ];
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.values(FQDN), [FIRST.value]);
});

test('a zone that the account does not have', async () => {
  await using one = await start();
  one.server.zones = [{ id: 'Z9', name: 'example.org.' }];
  await assert.rejects((await one.open()).present(FIRST), {
    code: 'dns-provider/zone-not-found',
    message:
      /^failed to determine Route 53 hosted zone ID: Zone example\.com\. not found in Route 53 for domain _acme/u,
  });
});

for (const hostedZoneID of ['Z1EXAMPLE', '/hostedzone/Z1EXAMPLE'])
  test(`hostedZoneID ${hostedZoneID} needs no look-up`, async () => {
    await using one = await start({ ...CONFIG, hostedZoneID });
    await (await one.open()).present(FIRST);
    assert.ok(one.world.lines[0]?.startsWith('POST route53.amazonaws.com/2013-04-01/hostedzone/Z1EXAMPLE/'));
  });

test('a change that never gets in sync ends after two minutes', async () => {
  await using one = await start();
  one.server.pending = Number.POSITIVE_INFINITY;
  await assert.rejects((await one.open()).present(FIRST), { code: 'dns-provider/timeout', retryable: true });
  assert.equal(
    one.world.waits.reduce((sum, ms) => sum + ms, 0),
    120_000,
  );
});

test('throttling is waited for, and then told', async () => {
  await using one = await start();
  const throttled = {
    status: 400,
    body: '<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>',
  };
  one.world.fault = (_request, index) => (index < 2 ? throttled : undefined);
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.world.waits.slice(0, 2), [1000, 2000]);
  one.world.fault = () => throttled;
  await assert.rejects((await one.open()).present(FIRST), {
    code: 'dns-provider/throttled',
    retryable: true,
    reason: 'Throttling',
  });
});

test('values with quotes and markup reach the zone as they are', async () => {
  await using one = await start();
  const odd = txt('a"b\\c<d>&amp;');
  await (await one.open()).present(odd);
  assert.deepEqual(one.values(FQDN), [odd.value]);
  await (await one.open()).cleanUp(odd);
  assert.deepEqual(one.values(FQDN), []);
});

for (const [region, host, signing] of [
  ['cn-north-1', 'route53.amazonaws.com.cn', 'cn-northwest-1'],
  ['us-gov-east-1', 'route53.us-gov.amazonaws.com', 'us-gov-west-1'],
  ['eusc-de-east-1', 'route53.amazonaws.eu', 'eusc-de-east-1'],
] as const)
  test(`the partition of ${region} has its own endpoint`, async () => {
    await using one = await start({ ...CONFIG, region });
    Object.assign(one.server, { host, region: signing });
    await (await one.open()).present(FIRST);
    assert.deepEqual(one.values(FQDN), [FIRST.value]);
  });
