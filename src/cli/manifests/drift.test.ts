import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, secrets, type ResourceType } from '../../api/resources.ts';
import type { KubeClient, WatchEvent } from '../../kube/client.ts';
import { Drift } from './drift.ts';
import { idOf } from './plan.ts';

const id = idOf('v1', 'ConfigMap', 'shop', 'a');
const ours = { manager: 'us', operation: 'Apply', fieldsV1: { 'f:data': { 'f:k': {} } } };
const theirs = { manager: 'kubectl-patch', operation: 'Update', time: '2030-01-01T00:00:00Z', fieldsV1: {} };

function object(...managedFields: object[]): KubeObject {
  return { metadata: { namespace: 'shop', name: 'a', managedFields } };
}

/** A drift that sees `events` of one kind, on a clock that the test moves. */
async function seeing(
  events: WatchEvent<KubeObject>[],
  type: ResourceType = configMaps,
): Promise<{ drift: Drift; clock: { time: number } }> {
  const clock = { time: 0 };
  const seen = Promise.withResolvers<void>();
  const stop = new AbortController();
  const client = {
    list: () => Promise.resolve({ metadata: { resourceVersion: '1' }, items: [object(ours)] }),
    async *watch() {
      yield* events;
      seen.resolve();
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    },
  } as unknown as KubeClient;
  const drift = new Drift({
    client,
    clock: { now: () => clock.time, after: () => ({ cancel: () => undefined }) },
    random: () => 0,
    fieldManager: 'us',
    changed: () => undefined,
    onError: (error) => seen.reject(error),
  });
  drift.applied(idOf('v1', type.kind, 'shop', 'a'), type, object(ours));
  drift.start(stop.signal);
  await seen.promise;
  stop.abort();
  return { drift, clock };
}

test('a field of ours that somebody else took is told of, with the name of who did', async () => {
  const { drift } = await seeing([{ type: 'MODIFIED', object: object({ ...ours, fieldsV1: {} }, theirs) }]);
  const { due } = drift.take();
  assert.deepEqual(due, [{ id, why: 'field manager "kubectl-patch" had changed it', times: 1 }]);
  assert.deepEqual(drift.take().due, [], 'once');
});

test('a deletion is told of; other fields and status are not', async () => {
  const other = await seeing([{ type: 'MODIFIED', object: object(ours, theirs) }]);
  assert.deepEqual(other.drift.take().due, []);
  const gone = await seeing([{ type: 'DELETED', object: object(ours) }]);
  assert.match(gone.drift.take().due[0]?.why ?? '', /^it was deleted/);
});

test('what was set back before we looked is left alone', async () => {
  const { drift } = await seeing([
    { type: 'MODIFIED', object: object({ ...ours, fieldsV1: {} }, theirs) },
    { type: 'MODIFIED', object: object(ours) },
  ]);
  assert.deepEqual(drift.take(), { due: [], nextInMs: undefined });
});

test('a Secret that a Certificate took over is its own', async () => {
  const taken = object({ ...ours, fieldsV1: {} }, theirs);
  taken.metadata = { ...taken.metadata, annotations: { 'cert-manager.io/certificate-name': 'web' } };
  const { drift } = await seeing([{ type: 'MODIFIED', object: taken }], secrets);
  assert.deepEqual(drift.take().due, []);
});

test('whoever keeps changing an object is answered ever more slowly, a minute apart in the end', async () => {
  const taken: WatchEvent<KubeObject> = {
    type: 'MODIFIED',
    object: object({ ...ours, fieldsV1: {} }, theirs),
  };
  const { drift, clock } = await seeing([taken]);
  const at: number[] = [];
  for (let second = 0; second < 300; second += 1) {
    clock.time = second * 1000;
    if (drift.take().due.length === 0) continue;
    at.push(second);
    drift.applied(id, configMaps, object({ ...ours, fieldsV1: {} }));
    drift.applied(id, configMaps, object(ours));
    // Again and again: the same event, as a second look would bring it.
    drift.see(configMaps, taken.object);
  }
  assert.deepEqual(at, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
});
