import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ObjectStore } from '../storage/object-store.ts';
import { ApiError } from './api-error.ts';
import { WatchHub, type WatchRequest } from './watch-hub.ts';

const HISTORY = 64;

describe('watches', () => {
  let store: ObjectStore;
  let hub: WatchHub;
  beforeEach(() => {
    store = new ObjectStore({ path: ':memory:', historyLimit: HISTORY });
    hub = new WatchHub(store, 3);
  });
  afterEach(() => {
    hub.close();
    store.close();
  });

  const request = (from?: number): WatchRequest => ({
    resource: 'r',
    view: { render: (json) => json },
    from,
    initialEventsEnd: false,
    bookmarks: false,
    timeoutMs: 60_000,
    renderBookmark: () => '{}',
  });
  async function write(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const key = { resource: 'r', namespace: 'n', name: `o${i % 300}` };
      const expected = store.get(key)?.rv ?? 0;
      store.write({ ...key, uid: 'u', expected, deleted: false, render: (rv) => `{"rv":${rv}}` });
      if (i % 50 === 0) await store.committed();
    }
    await store.committed();
  }
  /** A client that takes `room` lines and then stands still. */
  function reader(room: number, from?: number) {
    const lines: string[] = [];
    const state = { ended: false, room };
    const stream = hub.open(request(from)).start({
      write: (line) => {
        lines.push(line);
        return lines.length < state.room;
      },
      end: () => (state.ended = true),
    });
    return { lines, state, stream };
  }

  test('there is a most, and the one beyond it is told to come back', () => {
    for (let i = 0; i < 3; i++) reader(100);
    assert.throws(
      () => hub.open(request()),
      (error) => error instanceof ApiError && error.httpCode === 429 && error.retryable,
    );
    assert.equal(hub.size, 3);
  });

  test('nothing is piled up for a client that does not read, and it goes on where it stood', async () => {
    await write(300);
    const { lines, state, stream } = reader(5);
    assert.equal(lines.length, 5, 'not a line more than it takes');
    await write(20);
    assert.equal(lines.length, 5);
    state.room = Infinity;
    stream.ready();
    assert.equal(lines.length, 320);
    assert.equal(new Set(lines).size, 320, 'none twice');
  });

  test('a client that stands still in the middle of the state does not hold history for ever', async () => {
    await write(300);
    const { lines, state, stream } = reader(5);
    await write(HISTORY * 16 + 2000);
    assert.ok(store.horizon > 300, 'history went on without it');
    state.room = Infinity;
    stream.ready();
    assert.match(lines.at(-1) ?? '', /^\{"type":"ERROR","object":.*"code":410/);
    assert.equal(state.ended, true);
    assert.equal(hub.size, 0);
  });

  test('a live client that falls behind the history is told to list again', async () => {
    await write(1);
    const { lines, state, stream } = reader(2, store.revision);
    await write(HISTORY + 1500);
    assert.equal(lines.length, 2);
    state.room = Infinity;
    stream.ready();
    assert.match(lines.at(-1) ?? '', /"code":410/);
    assert.equal(state.ended, true);
  });

  test('one that cannot be served is told why and ends, without a word to the others', async () => {
    let broken = false;
    const lines: string[] = [];
    const state = { ended: false };
    const view = {
      render: (json: string): string => {
        if (broken) throw new RangeError('too deep');
        return json;
      },
    };
    const open = (from?: number): void => {
      hub.open({ ...request(from), view }).start({
        write: (line) => lines.push(line) > 0,
        end: () => (state.ended = true),
      });
    };
    open();
    const other = reader(100);
    broken = true;
    await write(1);
    assert.match(lines.at(-1) ?? '', /^\{"type":"ERROR","object":.*too deep.*"code":500/);
    assert.deepEqual([state.ended, other.lines.length, hub.size], [true, 1, 1]);
    open(); // Fails while the state is sent.
    assert.match(lines.at(-1) ?? '', /"code":500/);
    assert.equal(hub.size, 1);
  });

  test('closing ends all of them', () => {
    const one = reader(1);
    const two = reader(100);
    hub.close();
    assert.deepEqual([one.state.ended, two.state.ended, hub.size], [true, true, 0]);
  });
});
