/** `tlsALPN01.gatewayTLSRoute`: Service, EndpointSlices and TLSRoute of one challenge, from the first write to nothing left. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tlsRoutes, type TlsRoute } from '../../../src/api/routes.ts';
import { endpointSlices, services, type EndpointSlice, type Service } from '../../../src/api/workloads.ts';
import type { ApiUnderTest } from '../../servers/api-under-test.ts';
import { challengeOf, definition, namespace, pod, world } from './tls-alpn01-world.ts';

suite('TLS-ALPN-01 through a Gateway, on an API server', () => {
  test('is presented, seen, presented again without a change, taken over by the next process, and gone', async (t) => {
    const { api, start } = await world(t, [definition('v1')]);
    const client = api.client();
    const asked = await challengeOf(api);
    const first = await start(pod('10.1.2.3'));
    await first.solver.present(asked);
    const { passed, problem } = await first.solver.check(asked);
    assert.equal(passed, true, problem);

    const [route] = (await client.list<TlsRoute>(tlsRoutes, { namespace })).items;
    const name = route?.metadata?.name ?? '';
    assert.deepEqual(route?.spec?.hostnames, ['shop.example.com']);
    assert.deepEqual(route.spec.parentRefs, [
      { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge', namespace: 'infra' },
    ]);
    const service = await client.get<Service>(services, { namespace, name });
    assert.equal(service.spec?.selector, undefined);
    assert.equal(service.spec?.ports?.[0]?.targetPort, first.port);
    assert.deepEqual(await addresses(api), [['10.1.2.3', first.port]]);

    await first.solver.present(asked);
    const again = await client.get<Service>(services, { namespace, name });
    assert.equal(again.metadata?.resourceVersion, service.metadata?.resourceVersion);

    const second = await start(pod('10.1.2.4'));
    await second.solver.present(asked);
    assert.deepEqual(await addresses(api), [['10.1.2.4', second.port]]);

    await second.solver.cleanUp(asked);
    await second.solver.cleanUp(asked);
    for (const type of [tlsRoutes, services, endpointSlices])
      assert.deepEqual((await client.list(type, { namespace })).items, [], type.kind);
  });
});

async function addresses(api: ApiUnderTest): Promise<[string | undefined, number | undefined][]> {
  const { items } = await api.client().list<EndpointSlice>(endpointSlices, { namespace });
  return items.map(({ endpoints, ports }) => [endpoints?.[0]?.addresses[0], ports?.[0]?.port]);
}
