/** Work that was asked to stop is cut off after a while, and only then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { whenTooLong } from './when-too-long.ts';

test('nothing is cut before the stop, nor when the work ends in time', async () => {
  const clock = createFakeClock(0);
  const [stop, ended] = [new AbortController(), new AbortController()];
  let cuts = 0;
  whenTooLong(clock, 20_000, { stop: stop.signal, ended: ended.signal }, () => void cuts++);
  await clock.advance(60_000);
  stop.abort();
  await clock.advance(19_000);
  ended.abort();
  await clock.advance(60_000);
  assert.equal(cuts, 0);
});

test('work that goes on is cut once, also where the stop was there first', async () => {
  for (const early of [true, false]) {
    const clock = createFakeClock(0);
    const [stop, ended] = [new AbortController(), new AbortController()];
    let cuts = 0;
    if (early) stop.abort();
    whenTooLong(clock, 20_000, { stop: stop.signal, ended: ended.signal }, () => void cuts++);
    stop.abort();
    await clock.advance(19_999);
    assert.equal(cuts, 0);
    await clock.advance(1);
    assert.equal(cuts, 1);
    await clock.advance(60_000);
    assert.equal(cuts, 1);
  }
});
