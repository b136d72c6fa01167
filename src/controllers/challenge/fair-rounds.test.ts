import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fairRound } from './fair-rounds.ts';

const limits = { atOnce: 4, perSide: 2, failures: 3 };
const sideOf = (item: string): string => item[0] ?? '';

/** Far sides that answer when the test says so. */
function held() {
  const open: { item: string; end: (done: boolean) => void }[] = [];
  const begun: string[] = [];
  const run = (item: string): Promise<boolean> => {
    begun.push(item);
    return new Promise((resolve) => open.push({ item, end: resolve }));
  };
  const end = async (side: string, done = true): Promise<void> => {
    const at = open.findIndex(({ item }) => item.startsWith(side));
    assert.notEqual(at, -1, `nothing of ${side} is under way`);
    open.splice(at, 1)[0]?.end(done);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { open, begun, run, end };
}

test('a side that does not answer holds its own places, and the others go on', async () => {
  const { begun, run, end, open } = held();
  const round = fairRound(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1'], sideOf, run, limits);
  assert.deepEqual(begun.toSorted(), ['a1', 'a2', 'b1', 'c1']);
  for (const side of ['c', 'b', 'b', 'b']) await end(side);
  assert.deepEqual(open.map(({ item }) => item).toSorted(), ['a1', 'a2']);
  assert.deepEqual(begun.slice(4), ['b2', 'b3']);
  for (const side of ['a', 'a', 'a']) await end(side);
  assert.deepEqual(await round, []);
  assert.equal(begun.length, 7);
});

test('a side that fails again and again is left for the next round', async () => {
  const begun: string[] = [];
  const run = (item: string): Promise<boolean> => {
    begun.push(item);
    return Promise.resolve(!item.startsWith('a') || item === 'a2');
  };
  const items = Array.from({ length: 9 }, (_, index) => `a${index}`);
  const left = await fairRound([...items, 'b1', 'b2'], sideOf, run, { ...limits, perSide: 1 });
  assert.deepEqual(left, ['a6', 'a7', 'a8'], 'one success begins the count anew');
  assert.deepEqual(
    begun.filter((item) => item.startsWith('b')),
    ['b1', 'b2'],
  );
});

test('where all are free, the one that was served longest ago is next', async () => {
  const begun: string[] = [];
  const run = (item: string): Promise<boolean> => Promise.resolve(begun.push(item) > 0);
  await fairRound(['a1', 'a2', 'a3', 'b1', 'b2', 'c1'], sideOf, run, { ...limits, atOnce: 1 });
  assert.deepEqual(begun, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('a fault of our own ends the round once nothing is under way', async () => {
  const { begun, run, end } = held();
  const round = fairRound(
    ['b1', 'a1', 'a2', 'b2'],
    sideOf,
    (item) => (item === 'a1' ? Promise.reject(new Error('the API is away')) : run(item)),
    { ...limits, perSide: 1 },
  );
  const failed = assert.rejects(round, /the API is away/u);
  await end('b');
  await failed;
  assert.deepEqual(begun, ['b1']);
});

test('each is done once, and never more at a time than is allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }), async (names) => {
      const items = names.map((name, index) => `${name}${index}`);
      const active = new Map<string, number>();
      const done: string[] = [];
      let all = 0;
      const left = await fairRound(
        items,
        sideOf,
        async (item) => {
          const now = (active.get(sideOf(item)) ?? 0) + 1;
          active.set(sideOf(item), now);
          assert.ok(now <= limits.perSide && ++all <= limits.atOnce);
          for (let turns = item.charCodeAt(1) % 4; turns > 0; turns--) await Promise.resolve();
          active.set(sideOf(item), (active.get(sideOf(item)) ?? 1) - 1);
          all--;
          done.push(item);
          return true;
        },
        limits,
      );
      assert.deepEqual([left, done.toSorted()], [[], items.toSorted()]);
    }),
    { numRuns: 50 },
  );
});
