/** A mended Secret of an ACME issuer - external account key, account key - is looked at when it changes, whatever the back-off. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Secret } from '../../src/api/core.ts';
import { secrets } from '../../src/api/resources.ts';
import { problem } from '../../src/controllers/testing/fake-ca.ts';
import { encodePrivateKey } from '../../src/pki/keys.ts';
import { AcmeWorld } from './acme-world.ts';

const byTest = { fieldManager: 'test' };
const solvers = [{ http01: { ingress: {} } }];
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

async function change(acme: AcmeWorld, name: string, stringData: Record<string, string>): Promise<void> {
  const key = { namespace: 'kube-system', name };
  await acme.world.user.patch<Secret>(secrets, key, 'merge', { stringData }, byTest);
  await acme.world.settle();
}

const ready = async (acme: AcmeWorld): Promise<string | undefined> =>
  (await acme.getIssuer()).status?.conditions?.[0]?.status;

test('the MAC key of an external account binding', async (t) => {
  const acme = await AcmeWorld.start(t);
  acme.ca.directory = { ...acme.ca.directory, externalAccountRequired: true };
  let refusal: Error | undefined = problem(403, 'unauthorized', 'that MAC key has ended');
  acme.ca.onCall = (call) => {
    if (refusal !== undefined && call.startsWith('register')) throw refusal;
  };
  const metadata = { name: 'eab', namespace: 'kube-system' };
  const stringData = { mac: base64url('an old key of 32 octets or more..') };
  await acme.world.user.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, stringData }, byTest);
  await acme.issuer(solvers, {
    externalAccountBinding: { keyID: 'kid', keySecretRef: { name: 'eab', key: 'mac' } },
  });
  await acme.world.clock.advance(400_000);
  assert.equal(await ready(acme), 'False');
  refusal = undefined;
  const before = acme.world.clock.now();
  await change(acme, 'eab', { mac: base64url('a new key of 32 octets or more...') });
  assert.equal(await ready(acme), 'True');
  assert.equal(acme.world.clock.now(), before, 'no pause was waited for');
});

test('the account key', async (t) => {
  const acme = await AcmeWorld.start(t);
  await acme.issuer(solvers);
  await acme.world.settle();
  assert.equal(await ready(acme), 'True');
  await change(acme, 'account', { 'tls.key': 'no key' });
  await acme.world.clock.advance(400_000);
  assert.equal(await ready(acme), 'False');
  const before = acme.world.clock.now();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await change(acme, 'account', { 'tls.key': encodePrivateKey(privateKey) });
  assert.equal(await ready(acme), 'True');
  assert.equal(acme.world.clock.now(), before, 'no pause was waited for');
});
