/** Whatever a provider answers: our own errors come out, in bounded time, with bounded requests. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import * as fc from 'fast-check';

import type { ProviderEnvironment } from '../provider.ts';
import { DnsProviderError } from './errors.ts';
import { dnsProviderType } from './registry.ts';
import { FIRST } from './testing/behaviour.ts';

const pem = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;
const ref = { name: 'secret', key: 'entry' };
const serviceAccount = { type: 'service_account', client_email: 'a@b.test', private_key: pem };

/** A configuration that logs in, for each provider that speaks HTTP; and what the Secret has. */
const CONFIGURATIONS: Readonly<Record<string, { config: unknown; secret?: string }>> = {
  akamai: {
    config: {
      serviceConsumerDomain: 'x.test',
      clientTokenSecretRef: ref,
      clientSecretSecretRef: ref,
      accessTokenSecretRef: ref,
    },
  },
  cloudDNS: {
    config: { project: 'p', serviceAccountSecretRef: ref },
    secret: JSON.stringify(serviceAccount),
  },
  cloudflare: { config: { apiTokenSecretRef: ref } },
  route53: { config: { accessKeyID: 'id', secretAccessKeySecretRef: ref, role: 'arn:aws:iam::1:role/x' } },
  azureDNS: {
    config: {
      subscriptionID: 's',
      resourceGroupName: 'g',
      clientID: 'c',
      tenantID: 't',
      clientSecretSecretRef: ref,
    },
  },
  digitalocean: { config: { tokenSecretRef: ref } },
  acmeDNS: {
    config: { host: 'https://x.test', accountSecretRef: ref },
    secret: '{"example.com":{"username":"u","password":"p","subdomain":"s"}}',
  },
  httpreq: { config: { endpoint: 'https://x.test' } },
};

/** Words that the providers look for, so that random answers get past the first look. */
const vocabulary = [
  'id name type status result success errors content data links pages next domain_records',
  'rrsets rrdatas rdata managedZones properties etag TXTRecords value access_token total_pages',
  'result_info visibility ttl error message code',
].flatMap((line) => line.split(' '));
const words = fc.constantFrom(...vocabulary);
const texts = fc.oneof(
  fc.constantFrom(
    'TXT',
    'pending',
    'done',
    'PENDING',
    FIRST.value,
    `"${FIRST.value}"`,
    FIRST.fqdn,
    'example.com',
    '@',
  ),
  fc.string({ maxLength: 12 }),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(texts, fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(words, tie('json'), { maxKeys: 8 }),
  ),
}));
const elements = fc.constantFrom(
  ...[
    'HostedZones HostedZone Id Name Config PrivateZone IsTruncated NextDNSName ChangeInfo Status',
    'Error Code Message Messages ResourceRecordSets ResourceRecordSet AssumeRoleResult',
    'Credentials AccessKeyId SecretAccessKey SessionToken TTL Type InvalidChangeBatch',
  ].flatMap((line) => line.split(' ')),
);
const { xml } = fc.letrec<{ xml: string }>((tie) => ({
  xml: fc
    .tuple(
      elements,
      fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(
          'PENDING',
          'true',
          'example.com.',
          'TXT',
          '/change/C1',
          'Throttling',
          'InvalidChangeBatch',
          '10',
        ),
        fc.array(tie('xml'), { maxLength: 5 }).map((all) => all.join('')),
      ),
    )
    .map(([name, inside]) => `<${name}>${inside}</${name}>`),
}));
const answers = fc.array(
  fc.record({
    status: fc.constantFrom(200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 409, 412, 429, 500, 503),
    headers: fc.constantFrom(
      {},
      { 'retry-after': '99999999999' },
      { 'retry-after': 'never' },
      { 'retry-after': '-1' },
    ),
    body: fc.oneof(
      json.map((value) => JSON.stringify(value)),
      xml,
      fc.string({ maxLength: 40 }),
    ),
  }),
  { minLength: 1, maxLength: 8 },
);

const surroundings = {
  serviceAccountToken: () => Promise.reject(new Error('none')),
  ambient: false,
  environment: {},
  zoneOf: (fqdn: string) => Promise.resolve(fqdn),
  programs: {},
};

for (const [key, { config, secret = 'credential' }] of Object.entries(CONFIGURATIONS))
  test(`${key}: answers that are nested deeper than they can be written out`, async () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    for (const good of ['"x"', '[{"id":"x","name":"x"}]'])
      for (const word of vocabulary) {
        const rest = vocabulary.filter((one) => one !== word).map((one) => `"${one}":${good},`);
        let now = 0;
        const environment: ProviderEnvironment = {
          ...surroundings,
          secret: () => Promise.resolve(secret),
          http: {
            request: () =>
              Promise.resolve({ status: 200, headers: {}, body: `{${rest.join('')}"${word}":${deep}}` }),
          },
          now: () => now,
          wait: (ms) => {
            now += ms;
            return Promise.resolve();
          },
        };
        try {
          await (await dnsProviderType(key)?.create(config, environment))?.present(FIRST);
        } catch (error) {
          assert.ok(error instanceof DnsProviderError, error instanceof Error ? error.stack : String(error));
        }
      }
  });

for (const [key, { config, secret = 'credential' }] of Object.entries(CONFIGURATIONS))
  test(`${key}: any answers`, async () => {
    const type = dnsProviderType(key);
    assert.ok(type);
    await fc.assert(
      fc.asyncProperty(answers, async (script) => {
        let requests = 0;
        let now = 0;
        const environment: ProviderEnvironment = {
          ...surroundings,
          secret: () => Promise.resolve(secret),
          http: {
            request: () => {
              // The last answer goes on for ever.
              const answer = script[Math.min(requests, script.length - 1)];
              requests += 1;
              assert.ok(requests < 600 && answer, 'requests are bounded');
              return Promise.resolve(answer);
            },
          },
          now: () => now,
          wait: (ms) => {
            assert.ok(ms > 0 && ms <= 30_000, `waits are bounded: ${ms}`);
            now += ms;
            return Promise.resolve();
          },
        };
        for (const operation of ['present', 'cleanUp'] as const)
          try {
            const provider = await type.create(config, environment);
            await provider[operation](FIRST);
          } catch (error) {
            assert.ok(
              error instanceof DnsProviderError,
              error instanceof Error ? error.stack : String(error),
            );
            assert.ok(error.message.length < 1500);
          }
        assert.ok(now < 600_000, 'all waiting together is bounded');
      }),
      { numRuns: key === 'cloudDNS' ? 60 : 250 },
    );
  });

test('every provider that speaks HTTP is here', () => {
  assert.deepEqual(
    Object.keys(CONFIGURATIONS).filter((key) => dnsProviderType(key) === undefined),
    [],
  );
});
