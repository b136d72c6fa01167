/** moto checks signatures with botocore, and policies: ours hold there, and the actions in the policy of docs/dns-providers.md are enough. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { AwsV4Signer } from 'aws4fetch';
import type { Route53Config } from '../../src/dns/providers/route53/credentials.ts';
import { route53 } from '../../src/dns/providers/route53/provider.ts';
import { parseXml, textAt, type XmlElement } from '../../src/dns/providers/xml.ts';
import { startMoto } from '../../tools/peers/moto/start.ts';
import { environmentOf, FIRST, motoPython } from './moto-world.ts';

/** The calls before moto begins to check: user, key, policy, zone. */
const PREPARED = 4;

/** A call of the account's owner. */
async function call(url: string, service: string, body: string, query = ''): Promise<XmlElement> {
  const { headers } = await new AwsV4Signer({
    method: 'POST',
    url: url + query,
    body,
    service,
    region: 'us-east-1',
    accessKeyId: 'AKIDOWNER',
    secretAccessKey: 'owner',
    headers: { 'content-type': query === '' ? 'application/x-www-form-urlencoded' : 'application/xml' },
  }).sign();
  const answer = await fetch(url + query, { method: 'POST', headers, body });
  const root = parseXml(await answer.text());
  assert.ok(answer.ok && root, `${answer.status} to ${body}`);
  return root;
}

function policyOfTheDocs(): string {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/dns-providers.md'), 'utf8');
  const block = /```json\n(\{\n {2}"Version": "2012-10-17"[\s\S]*?)```/u.exec(page)?.[1];
  assert.ok(block, 'docs/dns-providers.md has a policy');
  const policy = JSON.parse(block) as { Statement: { Resource: string }[] };
  // moto knows the resource of few actions, and asks for all of them with `*`: the actions are what it can check.
  for (const statement of policy.Statement) statement.Resource = '*';
  return JSON.stringify(policy);
}

test('signatures hold for botocore, the documented actions are enough, and nothing else gets in', async () => {
  await using moto = await startMoto(motoPython, PREPARED);
  const iam = (form: Record<string, string>): Promise<XmlElement> =>
    call(
      moto.url,
      'iam',
      new URLSearchParams({ ...form, Version: '2010-05-08', UserName: 'dns' }).toString(),
    );
  await iam({ Action: 'CreateUser' });
  const made = await iam({ Action: 'CreateAccessKey' });
  await iam({ Action: 'PutUserPolicy', PolicyName: 'dns', PolicyDocument: policyOfTheDocs() });
  const zone = await call(
    moto.url,
    'route53',
    '<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>example.com.</Name><CallerReference>1</CallerReference><HostedZoneConfig><Comment>test</Comment></HostedZoneConfig></CreateHostedZoneRequest>',
    '/2013-04-01/hostedzone',
  );
  const [id, key] = ['AccessKeyId', 'SecretAccessKey'].map((name) =>
    textAt(made, 'CreateAccessKeyResult', 'AccessKey', name),
  );
  assert.ok(id !== undefined && key !== undefined);
  const open = (secret: string) => {
    const config: Route53Config = {
      accessKeyID: id,
      secretAccessKeySecretRef: { name: 'aws', key: 'key' },
      // moto leaves the query out of what it signs, so the look-up by name cannot be checked here.
      hostedZoneID: textAt(zone, 'HostedZone', 'Id') ?? '',
    };
    return route53.create(config, environmentOf(moto.url, { secret: () => Promise.resolve(secret) }));
  };
  await (await open(key)).present(FIRST);
  await (await open(key)).cleanUp(FIRST);
  await assert.rejects((await open('wrong')).present(FIRST), {
    code: 'dns-provider/denied',
    reason: 'SignatureDoesNotMatch',
  });
});
