/** Which settings reach the client of an account, and when it is another client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcmeClient } from '../../acme/acme-client.ts';
import { AcmeConfigurationError } from '../../acme/errors.ts';
import type { AcmeIssuer } from '../../api/issuer-acme.ts';
import type { AnyIssuer } from '../issuer.ts';
import type { AccountKey } from './account-key.ts';
import { AccountShelf, type AccountSettings } from './account-shelf.ts';

const uri = 'https://ca.example/acct/1';

function issuer(acme: Partial<AcmeIssuer> = {}, ready = true): AnyIssuer {
  const made: AnyIssuer = {
    metadata: { name: 'acme', uid: 'u' },
    spec: { acme: { server: 'https://ca.example/dir', privateKeySecretRef: { name: 'account' }, ...acme } },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '' }],
      acme: { uri, lastPrivateKeyHash: 'digest' },
    },
  };
  return made;
}

function open() {
  const opened: AccountSettings[] = [];
  const closed: string[] = [];
  const state: { key: AccountKey | undefined; version: string | undefined; fault?: Error; reads: number } = {
    key: { pem: 'PEM', fingerprint: 'digest' },
    version: '1',
    reads: 0,
  };
  const shelf = new AccountShelf({
    open: (settings) => {
      if (state.fault !== undefined) throw state.fault;
      opened.push(settings);
      return { close: () => Promise.resolve(void closed.push(settings.server)) } as unknown as AcmeClient;
    },
    readKey: () => {
      state.reads++;
      return Promise.resolve(state.key);
    },
    keyVersion: () => state.version,
  });
  return { shelf, opened, closed, state };
}

test('what the spec says of the server reaches the client', async () => {
  const { shelf, opened } = open();
  await shelf.clientFor(issuer());
  assert.deepEqual(opened.pop(), {
    server: 'https://ca.example/dir',
    privateKey: 'PEM',
    skipTLSVerify: false,
    accountUrl: uri,
  });
  const caBundle = Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64');
  await shelf.clientFor(issuer({ caBundle }));
  assert.deepEqual(opened.pop(), {
    server: 'https://ca.example/dir',
    privateKey: 'PEM',
    skipTLSVerify: false,
    accountUrl: uri,
    caBundle: '-----BEGIN CERTIFICATE-----',
  });
  await shelf.clientFor(issuer({ skipTLSVerify: true }));
  assert.equal(opened.pop()?.skipTLSVerify, true);
});

test('the same settings are the same client, without a look at the key; each other setting is another', async () => {
  const { shelf, opened, closed, state } = open();
  const first = await shelf.clientFor(issuer());
  assert.equal(await shelf.clientFor(issuer({ email: 'new@example.com' })), first);
  assert.equal(state.reads, 1);
  const others: Partial<AcmeIssuer>[] = [
    { server: 'https://other.example/dir' },
    { skipTLSVerify: true },
    { caBundle: 'AAAA' },
    { privateKeySecretRef: { name: 'other' } },
  ];
  for (const other of others) assert.notEqual(await shelf.clientFor(issuer(other)), first);
  assert.equal(opened.length, 5);
  assert.equal(closed.length, 4, 'each in the place of the one before');
  // A Secret that was written again with the same key changes nothing.
  const last = await shelf.clientFor(issuer());
  state.version = '2';
  assert.equal(await shelf.clientFor(issuer()), last);
});

test('no client without a proven account and its very key', async () => {
  const { shelf, opened, state } = open();
  assert.equal(await shelf.clientFor(issuer({}, false)), undefined);
  const unregistered = issuer();
  unregistered.status = { conditions: unregistered.status?.conditions ?? [] };
  assert.equal(await shelf.clientFor(unregistered), undefined);
  assert.equal(state.reads, 0);
  state.key = undefined;
  assert.equal(await shelf.clientFor(issuer()), undefined);
  state.key = { pem: 'PEM', fingerprint: 'of another key' };
  assert.equal(await shelf.clientFor(issuer()), undefined);
  assert.deepEqual(opened, []);
});

test('settings that cannot be used are no client; other faults are told', async () => {
  const { shelf, state } = open();
  state.fault = new AcmeConfigurationError('no such proxy');
  assert.equal(await shelf.clientFor(issuer()), undefined);
  state.fault = new TypeError('ours');
  await assert.rejects(shelf.clientFor(issuer()), TypeError);
});

test('an account that the CA does not know is doubted once, until it is proven again or forgotten', async () => {
  const { shelf, closed } = open();
  const told: string[] = [];
  shelf.onDistrust(({ metadata }) => void told.push(metadata?.uid ?? ''));
  await shelf.clientFor(issuer());
  shelf.distrust(issuer());
  shelf.distrust(issuer());
  assert.deepEqual(told, ['u']);
  assert.equal(closed.length, 1);
  assert.equal(shelf.isDistrusted(issuer()), true);
  shelf.trust(issuer());
  assert.equal(shelf.isDistrusted(issuer()), false);
  shelf.distrust(issuer());
  shelf.forget('u');
  assert.equal(shelf.isDistrusted(issuer()), false);
});
