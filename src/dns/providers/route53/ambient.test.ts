import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { FIRST, FQDN } from '../testing/behaviour.ts';
import { ProviderWorld } from '../testing/provider-world.ts';
import { route53 } from './provider.ts';
import { Route53Server } from './testing.ts';

const OF_ROLE = { id: 'ASIAROLE', secret: 'role-secret-key', session: 'role-session-token' };

/** Amazon's chain reads the environment of the process itself. Nothing else of this machine may help it. */
async function withEnvironment(
  variables: (folder: string) => Record<string, string>,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-aws-'));
  const all = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: path.join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'none'),
    ...variables(folder),
  };
  const before = Object.keys(all).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, all);
  try {
    await run(folder);
  } finally {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    await rm(folder, { recursive: true });
  }
}

test('IRSA: the token of the file is exchanged by the package, over the HTTP of the process', () =>
  withEnvironment(
    (folder) => ({
      AWS_WEB_IDENTITY_TOKEN_FILE: path.join(folder, 'token'),
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/irsa',
      AWS_REGION: 'eu-central-1',
    }),
    async (folder) => {
      await writeFile(path.join(folder, 'token'), 'projected-token');
      const server = new Route53Server([OF_ROLE]);
      await using world = await ProviderWorld.start(server.answer, { ambient: true });
      world.fault = ({ url, body }) => {
        if (!url.host.startsWith('sts.')) return undefined;
        const form = new URLSearchParams(body);
        assert.deepEqual(
          [url.host, form.get('Action'), form.get('RoleArn'), form.get('WebIdentityToken')],
          [
            'sts.eu-central-1.amazonaws.com',
            'AssumeRoleWithWebIdentity',
            'arn:aws:iam::123456789012:role/irsa',
            'projected-token',
          ],
        );
        return {
          status: 200,
          headers: { 'content-type': 'text/xml' },
          body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${OF_ROLE.id}</AccessKeyId><SecretAccessKey>${OF_ROLE.secret}</SecretAccessKey><SessionToken>${OF_ROLE.session}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
        };
      };
      await (await route53.create({}, world.environment)).present(FIRST);
      assert.equal(server.sets[0]?.name, FQDN);
    },
  ));

test('pod identity: the agent is asked with the token of the file', async () => {
  const agent = createServer(({ headers }, response) => {
    if (headers.authorization !== 'pod-token') return void response.writeHead(401).end('{}');
    const body = {
      AccessKeyId: OF_ROLE.id,
      SecretAccessKey: OF_ROLE.secret,
      Token: OF_ROLE.session,
      Expiration: '2099-01-01T00:00:00Z',
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return undefined;
  });
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = agent.address() as AddressInfo;
    await withEnvironment(
      (folder) => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/v1/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path.join(folder, 'token'),
      }),
      async (folder) => {
        await writeFile(path.join(folder, 'token'), 'pod-token');
        const server = new Route53Server([OF_ROLE]);
        await using world = await ProviderWorld.start(server.answer, { ambient: true });
        await (await route53.create({}, world.environment)).present(FIRST);
        assert.equal(server.sets[0]?.name, FQDN);
      },
    );
  } finally {
    agent.closeAllConnections();
    agent.close();
  }
});

test('a machine without credentials says so', () =>
  withEnvironment(
    () => ({}),
    async () => {
      await using world = await ProviderWorld.start(() => ({ status: 500 }), { ambient: true });
      await assert.rejects(route53.create({}, world.environment), {
        code: 'dns-provider/credentials',
        retryable: false,
        message: /^this machine has no ambient credentials for AWS that work: /u,
      });
    },
  ));
