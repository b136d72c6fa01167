/** How the shared watches begin: by lists, or streamed where the server can. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Secret } from '../api/core.ts';
import type { ClusterIssuer } from '../api/issuer.ts';
import type { Condition, KubeObject } from '../api/meta.ts';
import { clusterIssuers, secrets, type ResourceType } from '../api/resources.ts';
import type { WatchEvent, WatchOptions } from '../kube/client.ts';
import { createFakeClock } from '../kube/testing/fake-clock.ts';
import { createIssuerTypes } from '../issuers/registry.ts';
import { epoch } from './testing/fleet.ts';
import { WorldClient } from './testing/world-client.ts';
import { startControllers } from './manager.ts';

const silent = (): void => undefined;
const endOfState: KubeObject = {
  metadata: { resourceVersion: '1', annotations: { 'k8s.io/initial-events-end': 'true' } },
};

for (const streamingList of [true, false]) {
  test(`every cache is filled by ${streamingList ? 'streaming lists, without a single list' : 'lists where the server streams none'}`, async () => {
    const clock = createFakeClock(epoch);
    const client = new WorldClient(clock);
    const list = client.list.bind(client);
    const watch = client.watch.bind(client);
    const lists: string[] = [];
    const watches: string[] = [];
    client.list = (type, options) => {
      lists.push(type.plural);
      return list(type, options);
    };
    client.watch = async function* <T extends KubeObject>(
      type: ResourceType,
      options?: WatchOptions,
    ): AsyncIterable<WatchEvent<T>> {
      watches.push(`${type.plural} ${options?.sendInitialEvents === true}`);
      if (options?.sendInitialEvents === true) yield { type: 'BOOKMARK', object: endOfState as T };
      yield* watch<T>(type, options);
    };
    const controllers = startControllers({
      client,
      clock,
      random: () => 0.5,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      issuerTypes: createIssuerTypes(),
      streamingList,
    });
    await controllers.synced;
    await new Promise(setImmediate);
    await controllers.stop();
    const acme = ['challenges', 'orders'];
    const kinds = ['certificaterequests', 'certificates', 'clusterissuers', 'issuers', 'secrets', 'secrets']
      .concat(acme)
      .toSorted();
    assert.deepEqual(lists.toSorted(), streamingList ? [] : kinds);
    assert.deepEqual(
      watches.toSorted(),
      kinds.map((kind) => `${kind} ${streamingList}`),
    );
  });
}

test('an issuer is not called without its Secret while the Secrets are still being listed', async () => {
  const clock = createFakeClock(epoch);
  const client = new WorldClient(clock);
  const namespace = 'kube-system';
  const by = { fieldManager: 'test' };
  await client.create<Secret>(
    secrets,
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'ca', namespace }, data: { 'tls.crt': 'AAAA' } },
    by,
  );
  await client.create<ClusterIssuer>(
    clusterIssuers,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'ca' },
      spec: { ca: { secretName: 'ca' } },
    },
    by,
  );
  const release = Promise.withResolvers<void>();
  const list = client.list.bind(client);
  client.list = async (type, options) => {
    if (type.plural === 'secrets') await release.promise;
    return list(type, options);
  };
  const controllers = startControllers({
    client,
    clock,
    random: () => 0.5,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    issuerTypes: createIssuerTypes(),
  });
  const ready = async (): Promise<Condition | undefined> =>
    (await client.get<ClusterIssuer>(clusterIssuers, { name: 'ca' })).status?.conditions?.[0];
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assert.equal(await ready(), undefined);
  release.resolve();
  await controllers.synced;
  while ((await ready()) === undefined) await nextTurn();
  await controllers.stop();
  assert.doesNotMatch((await ready())?.message ?? '', /not found|does not exist/u);
});
