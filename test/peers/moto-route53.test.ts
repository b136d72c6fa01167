/** Route 53 and STS as moto plays them: what another implementation reads from our requests, and we from its answers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AwsApi } from '../../src/dns/providers/route53/aws-api.ts';
import type { Route53Config } from '../../src/dns/providers/route53/credentials.ts';
import { route53 } from '../../src/dns/providers/route53/provider.ts';
import { unquoted } from '../../src/dns/providers/txt-value.ts';
import { allAt, textAt } from '../../src/dns/providers/xml.ts';
import { startMoto, type Moto } from '../../tools/peers/moto/start.ts';
import { environmentOf, FIRST, motoPython, SECOND, txt } from './moto-world.ts';

const ROLE = 'arn:aws:iam::123456789012:role/dns';
let moto: Moto;
before(async () => {
  moto = await startMoto(motoPython);
});
after(() => moto[Symbol.asyncDispose]());

const KEYS: Route53Config = {
  accessKeyIDSecretRef: { name: 'aws', key: 'id' },
  secretAccessKeySecretRef: { name: 'aws', key: 'key' },
  region: 'eu-central-1',
};

/** What a person with the same account would do and see. */
function account(url: string): AwsApi {
  const endpoint = { url, region: 'us-east-1' };
  const keys = { accessKeyId: 'AKIDPERSON', secretAccessKey: 'person' };
  return new AwsApi(environmentOf(url), 'Route 53', 'route53', endpoint, keys);
}

async function createZone(name: string, isPrivate = false): Promise<string> {
  const inside = isPrivate ? '<VPC><VPCRegion>us-east-1</VPCRegion><VPCId>vpc-1</VPCId></VPC>' : '';
  const answer = await account(moto.url).call(
    {
      method: 'POST',
      path: '/2013-04-01/hostedzone',
      contentType: 'application/xml',
      body: `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>${name}</Name>${inside}<CallerReference>${name}${isPrivate}</CallerReference><HostedZoneConfig><Comment>test</Comment><PrivateZone>${isPrivate}</PrivateZone></HostedZoneConfig></CreateHostedZoneRequest>`,
    },
    'a new zone',
    undefined,
  );
  const id = textAt(answer, 'HostedZone', 'Id');
  assert.ok(id);
  return id.replace('/hostedzone/', '');
}

async function valuesIn(zone: string): Promise<string[]> {
  const path53 = `/2013-04-01/hostedzone/${zone}/rrset`;
  const answer = await account(moto.url).call({ method: 'GET', path: path53 }, 'the records', undefined);
  return allAt(answer, 'ResourceRecordSets', 'ResourceRecordSet')
    .filter((set) => textAt(set, 'Type') === 'TXT')
    .flatMap((set) =>
      allAt(set, 'ResourceRecords', 'ResourceRecord', 'Value').map(({ text }) => unquoted(text)),
    )
    .toSorted();
}

test('apex and wildcard: two values at one name, twice each, and away again', async () => {
  const zone = await createZone('example.com.');
  await createZone('example.com.', true);
  const open = () => route53.create(KEYS, environmentOf(moto.url));
  for (const record of [FIRST, SECOND, FIRST]) await (await open()).present(record);
  assert.deepEqual(await valuesIn(zone), [FIRST.value, SECOND.value].toSorted());
  for (const record of [FIRST, FIRST]) await (await open()).cleanUp(record);
  assert.deepEqual(await valuesIn(zone), [SECOND.value]);
  await (await open()).cleanUp(SECOND);
  assert.deepEqual(await valuesIn(zone), []);
});

test('a role is assumed with keys, and with the token of a ServiceAccount', async () => {
  const zone = await createZone('role.example.org.');
  const record = txt('value-of-the-role', 'role.example.org.');
  for (const config of [
    { ...KEYS, role: ROLE },
    { auth: { kubernetes: { serviceAccountRef: { name: 'dns' } } }, role: ROLE },
    { auth: { kubernetes: { serviceAccountRef: { name: 'dns' } } }, role: ROLE, region: 'eu-west-1' },
  ]) {
    await (await route53.create(config, environmentOf(moto.url))).present(record);
    assert.deepEqual(await valuesIn(zone), [record.value]);
    await (await route53.create(config, environmentOf(moto.url))).cleanUp(record);
    assert.deepEqual(await valuesIn(zone), []);
  }
});

test('a zone that the account does not have', async () => {
  const provider = await route53.create(KEYS, environmentOf(moto.url));
  await assert.rejects(provider.present(txt('x', 'nowhere.test.')), { code: 'dns-provider/zone-not-found' });
});

test('hostedZoneID that does not exist', async () => {
  const provider = await route53.create({ ...KEYS, hostedZoneID: 'Z000' }, environmentOf(moto.url));
  await assert.rejects(provider.present(FIRST), {
    code: 'dns-provider/refused',
    message: /^failed to change Route 53 record set: Route 53 answered 404 .*NoSuchHostedZone/u,
  });
});
