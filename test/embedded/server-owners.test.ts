/** Owner references that are odd, late, many or half done: what the collector makes of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createServer } from '../../src/standalone/server.ts';
import { asker, startServer, widget, WIDGETS, widgetDefinition, type Asking } from './server-harness.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const ownerOf = (name: string, uid: string | undefined, block = false): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  name,
  uid,
  blockOwnerDeletion: block,
});

describe('owner references', () => {
  let api: Asking;
  beforeEach(async () => {
    api = await startServer();
  });
  afterEach(() => api.close());
  const make = async (name: string): Promise<string | undefined> =>
    (await api.ask('POST', WIDGETS, widget(name))).body.metadata?.uid;
  const map = (name: string, owners: object[], path = MAPS): Promise<unknown> =>
    api.ask('POST', path, { metadata: { name, ownerReferences: owners } });
  const has = async (path: string): Promise<boolean> => {
    await api.server.settled();
    return (await api.ask('GET', path)).code === 200;
  };

  test('a reference that turns dangling by an update takes the object with it', async () => {
    const uid = await make('w');
    await map('m', [ownerOf('w', uid)]);
    assert.equal(await has(`${MAPS}/m`), true);
    await api.ask('PATCH', `${MAPS}/m`, { metadata: { ownerReferences: [ownerOf('w', 'other')] } }, MERGE);
    assert.equal(await has(`${MAPS}/m`), false);
  });

  test('a dangling reference beside a solid one is only dropped, also when added later', async () => {
    const uid = await make('w');
    await map('m', [ownerOf('w', uid)]);
    const both = [ownerOf('w', uid), ownerOf('never', 'nobody')];
    await api.ask('PATCH', `${MAPS}/m`, { metadata: { ownerReferences: both } }, MERGE);
    assert.equal(await has(`${MAPS}/m`), true);
    const { body } = await api.ask('GET', `${MAPS}/m`);
    assert.deepEqual(
      body.metadata?.ownerReferences?.map(({ name }) => name),
      ['w'],
    );
  });

  test('an owner in another namespace is no owner', async () => {
    const uid = await make('w');
    await map('m', [ownerOf('w', uid)], '/api/v1/namespaces/kube-public/configmaps');
    assert.equal(await has('/api/v1/namespaces/kube-public/configmaps/m'), false);
    assert.equal(await has(`${WIDGETS}/w`), true);
  });

  test('an owner of no namespace owns what is in one', async () => {
    const { body } = await api.ask('POST', '/api/v1/namespaces', { metadata: { name: 'boss' } });
    await map('m', [{ apiVersion: 'v1', kind: 'Namespace', name: 'boss', uid: body.metadata?.uid }]);
    assert.equal(await has(`${MAPS}/m`), true);
    await api.ask('DELETE', '/api/v1/namespaces/boss');
    assert.equal(await has(`${MAPS}/m`), false);
  });

  test('an object of no namespace never goes because of an owner in one', async () => {
    const owner = ownerOf('never', 'nobody');
    await api.ask('POST', '/api/v1/namespaces', { metadata: { name: 'kept', ownerReferences: [owner] } });
    assert.equal(await has('/api/v1/namespaces/kept'), true);
  });

  test('foreground waits for blocking dependents only', async () => {
    const uid = await make('w');
    await map('blocks', [ownerOf('w', uid, true)]);
    await map('follows', [ownerOf('w', uid)]);
    for (const name of ['blocks', 'follows']) {
      await api.ask('PATCH', `${MAPS}/${name}`, { metadata: { finalizers: ['example.com/hold'] } }, MERGE);
    }
    await api.ask('DELETE', `${WIDGETS}/w?propagationPolicy=Foreground`);
    assert.equal(await has(`${WIDGETS}/w`), true);
    await api.ask('PATCH', `${MAPS}/blocks`, { metadata: { finalizers: null } }, MERGE);
    assert.equal(await has(`${WIDGETS}/w`), false);
    assert.equal(typeof (await api.ask('GET', `${MAPS}/follows`)).body.metadata?.deletionTimestamp, 'string');
  });

  test('a thousand dependents go one after the other, and requests are answered in between', async () => {
    const uid = await make('w');
    await Promise.all(Array.from({ length: 1000 }, (_, i) => map(`m${i}`, [ownerOf('w', uid, true)])));
    await api.ask('DELETE', `${WIDGETS}/w?propagationPolicy=Foreground`);
    let asked = 0;
    const settled = api.server.settled();
    let left = true;
    while (left) {
      left = (await api.ask('GET', `${WIDGETS}/w`)).code === 200;
      assert.equal((await api.ask('GET', '/readyz')).code, 200);
      asked++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await settled;
    assert.ok(asked > 100, `${asked} answers meanwhile`);
    assert.deepEqual((await api.ask('GET', MAPS)).body['items'], []);
  });
});

for (const policy of ['Background', 'Foreground', 'Orphan'] as const) {
  test(`a restart in the middle of ${policy} deletion, and of a namespace, finishes both`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'certwright-owners-'));
    const first = await createServer({ dataDir, crds: [widgetDefinition], namespaces: ['n'] });
    const ask = asker(first.dispatcher());
    const { body } = await ask('POST', WIDGETS, widget('w'));
    const owner = ownerOf('w', body.metadata?.uid, true);
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await ask('POST', MAPS, { metadata: { name: `m${i}`, ownerReferences: [owner] } });
        await ask('POST', '/api/v1/namespaces/n/configmaps', { metadata: { name: `m${i}` } });
      }),
    );
    await ask('DELETE', `${WIDGETS}/w?propagationPolicy=${policy}`);
    await ask('DELETE', '/api/v1/namespaces/n');
    await first.close();
    const second = await createServer({ dataDir, crds: [widgetDefinition] });
    const again = asker(second.dispatcher());
    const unfinished = (await again('GET', MAPS)).body['items'] as { metadata: { ownerReferences?: [] } }[];
    assert.equal(unfinished.length > 0, true, 'it was stopped in the middle');
    await second.settled();
    assert.equal((await again('GET', `${WIDGETS}/w`)).code, 404);
    assert.equal((await again('GET', '/api/v1/namespaces/n')).code, 404);
    const left = (await again('GET', MAPS)).body['items'] as typeof unfinished;
    assert.equal(left.length, policy === 'Orphan' ? 50 : 0);
    assert.ok(left.every(({ metadata }) => metadata.ownerReferences === undefined));
    await second.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
}
