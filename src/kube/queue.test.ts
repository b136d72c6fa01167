import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConflictError, TooManyRequestsError } from './errors.ts';
import { createQueue, itemBackoff, type Queue } from './queue.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { runWorkers, type WorkResult } from './worker.ts';

async function drain(queue: Queue): Promise<string[]> {
  const taken: string[] = [];
  while (queue.length > 0) {
    const key = (await queue.take())!;
    taken.push(key);
    queue.done(key);
  }
  return taken;
}

describe('queue', () => {
  it('holds a key once, and works on it again when it changed meanwhile', async () => {
    const queue = createQueue({ clock: createFakeClock(0) });
    for (const key of ['a', 'b', 'a']) queue.add(key);
    assert.equal(queue.length, 2);
    const first = (await queue.take())!;
    queue.add(first);
    assert.equal(queue.length, 1, 'a key at work is not handed out twice');
    queue.done(first);
    assert.deepEqual(await drain(queue), ['b', 'a']);
  });

  it('serves fresh changes first without starving re-listed ones', async () => {
    const queue = createQueue({ clock: createFakeClock(0) });
    for (let i = 0; i < 5; i++) queue.add(`old${i}`, { relisted: true });
    for (let i = 0; i < 20; i++) queue.add(`new${i}`);
    queue.add('old4');
    const order = await drain(queue);
    assert.equal(order.length, 25);
    assert.ok(order.slice(0, 8).every((key) => key.startsWith('new')));
    assert.equal(order[8], 'old0');
    assert.ok(order.indexOf('old4') < order.indexOf('old3'), 'a fresh change lifts a re-listed key');
  });

  it('keeps one timer per key; the new one counts', async () => {
    const clock = createFakeClock(0);
    const queue = createQueue({ clock });
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 90 * 86_400_000);
    queue.addAfter('b', 5_000);
    await clock.advance(10_000);
    assert.deepEqual(await drain(queue), ['b']);
    assert.equal(queue.delayed, 1);
    await clock.advance(90 * 86_400_000);
    assert.deepEqual(await drain(queue), ['a']);
  });

  it('drops the timer of a key that is being looked at anyway', async () => {
    const clock = createFakeClock(0);
    const queue = createQueue({ clock });
    queue.addAfter('a', 1_000);
    queue.add('a');
    assert.deepEqual(await drain(queue), ['a']);
    await clock.advance(5_000);
    assert.equal(queue.length, 0);
  });

  it('serves at once what a step of the wall clock forward made due', async () => {
    const clock = createFakeClock(0);
    const queue = createQueue({ clock });
    queue.addAfter('renewal', 86_400_000);
    queue.addAfter('later', 2 * 86_400_000);
    clock.jump(86_400_000);
    await clock.advance(0);
    assert.deepEqual(await drain(queue), ['renewal']);
    assert.equal(queue.delayed, 1);
  });

  it('keeps waits as long as they were when the wall clock is set back', async () => {
    const clock = createFakeClock(7 * 86_400_000);
    const queue = createQueue({ clock });
    queue.addAfter('retry', 1_000);
    queue.addAfter('other', 3_000);
    clock.jump(-7 * 86_400_000);
    await clock.advance(1_000);
    assert.deepEqual(await drain(queue), ['retry']);
    await clock.advance(2_000);
    assert.deepEqual(await drain(queue), ['other']);
  });

  it('keeps thousands of timers in order', async () => {
    const clock = createFakeClock(0);
    const queue = createQueue({ clock });
    for (let i = 0; i < 3000; i++) queue.addAfter(`k${i}`, ((i * 7919) % 3000) * 10);
    for (let i = 0; i < 3000; i += 2) queue.addAfter(`k${i}`, ((i * 7919) % 3000) * 10 + 5);
    assert.equal(queue.delayed, 3000);
    await clock.advance(15_000);
    const due = await drain(queue);
    const times = due.map((key) => ((Number(key.slice(1)) * 7919) % 3000) * 10);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(Math.abs(due.length - 1500) <= 2);
  });

  it('doubles the back-off up to its limit and forgets', () => {
    const queue = createQueue({ clock: createFakeClock(0), backoff: itemBackoff });
    const delays = Array.from({ length: 8 }, () => queue.addBackoff('a'));
    assert.deepEqual(delays, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    queue.forget('a');
    assert.equal(queue.addBackoff('a'), 5_000);
  });
});

describe('workers', () => {
  it('take nothing before they may, and can be stopped before that', async () => {
    const clock = createFakeClock(0);
    const ready = Promise.withResolvers<void>();
    const done: string[] = [];
    const work = async (key: string): Promise<void> => void done.push(key);
    const queues = [createQueue({ clock }), createQueue({ clock })] as const;
    const [stopped, running] = queues.map((queue) =>
      runWorkers(queue, work, { clock, ready: ready.promise }),
    );
    queues[0].add('never');
    queues[1].add('late');
    await clock.advance(1_000);
    assert.equal(await stopped?.stop(), 0);
    assert.deepEqual(done, []);
    ready.resolve();
    await clock.advance(0);
    assert.deepEqual(done, ['late']);
    await running?.stop();
  });

  it('schedule, back off, obey Retry-After and treat conflicts quietly', async () => {
    const clock = createFakeClock(0);
    const queue = createQueue({ clock });
    const results: WorkResult[] = [];
    const answers: Record<string, () => { after?: number } | void> = {
      later: () => ({ after: 60_000 }),
      conflict: () => {
        throw new ConflictError('changed');
      },
      busy: () => {
        throw new TooManyRequestsError('busy', { retryAfterMs: 9_000 });
      },
    };
    const workers = runWorkers(queue, async (key) => answers[key]?.(), {
      clock,
      onResult: (result) => results.push(result),
    });
    for (const key of Object.keys(answers)) queue.add(key);
    await clock.advance(0);
    assert.deepEqual(
      results.map(({ key, outcome, nextMs }) => [key, outcome, nextMs]),
      [
        ['later', 'done', 60_000],
        ['conflict', 'conflict', 1_000],
        ['busy', 'error', 9_000],
      ],
    );
    await clock.advance(1_000);
    assert.equal(results.at(-1)?.key, 'conflict');
    assert.equal(results.at(-1)?.failures, 2);
    assert.equal(await workers.stop(), 0);
  });

  it('never run one key twice at once, nor more keys than allowed', async () => {
    const clock = createFakeClock(0);
    const queue = createQueue({ clock });
    const busy = new Set<string>();
    let most = 0;
    const reconcile = async (key: string): Promise<void> => {
      assert.ok(!busy.has(key), `${key} runs once at a time`);
      busy.add(key);
      most = Math.max(most, busy.size);
      queue.add(`k${(Number(key.slice(1)) + 1) % 10}`);
      await new Promise((resolve) => setImmediate(resolve));
      busy.delete(key);
    };
    const results: WorkResult[] = [];
    const workers = runWorkers(queue, reconcile, {
      clock,
      workers: 3,
      onResult: (result) => results.push(result),
    });
    for (let i = 0; i < 10; i++) queue.add(`k${i}`);
    while (results.length < 200) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await workers.stop(), 0);
    assert.equal(most, 3);
    assert.ok(results.every(({ outcome }) => outcome === 'done'));
  });

  it('say how many did not stop in time, and abort their signal', async () => {
    const clock = createFakeClock(0);
    const queue = createQueue({ clock });
    let aborted = false;
    const workers = runWorkers(
      queue,
      (_key, signal) => {
        signal.addEventListener('abort', () => (aborted = true));
        return new Promise(() => undefined);
      },
      { clock },
    );
    queue.add('a');
    await clock.advance(0);
    const stopped = workers.stop(5_000);
    await clock.advance(5_000);
    assert.equal(await stopped, 1);
    assert.equal(aborted, true);
  });
});
