/** The client and the informer against the embedded server: in process and over TLS with its own kubeconfig. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ConfigMap } from '../../src/api/core.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { configMaps } from '../../src/api/resources.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { connect, endpointOf } from '../../src/kube/connect.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from '../../src/kube/errors.ts';
import { nodeHost } from '../../src/kube/host.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { loadKubeContext } from '../../src/kube/kubeconfig.ts';
import { eventually } from '../../src/kube/testing/test-server.ts';
import type { KubeConnection } from '../../src/kube/transport.ts';
import { createServer, type EmbeddedServer } from '../../src/standalone/server.ts';

const base = { clock: systemClock, random: () => 0 };

async function everyVerb(connection: KubeConnection, name: string): Promise<void> {
  const client = createKubeClient(connection);
  const key = { namespace: 'default', name };
  const write = { fieldManager: 'tester' };
  const abort = new AbortController();
  const trim = (object: KubeObject): ConfigMap => object;
  const informer = createInformer<ConfigMap>(client, configMaps, { trim, namespace: 'default' }, base);
  const cached = (): string | undefined => informer.get(`default/${name}`)?.data?.['a'];
  try {
    await informer.start(abort.signal);
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { a: '1' } };
    const created = await client.create(configMaps, object, write);
    await assert.rejects(client.create(configMaps, object, write), AlreadyExistsError);
    await eventually(() => cached() === '1', 'the creation is watched');
    const updated = await client.update(configMaps, { ...created, data: { a: '2' } }, write);
    await assert.rejects(client.update(configMaps, created, write), ConflictError);
    informer.observe(updated);
    assert.equal(cached(), '2');
    await client.patch(configMaps, key, 'merge', { data: { a: '3' } }, write);
    await assert.rejects(client.apply(configMaps, object, { fieldManager: 'other' }), ConflictError);
    await client.apply(configMaps, object, { fieldManager: 'other', force: true });
    await eventually(() => cached() === '1', 'the applied state is watched');
    assert.ok(
      (await client.list(configMaps, { namespace: 'default' })).items.some((o) => o.metadata?.name === name),
    );
    await client.delete(configMaps, key, { preconditions: { uid: created.metadata?.uid } });
    await assert.rejects(client.get(configMaps, key), NotFoundError);
    await eventually(() => cached() === undefined, 'the deletion is watched');
  } finally {
    abort.abort(new Error('the test is over'));
  }
}

describe('the client against the embedded server', () => {
  let dataDir: string;
  let server: EmbeddedServer;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'certwright-kube-'));
    server = await createServer({ dataDir });
  });
  after(async () => {
    await server.close();
    await rm(dataDir, { recursive: true });
  });

  it('speaks every verb in process', async () => {
    await everyVerb({ ...base, baseUrl: 'http://embedded', dispatcher: server.dispatcher() }, 'in-process');
  });

  it('speaks every verb over TLS, found by the kubeconfig that the server wrote', async () => {
    const listening = await server.listen();
    const host = nodeHost({}, dataDir);
    const context = await loadKubeContext(host, { file: listening.kubeconfigPath });
    const connection = await connect(endpointOf(context, host, systemClock), base);
    try {
      await everyVerb(connection, 'over-tls');
    } finally {
      await connection.close();
      await listening.close();
    }
  });
});
