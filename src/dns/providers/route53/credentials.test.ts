import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FIRST, FQDN } from '../testing/behaviour.ts';
import { ProviderWorld, type WorldOptions } from '../testing/provider-world.ts';
import { regionOf, type Route53Config } from './credentials.ts';
import { route53 } from './provider.ts';
import { Route53Server } from './testing.ts';

const ROLE = 'arn:aws:iam::123456789012:role/dns';
const STATIC = { id: 'AKIDEXAMPLE', secret: 'static-secret-access-key' };
const OF_ROLE = { id: 'ASIAROLE', secret: 'role-secret-key', session: 'role-session-token' };
const key = { name: 'aws', key: 'secret' };

async function present(config: Route53Config, options: WorldOptions = {}): Promise<ProviderWorld> {
  const server = new Route53Server([STATIC, OF_ROLE]);
  const world = await ProviderWorld.start(server.answer, {
    secrets: { 'aws/secret': STATIC.secret, 'aws/id': STATIC.id, 'aws/empty': '', 'aws/newline': 'a\nb' },
    tokens: { dns: 'k8s-token' },
    ...options,
  });
  try {
    await (await route53.create(config, world.environment)).present(FIRST);
    assert.equal(server.sets[0]?.name, FQDN);
    return world;
  } finally {
    await world[Symbol.asyncDispose]();
  }
}

/** What STS was asked, and with which key Route 53 was. */
function keysOf(world: ProviderWorld): string[] {
  return world.requests.slice(0, 2).map(({ url, headers, body }) => {
    const id = /Credential=([^/]+)/u.exec(headers.authorization ?? '')?.[1] ?? 'nobody';
    return `${url.host} ${new URLSearchParams(body).get('Action') ?? ''} ${id}`.replace('  ', ' ');
  });
}

test('static keys, with the ID in the issuer or in a Secret', async () => {
  for (const id of [{ accessKeyID: STATIC.id }, { accessKeyIDSecretRef: { name: 'aws', key: 'id' } }]) {
    const world = await present({ ...id, secretAccessKeySecretRef: key });
    assert.deepEqual(keysOf(world)[0], 'route53.amazonaws.com AKIDEXAMPLE');
  }
});

test('a role on top of static keys', async () => {
  const world = await present({
    accessKeyID: STATIC.id,
    secretAccessKeySecretRef: key,
    role: ROLE,
    region: 'eu-west-1',
  });
  assert.deepEqual(keysOf(world), [
    'sts.eu-west-1.amazonaws.com AssumeRole AKIDEXAMPLE',
    'route53.amazonaws.com ASIAROLE',
  ]);
});

test('the token of a ServiceAccount comes before all else, also before static keys', async () => {
  const auth = { kubernetes: { serviceAccountRef: { name: 'dns' } } };
  const world = await present({
    auth,
    role: ROLE,
    accessKeyID: STATIC.id,
    secretAccessKeySecretRef: key,
    region: 'us-west-2',
  });
  assert.deepEqual(keysOf(world), [
    'sts.us-west-2.amazonaws.com AssumeRoleWithWebIdentity nobody',
    'route53.amazonaws.com ASIAROLE',
  ]);
});

const PREFIX = 'unable to construct route53 provider:';
for (const [what, config, message] of [
  ['no credentials', {}, `${PREFIX} empty credentials; perhaps you meant to enable ambient credentials?`],
  ['an ID alone', { accessKeyID: STATIC.id }, `${PREFIX} only one of access and secret key was provided`],
  [
    'a key alone',
    { secretAccessKeySecretRef: key },
    `${PREFIX} only one of access and secret key was provided`,
  ],
  [
    'an empty key',
    { accessKeyID: STATIC.id, secretAccessKeySecretRef: { name: 'aws', key: 'empty' } },
    `${PREFIX} only one of access and secret key was provided`,
  ],
  [
    'a token without a role',
    { auth: { kubernetes: { serviceAccountRef: { name: 'dns' } } } },
    `${PREFIX} role must be set when web identity token is set`,
  ],
  [
    'two IDs',
    {
      accessKeyID: STATIC.id,
      accessKeyIDSecretRef: { name: 'aws', key: 'id' },
      secretAccessKeySecretRef: key,
    },
    `${PREFIX} accessKeyID and accessKeyIDSecretRef exclude each other`,
  ],
  [
    'a newline within',
    { accessKeyID: STATIC.id, secretAccessKeySecretRef: { name: 'aws', key: 'newline' } },
    'the AWS secret access key is invalid (does the secret access key contain a newline?)',
  ],
  [
    'a region that is a host',
    { accessKeyID: STATIC.id, secretAccessKeySecretRef: key, region: 'x.evil.test/' },
    '"x.evil.test/" is no AWS region; regions look like eu-central-1',
  ],
] as const)
  test(`refused: ${what}`, () => assert.rejects(present(config), { message }));

test('a role that is refused says so in the words of the peer', async () => {
  const server = new Route53Server([STATIC]);
  await using world = await ProviderWorld.start(server.answer, { secrets: { 'aws/secret': STATIC.secret } });
  world.fault = () => ({
    status: 403,
    body: '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized</Message></Error><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ErrorResponse>',
  });
  const config = { accessKeyID: STATIC.id, secretAccessKeySecretRef: key, role: ROLE };
  await assert.rejects(route53.create(config, world.environment), {
    code: 'dns-provider/denied',
    message:
      'unable to assume role: AWS STS answered 403 to AssumeRole: AccessDenied: User is not authorized',
  });
});

test("the machine's region wins only where its credentials may be used", async () => {
  const environment = { AWS_REGION: 'eu-north-1' };
  for (const [ambient, expected] of [
    [true, 'eu-north-1'],
    [false, 'us-east-2'],
  ] as const) {
    await using world = await ProviderWorld.start(() => ({ status: 500 }), { ambient, environment });
    assert.equal(regionOf({ region: 'us-east-2' }, world.environment), expected);
  }
});

test("ambient credentials come by Amazon's own chain, and a role goes on top", async () => {
  const variables = { AWS_ACCESS_KEY_ID: STATIC.id, AWS_SECRET_ACCESS_KEY: STATIC.secret };
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    const plain = await present({}, { ambient: true });
    assert.equal(keysOf(plain)[0], 'route53.amazonaws.com AKIDEXAMPLE');
    const role = await present({ role: ROLE }, { ambient: true });
    assert.deepEqual(keysOf(role), [
      'sts.amazonaws.com AssumeRole AKIDEXAMPLE',
      'route53.amazonaws.com ASIAROLE',
    ]);
  } finally {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
});
