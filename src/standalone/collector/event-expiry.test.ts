import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Event } from '../../api/core.ts';
import { configMaps, events } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { createServer, type EmbeddedServer } from '../server.ts';

const minute = 60_000;
const write = { fieldManager: 'test' };

class Hour {
  now = Date.parse('2026-01-01T00:00:00Z');
  server!: EmbeddedServer;
  client!: KubeClient;
  #serial = 0;

  async open(dataDir: string): Promise<void> {
    this.server = await createServer({ dataDir, now: () => this.now });
    const connection = { baseUrl: 'http://embedded', clock: systemClock, random: () => 0 };
    this.client = createKubeClient({ ...connection, dispatcher: this.server.dispatcher() });
    await this.server.settled();
  }
  async event(name: string): Promise<void> {
    const at = new Date(this.now).toISOString().replace(/\.\d+/u, '');
    const involvedObject = { kind: 'Namespace', name: 'default', namespace: 'default' };
    const event: Event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: 'default' },
      involvedObject,
      lastTimestamp: at,
      count: 1,
    };
    await this.client.create(events, event, write);
  }
  /** Any write makes the server look at its clock. */
  async pass(ms: number): Promise<void> {
    this.now += ms;
    const metadata = { name: `tick-${this.#serial++}`, namespace: 'default' };
    await this.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, write);
    await this.server.settled();
  }
  async names(): Promise<string[]> {
    return (await this.client.list(events)).items.map(({ metadata }) => metadata?.name ?? '');
  }
}

test('events go an hour after their last write; nothing else does', async () => {
  const world = new Hour();
  await world.open(':memory:');
  for (let i = 0; i < 300; i++) await world.event(`old-${i}`);
  await world.event('counted');
  for (let i = 0; i < 30; i++) await world.pass(minute);
  const key = { namespace: 'default', name: 'counted' };
  await world.client.patch(events, key, 'merge', { count: 2 }, write);
  await world.event('young');
  for (let i = 0; i < 29; i++) await world.pass(minute);
  assert.equal((await world.names()).length, 302, 'nothing goes before its hour');
  for (let i = 0; i < 3; i++) await world.pass(minute);
  assert.deepEqual(await world.names(), ['counted', 'young']);
  // The clock is set back a day: what is young stays young, and still goes in the end.
  await world.pass(-24 * 60 * minute);
  assert.deepEqual(await world.names(), ['counted', 'young']);
  for (let i = 0; i < 62; i++) await world.pass(minute);
  assert.deepEqual(await world.names(), []);
  assert.equal((await world.client.list(configMaps, { namespace: 'default' })).items.length, 125);
  await world.server.close();
});

test('events that outlived their hour while nobody was there go at the start', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'event-expiry-'));
  const world = new Hour();
  try {
    await world.open(dataDir);
    await world.event('old');
    await world.pass(50 * minute);
    await world.event('young');
    await world.server.close();
    world.now += 30 * minute;
    await world.open(dataDir);
    assert.deepEqual(await world.names(), ['young']);
    await world.server.close();
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
