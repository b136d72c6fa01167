import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Agent } from 'undici';
import type { KubeObject } from '../api/meta.ts';
import { configMaps } from '../api/resources.ts';
import type { Change, Informer } from './cache.ts';
import type { Clock } from './clock.ts';
import { createKubeClient } from './http-client.ts';
import { createInformer, type InformerDeps } from './informer.ts';
import { eventually, sendStatus, TestServer, type TestObject } from './testing/test-server.ts';

/** Waits end at the next turn of the event loop: nothing here depends on how long a back-off is. */
const hasty: Clock = {
  now: () => Date.now(),
  after(_delayMs, task) {
    const immediate = setImmediate(task);
    return { cancel: () => clearImmediate(immediate) };
  },
};

let server: TestServer;
let dispatcher: Agent;
let abort: AbortController;

beforeEach(async () => {
  server = await new TestServer().start();
  dispatcher = new Agent({ allowH2: false });
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort(new Error('the test is over'));
  await dispatcher.destroy();
  await server[Symbol.asyncDispose]();
});

interface Setup {
  informer: Informer<TestObject>;
  changes: Change<TestObject>[];
  errors: unknown[];
}

function setUp(more: Partial<InformerDeps> & { watchIdleMs?: number } = {}): Setup {
  const client = createKubeClient({
    baseUrl: server.url,
    dispatcher,
    clock: hasty,
    random: () => 0,
    watchIdleMs: more.watchIdleMs,
  });
  const errors: unknown[] = [];
  const informer = createInformer<TestObject>(
    client,
    configMaps,
    {
      trim: (object: KubeObject & TestObject) => {
        if (object.data?.['value'] === 'poison') throw new TypeError('poison');
        return object;
      },
      indexes: { value: (object) => [object.data?.['value'] ?? ''] },
    },
    { clock: hasty, random: () => 0, onError: (error) => errors.push(error), pageSize: 3, ...more },
  );
  const changes: Change<TestObject>[] = [];
  informer.onChange((change) => changes.push(change));
  return { informer, changes, errors };
}

function state(informer: Informer<TestObject>): Record<string, string> {
  const entries = [...informer.values()].map(
    (o) => [o.metadata?.name ?? '', o.data?.['value'] ?? ''] as const,
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
function truth(): Record<string, string> {
  const entries = [...server.objects].map(([name, o]) => [name, o.data?.['value'] ?? ''] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
const same = (informer: Informer<TestObject>): boolean =>
  JSON.stringify(state(informer)) === JSON.stringify(truth());

describe('informer', () => {
  it('lists page by page, then follows the watch', async () => {
    for (let i = 0; i < 7; i++) server.put(`a${i}`, String(i % 2));
    const { informer, changes } = setUp();
    await informer.start(abort.signal);
    assert.equal(informer.size, 7);
    assert.equal(server.seen.filter(({ url }) => url.includes('limit=3')).length, 3);
    assert.ok(changes.every(({ relisted, previous }) => relisted && previous === undefined));
    assert.equal(informer.byIndex('value', '0').length, 4);
    assert.equal(informer.get('default/a0')?.kind, 'ConfigMap', 'items of lists get their kind');

    server.put('a0', '1');
    server.remove('a1');
    await eventually(() => same(informer), 'the watch arrives');
    assert.equal(informer.byIndex('value', '0').length, 3);
    const [updated, removed] = changes.slice(7);
    assert.equal(updated?.relisted, false);
    assert.equal(updated.previous?.data?.['value'], '0');
    assert.equal(removed?.current, undefined);
  });

  it('resumes a cut watch where it was, without a list', async () => {
    const { informer } = setUp();
    await informer.start(abort.signal);
    await eventually(() => server.watches === 1, 'the watch opens');
    const lists = server.seen.filter(({ url }) => !url.includes('watch=')).length;
    server.cutWatches();
    server.put('late', 'x');
    await eventually(() => same(informer), 'the change of the gap arrives');
    assert.equal(server.seen.filter(({ url }) => !url.includes('watch=')).length, lists);
  });

  it('lists again when the server forgot, and tells what is gone', async () => {
    server.put('stays', '1');
    server.put('goes', '1');
    const { informer, changes } = setUp();
    await informer.start(abort.signal);
    await eventually(() => server.watches === 1, 'the watch opens');
    server.cutWatches();
    server.remove('goes');
    server.compact();
    await eventually(() => same(informer), 'the re-list arrives');
    assert.deepEqual(
      changes.slice(2).map(({ key, relisted, current }) => ({ key, relisted, gone: current === undefined })),
      [{ key: 'default/goes', relisted: true, gone: true }],
      'what did not change is not told again',
    );
  });

  it('resumes from a bookmark that is newer than any event', async () => {
    const { informer } = setUp();
    await informer.start(abort.signal);
    await eventually(() => server.watches === 1, 'the watch opens');
    const other = server.put('x', '1');
    server.bookmark();
    await eventually(() => informer.size === 1, 'the event arrives');
    server.compact();
    server.cutWatches();
    await eventually(() => server.watches === 1, 'the watch is resumed');
    assert.match(
      server.seen.at(-1)?.url ?? '',
      new RegExp(`resourceVersion=${other.metadata?.resourceVersion}&`),
    );
  });

  it('survives broken lines, half characters, unknown events and errors of the server', async () => {
    server.put('a', '1');
    const { informer, errors } = setUp();
    await informer.start(abort.signal);
    const inject = async (bytes: string | Buffer): Promise<void> => {
      await eventually(() => server.watches === 1, 'the watch opens');
      const before = errors.length;
      const asked = server.seen.length;
      server.inject(bytes);
      await eventually(() => errors.length > before, 'the fault is noticed');
      await eventually(
        () => server.seen.slice(asked).some(({ url }) => url.includes('watch=')),
        'a new watch',
      );
    };
    await inject('{"type":"MODIFIED","object":{"metadata"\n');
    await inject(Buffer.from([0xc3, 0x28, 0x0a]));
    await inject('{"type":"SURPRISE","object":{}}\n');
    await inject('null\n');
    await inject('{"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError"}}\n');
    let broken = 3;
    server.faults.push((_request, response) => {
      if (broken-- <= 0) return false;
      sendStatus(response, 500, 'InternalError', 'etcd is away');
      return true;
    });
    server.cutWatches();
    server.put('b', 'ä€😀');
    await eventually(() => same(informer), 'everything arrives in the end');
  });

  it('finds out by a list what a garbled event would have said', async () => {
    const { informer } = setUp();
    await informer.start(abort.signal);
    await eventually(() => server.watches === 1, 'the watch opens');
    const metadata = { name: 'lost', namespace: 'default', resourceVersion: String(server.version) };
    server.objects.set('lost', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value: '1' } });
    server.inject('{"type":"ADDED","obj\n');
    await eventually(() => same(informer), 'the object is found');
  });

  it('opens a silent watch again', async () => {
    const { informer, errors } = setUp({ watchIdleMs: 30 });
    await informer.start(abort.signal);
    await eventually(() => errors.length > 0, 'the silence is noticed');
    server.put('after', '1');
    await eventually(() => same(informer), 'the next watch works');
  });

  it('stores the others when one object cannot be stored', async () => {
    const bad: string[] = [];
    server.put('good', '1');
    server.put('bad', 'poison');
    const { informer } = setUp({ onBadObject: (_error, key) => bad.push(key) });
    await informer.start(abort.signal);
    assert.deepEqual(state(informer), { good: '1' });
    server.put('bad', 'cured');
    await eventually(() => same(informer), 'the cured object arrives');
    assert.deepEqual(bad, ['default/bad']);
  });

  it('takes the initial state as a stream where it can, and lists where it cannot', async () => {
    server.put('a', '1');
    const { informer } = setUp({ streamingList: true });
    await informer.start(abort.signal);
    assert.deepEqual(state(informer), { a: '1' });
    assert.equal(server.seen.length, 1);
    assert.match(server.seen[0]?.url ?? '', /sendInitialEvents=true&resourceVersionMatch=NotOlderThan/);

    server.faults.push((request, response) => {
      if (!request.url.includes('sendInitialEvents')) return false;
      sendStatus(response, 422, 'Invalid', 'sendInitialEvents is forbidden');
      return true;
    });
    const second = setUp({ streamingList: true }).informer;
    await second.start(abort.signal);
    assert.deepEqual(state(second), { a: '1' });
  });

  it('shows our own write at once, and tells it once', async () => {
    server.put('a', '1');
    const { informer, changes } = setUp();
    await informer.start(abort.signal);
    await eventually(() => server.watches === 1, 'the watch opens');
    const old = server.objects.get('a')!;
    const written = server.put('a', '2');
    informer.observe(written);
    assert.deepEqual(state(informer), { a: '2' });
    informer.observe(old);
    assert.deepEqual(state(informer), { a: '2' }, 'an older answer is ignored');
    server.remove('a');
    await eventually(() => informer.size === 0, 'the deletion arrives');
    informer.observe(written);
    assert.equal(informer.size, 0, 'an answer from before the deletion does not bring the object back');
    assert.equal(changes.length, 3);
  });

  it('equals the server after any sequence of changes, cuts, compactions and duplicates', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('put' as const), name, fc.string({ maxLength: 3 })) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('remove' as const), name, fc.constant('')) },
      {
        weight: 2,
        arbitrary: fc.tuple(
          fc.constantFrom('cut', 'forget', 'garbage', 'repeat', 'turn'),
          name,
          fc.constant(''),
        ),
      },
    );
    const { informer, changes } = setUp();
    await informer.start(abort.signal);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        for (const [action, at, value] of steps) {
          if (action === 'put') informer.observe(server.put(at, value));
          else if (action === 'remove') server.remove(at);
          else if (action === 'cut') server.cutWatches();
          else if (action === 'forget') {
            server.compact();
            server.cutWatches();
          } else if (action === 'garbage') server.inject('{]\n');
          else if (action === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else {
            const object = server.objects.get(at);
            if (object !== undefined) server.inject(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
          }
        }
        await eventually(
          () => same(informer),
          `state ${JSON.stringify(truth())}, got ${JSON.stringify(state(informer))}`,
        );
      }),
      { numRuns: 40 },
    );
    // Played back, what handlers were told is the history of every object without a gap.
    const told = new Map<string, TestObject>();
    for (const { key, previous, current } of changes) {
      assert.equal(told.get(key), previous, `what was before ${key}`);
      if (current === undefined) told.delete(key);
      else told.set(key, current);
    }
    assert.deepEqual(new Set(told.values()), new Set(informer.values()));
    for (const object of informer.values())
      assert.ok(informer.byIndex('value', object.data?.['value'] ?? '').includes(object));
  });
});
