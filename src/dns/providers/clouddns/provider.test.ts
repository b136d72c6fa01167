import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { behavesAsProvider, FIRST, FQDN, type ProviderUnderTest } from '../testing/behaviour.ts';
import { ProviderWorld, type RawAnswer, type RawRequest } from '../testing/provider-world.ts';
import { quoted, unquoted } from '../txt-value.ts';
import { cloudDNS, type CloudDnsConfig } from './provider.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const TOKEN = 'ya29.c.b0Aaekm1K-access-token';
const KEY = {
  type: 'service_account',
  project_id: 'my-project',
  private_key_id: 'key-id-1',
  private_key: PEM,
  client_email: 'dns@my-project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};
const CONFIG: CloudDnsConfig = {
  project: 'my-project',
  serviceAccountSecretRef: { name: 'gcp', key: 'key.json' },
};

interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  rrdatas: string[];
}

/** RFC 7523 §3, from the raw request. */
function assertAssertion({ headers, body }: RawRequest, now: number): void {
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
  const form = new URLSearchParams(body);
  assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [header = '', payload = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  assert.deepEqual(read(header), { alg: 'RS256', typ: 'JWT', kid: 'key-id-1' });
  assert.deepEqual(read(payload), {
    iss: KEY.client_email,
    scope: 'https://www.googleapis.com/auth/ndev.clouddns.readwrite',
    aud: 'https://oauth2.googleapis.com/token',
    iat: Math.trunc(now / 1000),
    exp: Math.trunc(now / 1000) + 3600,
  });
  const signed = Buffer.from(`${header}.${payload}`);
  assert.ok(verify('sha256', signed, createPublicKey(privateKey), Buffer.from(signature, 'base64url')));
}

async function start(
  config = CONFIG,
  secret = JSON.stringify(KEY),
): Promise<ProviderUnderTest & { sets: RecordSet[]; pending: number }> {
  const sets: RecordSet[] = [];
  let polls = 0;
  const answers = (request: RawRequest): RawAnswer => {
    const { method, url, headers, body } = request;
    if (url.host === 'oauth2.googleapis.com') {
      assertAssertion(request, world.environment.now());
      return { status: 200, body: { access_token: TOKEN, expires_in: 3599, token_type: 'Bearer' } };
    }
    assert.equal(url.origin, 'https://dns.googleapis.com');
    assert.equal(headers.authorization, `Bearer ${TOKEN}`);
    const where = url.pathname.replace('/dns/v1/projects/my-project/managedZones', '');
    const problem = (status: number, reason: string): RawAnswer => ({
      status,
      body: {
        error: { code: status, message: `${reason} happened`, errors: [{ reason, domain: 'global' }] },
      },
    });
    if (where === '')
      return {
        status: 200,
        body: {
          managedZones:
            url.searchParams.get('dnsName') === 'example.com.'
              ? [
                  { name: 'inside', dnsName: 'example.com.', visibility: 'private' },
                  { name: 'outside', dnsName: 'example.com.', visibility: 'public' },
                ]
              : [],
        },
      };
    if (where.startsWith('/outside/rrsets'))
      return {
        status: 200,
        body: {
          rrsets: sets.filter(({ name, type }) => name === url.searchParams.get('name') && type === 'TXT'),
        },
      };
    if (where.startsWith('/outside/changes/')) {
      polls += 1;
      return { status: 200, body: { id: '7', status: polls > started.pending ? 'done' : 'pending' } };
    }
    assert.deepEqual([method, where], ['POST', '/outside/changes']);
    const { additions, deletions } = JSON.parse(body) as { additions: RecordSet[]; deletions: RecordSet[] };
    for (const one of [...additions, ...deletions]) assert.equal(one.type, 'TXT');
    for (const gone of deletions)
      if (!sets.some((set) => JSON.stringify(set) === JSON.stringify(gone)))
        return problem(412, 'conditionNotMet');
    const rest = sets.filter((set) => !deletions.some(({ name }) => name === set.name));
    if (additions.some(({ name }) => rest.some((set) => set.name === name)))
      return problem(409, 'alreadyExists');
    sets.splice(0, sets.length, ...rest, ...additions);
    polls = 0;
    return {
      status: 200,
      body: { kind: 'dns#change', id: '7', status: started.pending > 0 ? 'pending' : 'done' },
    };
  };
  const world = await ProviderWorld.start(answers, { secrets: { 'gcp/key.json': secret } });
  const started = {
    world,
    sets,
    pending: 1,
    credentials: [TOKEN, PEM],
    open: () => cloudDNS.create(config, world.environment),
    values: (fqdn: string) =>
      sets.filter(({ name }) => name === fqdn).flatMap(({ rrdatas }) => rrdatas.map(unquoted)),
    seed: (fqdn: string, value: string) => {
      const set = sets.find(({ name }) => name === fqdn);
      if (set === undefined) sets.push({ name: fqdn, type: 'TXT', ttl: 300, rrdatas: [quoted(value)] });
      else set.rrdatas.push(quoted(value));
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
  return started;
}

behavesAsProvider('Cloud DNS', () => start());

test('a new set has a TTL of 60, a set of others keeps its own', async () => {
  await using one = await start();
  await (await one.open()).present(FIRST);
  assert.deepEqual(one.sets, [{ name: FQDN, type: 'TXT', ttl: 60, rrdatas: [`"${FIRST.value}"`] }]);
  one.sets.splice(0);
  one.seed(FQDN, 'theirs');
  await (await one.open()).present(FIRST);
  assert.equal(one.sets[0]?.ttl, 300);
});

test('hostedZoneName needs no look-up', async () => {
  await using one = await start({ ...CONFIG, hostedZoneName: 'outside' });
  await (await one.open()).present(FIRST);
  assert.ok(one.world.lines.every((line) => !line.includes('dnsName=')));
});

test('a project without the zone', async () => {
  await using one = await start();
  await assert.rejects((await one.open()).present({ ...FIRST, zone: 'other.test.' }), {
    code: 'dns-provider/zone-not-found',
  });
});

test('a change that stays pending ends after two minutes', async () => {
  await using one = await start();
  one.pending = Number.POSITIVE_INFINITY;
  await assert.rejects((await one.open()).present(FIRST), { code: 'dns-provider/timeout', retryable: true });
  assert.equal(one.world.waits.length, 120);
});

test('a quota is a brake, though Google says 403', async () => {
  await using one = await start();
  const provider = await one.open();
  one.world.fault = () => ({
    status: 403,
    body: { error: { message: 'Rate Limit Exceeded', errors: [{ reason: 'rateLimitExceeded' }] } },
  });
  await assert.rejects(provider.present(FIRST), { code: 'dns-provider/throttled', retryable: true });
});

test('a key that was revoked is a refusal', async () => {
  await using one = await start();
  one.world.fault = () => ({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
  });
  await assert.rejects(one.open(), {
    code: 'dns-provider/denied',
    message: `Google answered 400 to the login of ${KEY.client_email}: invalid_grant: Invalid JWT Signature.`,
  });
});

for (const [what, secret] of Object.entries({
  'no JSON': PEM,
  'another kind': JSON.stringify({ ...KEY, type: 'authorized_user' }),
  'no email': JSON.stringify({ ...KEY, client_email: undefined }),
  'a broken key': JSON.stringify({ ...KEY, private_key: PEM.slice(0, 200) }),
  'a token_uri elsewhere': JSON.stringify({
    ...KEY,
    token_uri: 'https://oauth2.googleapis.com.evil.test/token',
  }),
  'a token_uri without TLS': JSON.stringify({ ...KEY, token_uri: 'http://oauth2.googleapis.com/token' }),
}))
  test(`refused as a key: ${what}`, async () => {
    await using one = await start(CONFIG, secret);
    await assert.rejects(one.open(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'dns-provider/credentials');
      assert.ok(!error.message.includes('PRIVATE KEY') && error.cause === undefined, error.message);
      return true;
    });
    assert.equal(one.world.requests.length, 0);
  });

test('without a key, credentials of the machine need leave', async () => {
  await using one = await start({ project: 'my-project' });
  await assert.rejects(one.open(), {
    message:
      'unable to construct clouddns provider: empty credentials; perhaps you meant to enable ambient credentials?',
  });
});

test("ambient credentials come by Google's own package, over the HTTP of the process", async () => {
  await using one = await start();
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-adc-'));
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  try {
    const file = path.join(folder, 'adc.json');
    await writeFile(
      file,
      JSON.stringify({
        ...KEY,
        type: 'authorized_user',
        client_id: 'id',
        client_secret: 'cs',
        refresh_token: 'rt',
      }),
    );
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
    one.world.fault = ({ url, body }) => {
      if (url.host !== 'oauth2.googleapis.com') return undefined;
      assert.equal(new URLSearchParams(body).get('refresh_token'), 'rt');
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: { access_token: TOKEN, expires_in: 3599 },
      };
    };
    const provider = await cloudDNS.create(
      { project: 'my-project' },
      { ...one.world.environment, ambient: true },
    );
    await provider.present(FIRST);
    assert.deepEqual(one.values(FQDN), [FIRST.value]);
  } finally {
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
    await rm(folder, { recursive: true });
  }
});
