/** Which TLSRoute a server has: the newest, one of the experimental channel, or none. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tlsRoutes } from '../../../src/api/routes.ts';
import { services } from '../../../src/api/workloads.ts';
import { challengeOf, definition, namespace, pod, world } from './tls-alpn01-world.ts';

suite('versions of TLSRoute', () => {
  test('takes the version of TLSRoute that there is', async (t) => {
    const { api, start } = await world(t, [definition('v1alpha2')]);
    const asked = await challengeOf(api);
    const { solver } = await start(pod('10.1.2.3'));
    const older = { ...tlsRoutes, version: 'v1alpha2' };
    await solver.present(asked);
    assert.equal((await api.client().list(older, { namespace })).items.length, 1);
    await solver.cleanUp(asked);
    assert.deepEqual((await api.client().list(older, { namespace })).items, []);
  });

  test('says so when the Gateway API has no TLSRoute, and leaves nothing then', async (t) => {
    const { api, start } = await world(t, []);
    const asked = await challengeOf(api);
    const { solver } = await start(pod('10.1.2.3'));
    await assert.rejects(solver.present(asked), /knows no TLSRoute: install the Gateway API with it/);
    await solver.cleanUp(asked);
    assert.deepEqual((await api.client().list(services, { namespace })).items, []);
  });
});
