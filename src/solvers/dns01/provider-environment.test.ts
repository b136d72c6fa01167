import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsProviderError } from '../../dns/providers/errors.ts';
import { ForbiddenError, TimeoutError } from '../../kube/errors.ts';
import { providerEnvironment } from './provider-environment.ts';
import { Dns01World } from './testing/dns01-world.ts';

const grants = { resourceNamespace: 'system', ambient: false };
const failsWith =
  (code: string, why: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DnsProviderError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, why);
    return true;
  };

test('Secrets of the namespace of the issuer, and of no other', async () => {
  const world = new Dns01World();
  await world.secret('here', { token: 'secret' });
  await world.secret('there', { token: 'secret' }, 'shop');
  const environment = providerEnvironment(world.deps, grants, []);
  assert.equal(await environment.secret({ name: 'here', key: 'token' }), 'secret');
  await assert.rejects(
    environment.secret({ name: 'there', key: 'token' }),
    failsWith('dns-provider/credentials', /Secret system\/there does not exist/u),
  );
  await assert.rejects(
    environment.secret({ name: 'here' }),
    failsWith('dns-provider/credentials', /which entry of Secret system\/here/u),
  );
  await assert.rejects(
    environment.secret({ name: 'here', key: 'constructor' }),
    failsWith('dns-provider/credentials', /no entry/u),
  );
  await assert.rejects(
    environment.secret({ name: '../shop/there', key: 'token' }),
    failsWith('dns-provider/credentials', /cannot exist/u),
  );
});

test('an API server that refuses or is silent is told apart', async () => {
  const world = new Dns01World();
  const environment = providerEnvironment(world.deps, grants, []);
  world.client.failure = new ForbiddenError('no');
  await assert.rejects(
    environment.secret({ name: 'a', key: 'b' }),
    failsWith('dns-provider/credentials', /may not read Secret system\/a/u),
  );
  world.client.failure = new TimeoutError('late');
  await assert.rejects(
    environment.secret({ name: 'a', key: 'b' }),
    failsWith('dns-provider/unavailable', /could not be read: late/u),
  );
});

test('a token of a ServiceAccount of that namespace, asked for as TokenRequest', async () => {
  const world = new Dns01World();
  world.reply = () => ({ kind: 'TokenRequest', status: { token: 'jwt' } });
  const environment = providerEnvironment(world.deps, grants, []);
  assert.equal(await environment.serviceAccountToken('dns', ['sts.amazonaws.com'], 600), 'jwt');
  const [request] = world.requests;
  assert.equal(request?.path, '/api/v1/namespaces/system/serviceaccounts/dns/token');
  assert.deepEqual(JSON.parse(request?.body ?? ''), {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['sts.amazonaws.com'], expirationSeconds: 600 },
  });
  await assert.rejects(
    environment.serviceAccountToken('../x', [], 600),
    failsWith('dns-provider/credentials', /cannot exist/u),
  );
  world.reply = () => ({ status: {} });
  await assert.rejects(
    environment.serviceAccountToken('dns', [], 600),
    failsWith('dns-provider/credentials', /gave no token/u),
  );
});

test('outside a cluster there are no tokens; without ambient credentials there is no environment', async () => {
  const cluster = new Dns01World();
  const world = new Dns01World({}, { settings: { ...cluster.deps.settings, inCluster: false } });
  const alone = providerEnvironment(world.deps, grants, []);
  await assert.rejects(
    alone.serviceAccountToken('dns', [], 600),
    failsWith('dns-provider/configuration', /in a cluster only/u),
  );
  assert.deepEqual([alone.ambient, alone.environment], [false, {}]);
  const granted = providerEnvironment(world.deps, { ...grants, ambient: true }, []);
  assert.equal(granted.environment['AWS_REGION'], 'eu-central-1');
});

test('zones are looked up with the servers of the solver', async () => {
  const world = new Dns01World({
    'SOA a.example. @203.0.113.9:53': {
      answers: [{ type: 'SOA', name: 'a.example.', ttl: 1, primary: 'n.', serial: 1, minimum: 1 }],
    },
  });
  assert.equal(
    await providerEnvironment(world.deps, grants, ['203.0.113.9:53']).zoneOf('b.a.example.'),
    'a.example.',
  );
});
