/** Nonces: how many are kept and for how long, what is none, and who gets them when many wait. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NoncePool } from './nonce-pool.ts';

const never = new AbortController().signal;
const fetchNothing = (): Promise<void> => assert.fail('nothing has to be fetched');

describe('a pool of nonces', () => {
  it('keeps a hundred, the newest, and hands out the newest first', async () => {
    const pool = new NoncePool(() => 0);
    for (let index = 0; index < 150; index++) assert.ok(pool.add(`n${index}`));
    assert.equal(pool.size, 100);
    const given: string[] = [];
    while (pool.size > 0) given.push(await pool.take(fetchNothing, never));
    assert.deepEqual([given[0], given.at(-1)], ['n149', 'n50']);
  });
  it('takes nothing that is no nonce', () => {
    const pool = new NoncePool(() => 0);
    for (const text of [undefined, '', 'a b', 'a"b', 'ä', 'x'.repeat(513)])
      assert.equal(pool.add(text), false);
    assert.equal(pool.size, 0);
  });
  it('fetches for those who wait, a few at a time, and tells each of a failure once', async () => {
    const pool = new NoncePool(() => 0);
    let [running, most, fetched] = [0, 0, 0];
    const fetch = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      fetched += 1;
      if (fetched % 5 === 0) throw new Error('down');
      pool.add(`n${fetched}`);
    };
    const ends = await Promise.allSettled(Array.from({ length: 40 }, () => pool.take(fetch, never)));
    const given = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    assert.equal(new Set(given).size, 32);
    assert.deepEqual([most, fetched, pool.size], [4, 40, 0]);
  });
});
