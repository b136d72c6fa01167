/** The end of a call: by time, by the caller, and nothing left behind. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it, mock } from 'node:test';
import { withDeadline } from './deadline.ts';

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('withDeadline', () => {
  it('ends by time', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const ended = withDeadline(90_000, undefined, untilAborted);
      mock.timers.tick(90_000);
      await assert.rejects(ended, { name: 'TimeoutError' });
    } finally {
      mock.timers.reset();
    }
  });
  it('ends by its caller, at once when that has ended already', async () => {
    const stop = new AbortController();
    const ended = withDeadline(90_000, stop.signal, untilAborted);
    stop.abort(new Error('over'));
    await assert.rejects(ended, { message: 'over' });
    const aborted = await withDeadline(90_000, stop.signal, (signal) => Promise.resolve(signal.aborted));
    assert.equal(aborted, true);
  });
  it('leaves no listener on the signal of the caller', async () => {
    const { signal } = new AbortController();
    assert.equal(await withDeadline(90_000, signal, () => Promise.resolve(7)), 7);
    await assert.rejects(withDeadline(90_000, signal, () => Promise.reject(new Error('x'))));
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});
