import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import { secrets } from '../../src/api/resources.ts';
import type { ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { OrdersWorld } from './acme-orders-world.ts';

const names = (count: number, of: string): string[] =>
  Array.from({ length: count }, (_, index) => `n${index}.${of}.example.test`);

test('one name, then a hundred in one certificate, with Pebble as it comes', async () => {
  await using world = await OrdersWorld.start();
  await world.issuer();
  await world.certificate('one', { dnsNames: ['one.example.test'] });
  const [leaf] = await world.chain('one');
  assert.deepEqual(leaf?.subjectAltNames.dnsNames, ['one.example.test']);
  const hundred = names(100, 'big');
  await world.certificate('big', { dnsNames: hundred });
  const [big] = await world.chain('big', 120);
  assert.deepEqual(big?.subjectAltNames.dnsNames.toSorted(), hundred.toSorted());
  assert.equal((await world.orders('big')).length, 1);
  assert.deepEqual(world.problems, []);
});

test('authorizations that the CA still holds valid are used again: no Challenge is made', async () => {
  await using world = await OrdersWorld.start({ authorizationReuse: 100 });
  await world.issuer();
  await world.certificate('first', { dnsNames: ['a.example.test', 'b.example.test'] });
  await world.chain('first');
  const accepted = world.requests('accept_challenge');
  await world.certificate('second', { dnsNames: ['b.example.test', 'a.example.test'] });
  await world.chain('second');
  assert.equal(world.requests('accept_challenge'), accepted);
});

test('addresses, a profile of the issuer, and one of the Certificate', async () => {
  const profiles = {
    default: { description: 'as ever', validityPeriod: 7_776_000 },
    week: { description: 'seven days', validityPeriod: 604_800 },
    day: { description: 'a day', validityPeriod: 86_400 },
  };
  await using world = await OrdersWorld.start({ profiles });
  await world.issuer({ profile: 'week' });
  await world.certificate('address', { ipAddresses: ['127.0.0.1'] });
  const [address] = await world.chain('address');
  assert.deepEqual(address?.subjectAltNames.ipAddresses, ['127.0.0.1']);
  const days = (certificate: ParsedCertificate | undefined): number => {
    const [from, to] = [certificate?.notBefore, certificate?.notAfter].map(Number) as [number, number];
    return Math.round((to - from) / 86_400_000);
  };
  assert.equal(days(address), 7);
  const annotations = { 'certwright.dev/acme-profile': 'day' };
  await world.certificate(
    'short',
    { dnsNames: ['short.example.test'], renewBeforePercentage: 30 },
    { annotations },
  );
  assert.equal(days((await world.chain('short'))[0]), 1);
});

test('a profile that the CA does not have ends the Order, in words that say which there are', async () => {
  await using world = await OrdersWorld.start();
  await world.issuer({ profile: 'nothing' });
  await world.certificate('web', { dnsNames: ['web.example.test'] });
  await assert.rejects(world.chain('web', 3), /does not advertise a profile with name nothing/u);
});

test('the preferred chain is taken where the CA offers it, and the default chain where not', async () => {
  await using world = await OrdersWorld.start({ alternateRoots: 2 });
  const { subject } = new X509Certificate(await world.pebble.root(2));
  const commonName = /CN=([^\n]*)/u.exec(subject)?.[1];
  await world.issuer({ preferredChain: commonName });
  await world.issuer({ preferredChain: 'No Such Root' }, 'other');
  await world.certificate('preferred', { dnsNames: ['a.example.test'] });
  await world.certificate('default', {
    dnsNames: ['b.example.test'],
    issuerRef: { name: 'other', kind: 'ClusterIssuer' },
  });
  const last = (await world.chain('preferred')).at(-1);
  const usual = (await world.chain('default')).at(-1);
  assert.notDeepEqual(last?.der, usual?.der);
});

test('a CA that wants an external account binding: said before, refused in words, and then bound', async () => {
  const keys = { kid1: Buffer.alloc(32, 7).toString('base64url') };
  await using world = await OrdersWorld.start({ externalAccounts: { required: true, keys } });
  await world.issuer();
  await world.issuerSays(/^False ErrRegisterACMEAccount: .*set spec\.acme\.externalAccountBinding/u);
  const externalAccountBinding = { keyID: 'kid1', keySecretRef: { name: 'eab', key: 'hmac' } };
  await world.issuer({ externalAccountBinding }, 'bound');
  await world.issuerSays(/^False ErrRegisterACMEAccount: .*secret "eab" not found/u, 'bound');
  await world.secret('eab', { hmac: Buffer.alloc(32, 8).toString('base64url') });
  await world.issuerSays(/^False ErrRegisterACMEAccount: .*(400|401|403)/u, 'bound');
  await world.client.delete(secrets, { namespace: 'system', name: 'eab' });
  await world.secret('eab', { hmac: keys.kid1 });
  await world.issuerSays(/^True ACMEAccountRegistered: /u, 'bound');
  await world.certificate('web', {
    dnsNames: ['web.example.test'],
    issuerRef: { name: 'bound', kind: 'ClusterIssuer' },
  });
  await world.chain('web');
});
