import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Event, ObjectReference } from '../api/core.ts';
import { ServerError } from './errors.ts';
import { createEventRecorder, type EventRecorder } from './events.ts';
import { createFakeClock, type FakeClock } from './testing/fake-clock.ts';
import { MemoryClient } from './testing/memory-client.ts';

const about = (name: string): ObjectReference => ({
  apiVersion: 'v1',
  kind: 'X',
  namespace: 'ns',
  name,
  uid: `uid-${name}`,
});
let clock: FakeClock;
let client: MemoryClient;
let recorder: EventRecorder;
const stored = (): Event[] => [...client.objects.values()] as Event[];

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  client = new MemoryClient();
  recorder = createEventRecorder({ client, clock, queueLimit: 10 });
});

describe('events', () => {
  it('have the shape that the standard recorder gives them', async () => {
    recorder.event(about('a'), 'cert-manager-x', 'Normal', 'Issuing', 'hello');
    await recorder.flush();
    const [event] = stored();
    assert.match(event?.metadata?.name ?? '', /^a\.[0-9a-f]{16}$/);
    assert.deepEqual(
      { ...event, metadata: event?.metadata?.namespace },
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: 'ns',
        involvedObject: about('a'),
        type: 'Normal',
        reason: 'Issuing',
        message: 'hello',
        count: 1,
        source: { component: 'cert-manager-x' },
        reportingComponent: 'cert-manager-x',
        reportingInstance: '',
        firstTimestamp: '2026-01-02T03:04:05Z',
        lastTimestamp: '2026-01-02T03:04:05Z',
        eventTime: null,
      },
    );
  });

  it('are counted when they happen again, with one patch', async () => {
    recorder.event(about('a'), 'c', 'Normal', 'R', 'same');
    await recorder.flush();
    await clock.advance(2_000);
    recorder.event(about('a'), 'c', 'Normal', 'R', 'same');
    recorder.event(about('a'), 'c', 'Normal', 'R', 'same');
    await recorder.flush();
    assert.deepEqual(
      client.writes.map(({ verb }) => verb),
      ['create', 'patch'],
    );
    assert.equal(stored().length, 1);
    assert.equal(stored()[0]?.count, 3);
    assert.equal(stored()[0]?.lastTimestamp, '2026-01-02T03:04:07Z');
  });

  it('are written anew when the server forgot them', async () => {
    recorder.event(about('a'), 'c', 'Normal', 'R', 'same');
    await recorder.flush();
    client.objects.clear();
    recorder.event(about('a'), 'c', 'Normal', 'R', 'same');
    await recorder.flush();
    assert.equal(stored()[0]?.count, 2);
  });

  it('are combined when there are many similar ones', async () => {
    for (let i = 0; i < 14; i++) {
      recorder.event(about('a'), 'c', 'Warning', 'Failed', `attempt ${i}`);
      await recorder.flush();
    }
    assert.equal(stored().length, 11);
    assert.equal(stored().at(-1)?.message, '(combined from similar events): attempt 13');
    assert.equal(stored().at(-1)?.count, 4);
  });

  it('are limited to 25 per object, and one more every five minutes', async () => {
    for (let i = 0; i < 40; i++) recorder.event(about('a'), 'c', 'Normal', 'R', 'again');
    recorder.event(about('b'), 'c', 'Normal', 'R', 'again');
    assert.equal(recorder.counts.limited, 15);
    await clock.advance(5 * 60_000);
    recorder.event(about('a'), 'c', 'Normal', 'R', 'again');
    recorder.event(about('a'), 'c', 'Normal', 'R', 'again');
    assert.equal(recorder.counts.limited, 16);
    await recorder.flush();
    assert.deepEqual(
      stored().map(({ count }) => count),
      [26, 1],
    );
  });

  it('of a storm all wait for their turn, in order, and a bump keeps its place', async () => {
    recorder = createEventRecorder({ client, clock });
    let open: () => void = () => undefined;
    client.gate = new Promise((resolve) => (open = resolve));
    const count = 5_000;
    for (let i = 0; i < count; i++) recorder.event(about(`o${i}`), 'c', 'Normal', 'R', 'm');
    recorder.event(about(`o${count - 1}`), 'c', 'Normal', 'R', 'm');
    open();
    assert.equal(await recorder.flush(), 0);
    assert.deepEqual(
      stored().map((event) => event.involvedObject.name),
      Array.from({ length: count }, (_, i) => `o${i}`),
    );
    assert.equal(stored().at(-1)?.count, 2);
    assert.deepEqual(recorder.counts, { sent: count, limited: 0, dropped: 0, failed: 0 });
  });

  it('are dropped rather than kept without bound, and a server in trouble holds up nobody', async () => {
    let open: () => void = () => undefined;
    client.gate = new Promise((resolve) => (open = resolve));
    for (let i = 0; i < 30; i++) recorder.event(about(`o${i}`), 'c', 'Normal', 'R', 'm');
    assert.equal(recorder.counts.dropped, 20);
    const flushed = recorder.flush(1_000);
    await clock.advance(1_000);
    assert.equal(await flushed, 8, 'two are on their way');
    client.failure = new ServerError('no');
    open();
    await recorder.flush();
    assert.equal(recorder.counts.failed, 10);
  });
});
