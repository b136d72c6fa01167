/** How long a reflector stays away after each kind of failure: decided here, without a server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import { configMaps } from '../api/resources.ts';
import type { KubeClient, WatchEvent } from './client.ts';
import { GoneError, ServerError, TransportError } from './errors.ts';
import { runReflector } from './reflector.ts';
import { createFakeClock } from './testing/fake-clock.ts';

const down = new TransportError('nobody answers');
const gone = new GoneError('too old resource version');
const object = (version: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'b', resourceVersion: version },
});

/** Plays `steps`, one for each watch (lists work), and answers the delays that were announced. */
async function delays(
  steps: readonly (Error | WatchEvent<KubeObject>)[],
  streamingList = false,
): Promise<{ delays: number[]; asked: string[] }> {
  const clock = createFakeClock(0);
  const abort = new AbortController();
  const [announced, asked]: [number[], string[]] = [[], []];
  const left = [...steps];
  const client = {
    async list() {
      asked.push('list');
      return { items: [], metadata: { resourceVersion: '1' } };
    },
    async *watch() {
      asked.push('watch');
      const step = left.shift();
      if (step === undefined) abort.abort();
      else if (step instanceof Error) throw step;
      else yield step;
    },
  } as unknown as KubeClient;
  const sink = { beginList() {}, listed() {}, endList() {}, event() {} };
  const onError = (_error: unknown, ms: number): void => void announced.push(ms);
  const running = runReflector(
    client,
    { type: configMaps },
    sink,
    { clock, random: () => 0, onError, streamingList },
    abort.signal,
  );
  while (!abort.signal.aborted) await clock.advance(1_000);
  await running;
  return { delays: announced, asked };
}

test('a server that is down is asked every five seconds at the latest', async () => {
  const { delays: found } = await delays(Array.from({ length: 6 }, () => down));
  assert.deepEqual(found, [800, 1600, 3200, 5000, 5000, 5000]);
});

test('a server that answers with errors is asked every thirty seconds at the latest', async () => {
  const { delays: found } = await delays(Array.from({ length: 8 }, () => new ServerError('etcd is away')));
  assert.deepEqual(found, [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
});

test('history that is gone is listed at once, after an outage too; gone again and again is not', async () => {
  const { delays: found } = await delays([down, down, gone, gone, gone]);
  assert.deepEqual(found, [800, 1600, 0, 6400, 12_800]);
});

test('an event ends an outage', async () => {
  const event = { type: 'MODIFIED', object: object('5') } as const;
  const { delays: found } = await delays([down, down, event, down, gone]);
  assert.deepEqual(found, [800, 1600, 1600, 0], 'the watch that ended at once counts as one failure');
});

test('a refused stream of the initial state becomes a list without delay', async () => {
  const refused = new ServerError('the required storage feature is disabled');
  const { delays: found, asked } = await delays([refused, down], true);
  assert.deepEqual(found, [800]);
  assert.deepEqual(asked, ['watch', 'list', 'watch', 'watch']);
});
