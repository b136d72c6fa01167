/** Which Secrets a solver names, and which changes of them count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import type { Solver } from '../../api/solver.ts';
import type { SharedInformers } from '../context.ts';
import { Credentials } from './credentials.ts';
import { Memories } from './memory.ts';

const rfc2136: Solver = {
  dns01: { rfc2136: { nameserver: '192.0.2.1', tsigSecretSecretRef: { name: 'tsig', key: 'secret' } } },
};

function challengeWith(solver: Solver, kind = 'Issuer'): Challenge {
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 'u' },
    spec: {
      url: '',
      authorizationURL: '',
      dnsName: 'web.example',
      wildcard: false,
      type: 'DNS-01',
      token: '',
      key: '',
      solver,
      issuerRef: { name: 'acme', kind },
    },
  };
}

function world() {
  const versions = new Map<string, string>();
  let now = 1_000_000;
  const get = (key: string) => {
    const resourceVersion = versions.get(key);
    return resourceVersion === undefined ? undefined : { resourceVersion };
  };
  const informers = {
    secrets: { get: () => undefined },
    otherSecrets: { get },
  } as unknown as SharedInformers;
  const credentials = new Credentials({
    informers,
    clock: { now: () => now } as never,
    options: { clusterResourceNamespace: 'system' },
  });
  return { versions, credentials, pass: (ms: number) => void (now += ms), now: () => now };
}

test('references are found wherever they are, in the namespace that they are read in', () => {
  const { credentials } = world();
  const webhook = {
    groupName: 'g',
    solverName: 's',
    config: { auth: [{ apiKeySecretRef: { name: 'api' } }] },
  };
  credentials.keep('shop/a', challengeWith(rfc2136));
  credentials.keep('shop/b', challengeWith(rfc2136, 'ClusterIssuer'));
  credentials.keep('shop/c', challengeWith({ dns01: { webhook } }));
  assert.deepEqual(credentials.usersOf('shop/tsig'), ['shop/a']);
  assert.deepEqual(credentials.usersOf('system/tsig'), ['shop/b']);
  assert.deepEqual(credentials.usersOf('shop/api'), ['shop/c']);
  credentials.keep('shop/a', undefined);
  assert.deepEqual(credentials.usersOf('shop/tsig'), []);
});

test('a configuration as deep or as wide as somebody likes is read to a bound', () => {
  const { credentials } = world();
  let deep: Record<string, unknown> = { keySecretRef: { name: 'deep' } };
  for (let depth = 0; depth < 1000; depth++) deep = { deep };
  const wide = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [`k${at}SecretRef`, { name: `s${at}` }]),
  );
  for (const [key, config] of Object.entries({ deep, wide }))
    credentials.keep(key, challengeWith({ dns01: { webhook: { groupName: 'g', solverName: 's', config } } }));
  assert.deepEqual(credentials.usersOf('shop/deep'), []);
  assert.deepEqual(credentials.usersOf('shop/s31'), ['wide']);
  assert.deepEqual(credentials.usersOf('shop/s32'), []);
});

test('a change while the attempt was under way counts, and no change counts twice', () => {
  const { credentials, versions, pass, now } = world();
  const challenge = challengeWith(rfc2136);
  const memory = new Memories().of('shop/web', 'u');
  const begun = credentials.versionsOf(challenge);
  versions.set('shop/tsig', '7');
  memory.dueMs = now() + 300_000;
  credentials.failed(memory, begun);
  assert.equal(credentials.reconsider(challenge, memory), true);
  assert.equal(memory.dueMs, now() + 5_000, 'not at once: it has just failed');
  assert.equal(credentials.reconsider(challenge, memory), false);
  pass(60_000);
  memory.dueMs = now() + 300_000;
  credentials.failed(memory, credentials.versionsOf(challenge));
  assert.equal(credentials.reconsider(challenge, memory), false);
  pass(60_000);
  versions.set('shop/tsig', '8');
  assert.equal(credentials.reconsider(challenge, memory), true);
  assert.equal(memory.dueMs, now());
});

test('solvers without Secrets, and attempts that did not fail, are left alone', () => {
  const { credentials } = world();
  const listener = challengeWith({ http01: { ingress: {} } });
  assert.equal(credentials.versionsOf(listener), undefined);
  const memory = new Memories().of('shop/web', 'u');
  memory.dueMs = 5;
  assert.equal(credentials.reconsider(challengeWith(rfc2136), memory), false);
  assert.equal(memory.dueMs, 5);
});
