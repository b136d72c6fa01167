import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ConfigMap, Secret } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, secrets } from '../../api/resources.ts';
import { systemClock } from '../../kube/clock.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { RestoreError } from '../errors.ts';
import { createServer, type EmbeddedServer } from '../server.ts';

const creationTimestamp = '2020-02-02T02:02:02Z';

function configMap(name: string, uid: string, metadata: object = {}): ConfigMap {
  const kept = { namespace: 'default', name, uid, creationTimestamp, resourceVersion: '7', ...metadata };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: kept, data: { a: name } };
}

describe('restoring objects', () => {
  let server: EmbeddedServer;
  const client = (): ReturnType<typeof createKubeClient> =>
    createKubeClient({
      baseUrl: 'http://embedded',
      dispatcher: server.dispatcher(),
      clock: systemClock,
      random: () => 0,
    });
  const refuses = (objects: readonly KubeObject[], pattern: RegExp): Promise<void> =>
    assert.rejects(server.restore(objects), (error) => {
      assert.ok(error instanceof RestoreError);
      assert.match(error.message, pattern);
      return true;
    });
  beforeEach(async () => {
    server = await createServer({ dataDir: ':memory:' });
  });
  afterEach(() => server.close());

  test('keeps everything but the resourceVersion', async () => {
    const managedFields = [
      {
        manager: 'someone',
        operation: 'Apply',
        apiVersion: 'v1',
        time: creationTimestamp,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:a': {} } },
      },
    ];
    await server.restore([configMap('one', 'uid-1', { managedFields, labels: { b: 'c' } })]);
    const found = await client().get<ConfigMap>(configMaps, { namespace: 'default', name: 'one' });
    const { resourceVersion, ...metadata } = found.metadata ?? {};
    assert.notEqual(resourceVersion, '7');
    const { resourceVersion: _old, ...given } = configMap('one', 'uid-1').metadata ?? {};
    assert.deepEqual(metadata, { ...given, managedFields, labels: { b: 'c' } });
    assert.deepEqual(found.data, { a: 'one' });
  });

  test('an owner and what it owns stay together, and go together later', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'uid-1' }];
    await server.restore([configMap('owned', 'uid-2', { ownerReferences }), configMap('owner', 'uid-1')]);
    await server.settled();
    const owned = { namespace: 'default', name: 'owned' };
    await client().get(configMaps, owned);
    await client().delete(configMaps, { namespace: 'default', name: 'owner' });
    await server.settled();
    await assert.rejects(client().get(configMaps, owned), NotFoundError);
  });

  test('stores all or none, and says which one cannot be stored and why', async () => {
    await server.restore([configMap('one', 'uid-1')]);
    const fine = configMap('fine', 'uid-9');
    await refuses([fine, configMap('one', 'uid-2')], /ConfigMap default\/one .*exists already/);
    await refuses([fine, configMap('two', 'uid-2'), configMap('two', 'uid-3')], /default\/two .*exists/);
    await refuses([fine, configMap('two', '')], /metadata\.uid/);
    await refuses([fine, configMap('two', 'uid-2', { namespace: 'nowhere' })], /"nowhere" does not exist/);
    await refuses([fine, { ...configMap('two', 'uid-2'), kind: 'Wonder' }], /no such kind/);
    await refuses([fine, configMap('Two', 'uid-2')], /metadata\.name/);
    const odd: ConfigMap & { oddity: number } = { ...configMap('two', 'uid-2'), oddity: 1 };
    await refuses([fine, odd], /unknown field oddity/);
    const secret: Secret = { ...configMap('s', 'uid-3'), kind: 'Secret', data: { a: 'not base64!' } };
    await refuses([fine, secret], /Secret default\/s cannot be restored: data/);
    const names = (await client().list<ConfigMap>(configMaps)).items.map(({ metadata }) => metadata?.name);
    assert.deepEqual(names, ['one']);
    assert.deepEqual((await client().list(secrets)).items, []);
  });

  test('a namespace may come with its objects', async () => {
    const namespace: KubeObject & { spec: object; status: object } = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'fresh', uid: 'uid-1', creationTimestamp },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    };
    await server.restore([configMap('one', 'uid-2', { namespace: 'fresh' }), namespace]);
    await server.settled();
    const found = await client().get<ConfigMap>(configMaps, { namespace: 'fresh', name: 'one' });
    assert.equal(found.metadata?.uid, 'uid-2');
  });
});
