import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Lease } from '../api/core.ts';
import { ServerError } from './errors.ts';
import { acquireLease, type Leadership, type LeaseOptions } from './lease.ts';
import { createFakeClock, type FakeClock } from './testing/fake-clock.ts';
import { MemoryClient } from './testing/memory-client.ts';

let clock: FakeClock;
let client: MemoryClient;
const lease = (): Lease => client.objects.get('leases/ns/l') as Lease;
function contender(identity: string, more: Partial<LeaseOptions> = {}): Promise<Leadership> {
  const options = { client, clock, random: () => 0, namespace: 'ns', name: 'l', identity, fieldManager: 'f' };
  return acquireLease({ ...options, labels: { x: 'y' }, ...more });
}

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  client = new MemoryClient();
});

describe('leader election', () => {
  it('creates the lease and renews it', async () => {
    const leader = await contender('a');
    assert.equal(lease().spec?.leaseDurationSeconds, 60);
    assert.equal(lease().spec?.renewTime, '2026-01-01T00:00:00.000000Z');
    assert.deepEqual(lease().metadata?.labels, { x: 'y' });
    await clock.advance(15_000);
    assert.equal(lease().spec?.renewTime, '2026-01-01T00:00:15.000000Z');
    assert.equal(lease().spec?.leaseTransitions, 0);
    await leader.release();
    assert.equal(lease().spec?.holderIdentity, '');
    assert.equal(leader.lost.aborted, false);
  });

  it('gives back what it took without knowing it, when it is asked to stop before the answer came', async () => {
    const stop = new AbortController();
    const create = client.create.bind(client);
    client.create = async (type, object, options) => {
      await create(type, object, options);
      return new Promise((_resolve, reject) => {
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error), {
          once: true,
        });
      });
    };
    const options = {
      client,
      clock,
      random: () => 0,
      namespace: 'ns',
      name: 'l',
      identity: 'a',
      fieldManager: 'f',
    };
    const asked = acquireLease(options, stop.signal);
    await clock.advance(0);
    assert.equal(lease().spec?.holderIdentity, 'a');
    stop.abort(new Error('asked to stop'));
    await assert.rejects(asked, /asked to stop/u);
    assert.equal(lease().spec?.holderIdentity, '');
  });

  it('takes over at once after a release, and only after the duration without one', async () => {
    const first = await contender('a');
    let second: Leadership | undefined;
    void contender('b').then((leadership) => (second = leadership));
    await clock.advance(300_000);
    assert.equal(second, undefined);
    await first.release();
    await clock.advance(15_000);
    assert.equal(lease().spec?.holderIdentity, 'b');
    assert.equal(lease().spec?.leaseTransitions, 1);
  });

  it('waits a whole duration on its own clock, whatever the times in the lease say', async () => {
    await contender('a');
    const stale = {
      ...lease(),
      spec: { ...lease().spec, holderIdentity: 'dead', renewTime: '2001-01-01T00:00:00.000000Z' },
    };
    client.objects.set('leases/ns/l', { ...stale, metadata: { ...stale.metadata, resourceVersion: '77' } });
    let taken = false;
    void contender('b').then(() => (taken = true));
    await clock.advance(59_000);
    assert.equal(taken, false);
    await clock.advance(16_000);
    assert.equal(taken, true);
  });

  it('is lost at the renew deadline, before others may take over', async () => {
    const errors: unknown[] = [];
    const leader = await contender('a', { onError: (error) => errors.push(error) });
    client.failure = new ServerError('away');
    await clock.advance(39_000);
    assert.equal(leader.lost.aborted, false);
    await clock.advance(1_000);
    assert.equal(leader.lost.aborted, true);
    assert.equal(errors.length, 2);
  });

  it('is lost when requests hang', async () => {
    const leader = await contender('a');
    client.gate = new Promise(() => undefined);
    await clock.advance(41_000);
    assert.equal(leader.lost.aborted, true);
  });

  it('is lost at once when somebody else holds it', async () => {
    const leader = await contender('a');
    const other = { ...lease(), spec: { ...lease().spec, holderIdentity: 'b' } };
    client.objects.set('leases/ns/l', { ...other, metadata: { ...other.metadata, resourceVersion: '99' } });
    await clock.advance(30_000);
    assert.equal(leader.lost.aborted, true);
    await leader.release();
    assert.equal(lease().spec?.holderIdentity, 'b', 'what is not ours is not released');
  });
});

describe('what others and the holder count from', () => {
  it('the holder counts from before its write was sent, so that it ends first', async () => {
    const held: number[] = [];
    let open = (): void => undefined;
    client.gate = new Promise((resolve) => (open = resolve));
    const begun = clock.now();
    const leader = contender('a', { onHeld: ({ wallMs }) => held.push(wallMs - begun) });
    await clock.advance(5_000);
    open();
    await leader;
    // The lease was looked for first, and the answer to that took as long.
    assert.deepEqual(held, [5_000]);
    client.gate = new Promise((resolve) => (open = resolve));
    await clock.advance(15_000 + 7_000);
    open();
    await clock.advance(0);
    assert.deepEqual(held, [5_000, 20_000], 'not when it was answered');
  });

  it('a lease that was lost is not touched when it is given back, though it still has our name', async () => {
    const leader = await contender('a');
    client.failure = new ServerError('away');
    await clock.advance(41_000);
    client.failure = undefined;
    const writes = client.writes.length;
    await leader.release();
    assert.equal(client.writes.length, writes);
    assert.equal(lease().spec?.holderIdentity, 'a');
  });

  it('a lease that was given back lasts a second for whoever reads it carelessly', async () => {
    const leader = await contender('a');
    await leader.release();
    assert.equal(lease().spec?.leaseDurationSeconds, 1);
  });
});

describe('a wall clock that is set', () => {
  it('back, by an hour: the holder still gives up at the renew deadline', async () => {
    const leader = await contender('a');
    client.failure = new ServerError('away');
    clock.jump(-3_600_000);
    await clock.advance(41_000);
    assert.equal(leader.lost.aborted, true);
  });

  it('forward, by an hour, where somebody waits: a lease that is alive is not taken', async () => {
    await contender('a');
    const other = createFakeClock(clock.now());
    let taken = false;
    void contender('b', { clock: other, retryMs: 5_000 }).then(() => (taken = true));
    await other.advance(1_000);
    other.jump(3_600_000);
    await other.advance(30_000);
    assert.equal(taken, false);
    await other.advance(30_000);
    assert.equal(taken, true, 'once it was silent for its duration');
  });

  it('forward while the machine slept: the holder renews before it goes on, or gives up', async () => {
    const leader = await contender('a');
    client.failure = new ServerError('away');
    clock.jump(50_000);
    await clock.advance(15_000);
    assert.equal(leader.lost.aborted, true, 'the time that it slept counts');
  });
});

describe('giving the lease back', () => {
  it('succeeds although a renewal was under way, whether it reached the server or not', async () => {
    for (const reaches of [true, false]) {
      client = new MemoryClient();
      const leader = await contender('a');
      const update = client.update.bind(client);
      let broken = false;
      client.update = async (type, object, options) => {
        if (broken || options.signal === undefined) return update(type, object, options);
        broken = true;
        const { signal } = options;
        if (reaches) await update(type, object, options);
        return new Promise((_resolve, reject) => {
          const stop = (): void => reject(signal.reason as Error);
          if (signal.aborted) stop();
          else signal.addEventListener('abort', stop, { once: true });
        });
      };
      await clock.advance(15_000);
      assert.equal(broken, true);
      await leader.release();
      assert.equal(lease().spec?.holderIdentity, '', String(reaches));
    }
  });
});
