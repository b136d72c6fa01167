/** Garbage collection, namespaces, definitions, admission. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { startServer, widget, WIDGETS, widgetDefinition, type Asking, type Json } from './server-harness.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('collector', () => {
  let api: Asking;
  beforeEach(async () => {
    api = await startServer({
      admission: ({ object, operation }) =>
        operation === 'CREATE' && object?.metadata?.name === 'refused'
          ? { allowed: false, message: 'no such thing' }
          : { allowed: true, warnings: object?.metadata?.name === 'warned' ? ['mind the gap'] : [] },
    });
  });
  afterEach(() => api.close());

  async function family(block = false): Promise<void> {
    const { body } = await api.ask('POST', WIDGETS, widget('owner'));
    const owner = {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      name: 'owner',
      uid: body.metadata?.uid,
      blockOwnerDeletion: block,
    };
    await api.ask('POST', MAPS, { metadata: { name: 'child', ownerReferences: [owner] } });
  }
  const codes = async (): Promise<number[]> => [
    (await api.ask('GET', `${WIDGETS}/owner`)).code,
    (await api.ask('GET', `${MAPS}/child`)).code,
  ];

  test('background: the dependent follows', async () => {
    await family();
    await api.ask('DELETE', `${WIDGETS}/owner`);
    await api.server.settled();
    assert.deepEqual(await codes(), [404, 404]);
  });

  test('orphan: the dependent stays and forgets', async () => {
    await family();
    await api.ask('DELETE', `${WIDGETS}/owner?propagationPolicy=Orphan`);
    await api.server.settled();
    assert.deepEqual(await codes(), [404, 200]);
    assert.equal((await api.ask('GET', `${MAPS}/child`)).body.metadata?.ownerReferences, undefined);
  });

  test('foreground: the owner waits for a blocking dependent', async () => {
    await family(true);
    await api.ask(
      'PATCH',
      `${MAPS}/child`,
      { metadata: { finalizers: ['example.com/hold'] } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const deleted = await api.ask('DELETE', `${WIDGETS}/owner`, { propagationPolicy: 'Foreground' });
    assert.deepEqual(deleted.body.metadata?.finalizers, ['foregroundDeletion']);
    await api.server.settled();
    assert.deepEqual(await codes(), [200, 200]);
    await api.ask(
      'PATCH',
      `${MAPS}/child`,
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    );
    await api.server.settled();
    assert.deepEqual(await codes(), [404, 404]);
  });

  test('an owner that never was does not keep its dependent', async () => {
    const owner = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'owner', uid: 'nobody' };
    await api.ask('POST', MAPS, { metadata: { name: 'child', ownerReferences: [owner] } });
    await api.server.settled();
    assert.equal((await api.ask('GET', `${MAPS}/child`)).code, 404);
  });

  test('a namespace is emptied, takes nothing new, and goes', async () => {
    await api.ask('POST', '/api/v1/namespaces', { metadata: { name: 'n' } });
    await api.ask('POST', '/api/v1/namespaces/n/configmaps', {
      metadata: { name: 'c', finalizers: ['example.com/hold'] },
    });
    const going = await api.ask('DELETE', '/api/v1/namespaces/n');
    assert.deepEqual(going.body['status'], { phase: 'Terminating' });
    const late = await api.ask('POST', '/api/v1/namespaces/n/configmaps', { metadata: { name: 'd' } });
    assert.equal(late.code, 403);
    assert.equal(
      (late.body['details'] as { causes: { reason: string }[] }).causes[0]?.reason,
      'NamespaceTerminating',
    );
    await api.server.settled();
    assert.equal((await api.ask('GET', '/api/v1/namespaces/n')).code, 200);
    await api.ask(
      'PATCH',
      '/api/v1/namespaces/n/configmaps/c',
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    );
    await api.server.settled();
    assert.equal((await api.ask('GET', '/api/v1/namespaces/n')).code, 404);
    assert.equal(
      (await api.ask('POST', '/api/v1/namespaces/n/configmaps', { metadata: { name: 'd' } })).code,
      404,
    );
    assert.equal((await api.ask('DELETE', '/api/v1/namespaces/default')).code, 403);
  });

  test('a definition takes its objects with it and can come back', async () => {
    await api.ask('POST', WIDGETS, widget('w'));
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await api.ask('DELETE', `${path}/widgets.example.com`);
    await api.server.settled();
    assert.equal((await api.ask('GET', WIDGETS)).code, 404);
    const { body } = await api.ask('POST', path, widgetDefinition);
    const { conditions } = body['status'] as { conditions: { type: string; status: string }[] };
    assert.deepEqual(
      conditions.map(({ type, status }) => `${type}=${status}`),
      ['NamesAccepted=True', 'Established=True'],
    );
    assert.deepEqual((await api.ask('GET', WIDGETS)).body['items'], []);
  });

  test('a definition that is not structural is refused', async () => {
    const bad = structuredClone(widgetDefinition) as Json & typeof widgetDefinition;
    bad.metadata.name = 'gadgets.example.com';
    bad.spec.names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', shortNames: [] };
    (bad.spec.versions[0]!.schema.openAPIV3Schema.properties.spec as { type?: string }).type = undefined;
    const { code, body } = await api.ask(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      bad,
    );
    assert.equal(code, 422);
    assert.match(String(body['message']), /spec\.versions\[0\]\.schema\.openAPIV3Schema/);
  });

  test('admission refuses and warns', async () => {
    const refused = await api.ask('POST', WIDGETS, widget('refused'));
    assert.deepEqual(
      [refused.code, refused.body['message']],
      [403, 'widgets.example.com "refused" is forbidden: no such thing'],
    );
    assert.equal(
      (await api.ask('POST', WIDGETS, widget('warned'))).headers['warning'],
      '299 - "mind the gap"',
    );
  });
});
