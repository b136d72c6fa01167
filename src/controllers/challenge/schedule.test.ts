/** Who gets a slot: oldest first, fair for issuers and zones, never two of one name and type, and nobody waits for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, array, boolean, constantFrom, integer, property, record } from 'fast-check';
import type { Place } from './fair-line.ts';
import { Schedule, shareOf, type Plan } from './schedule.ts';

const minute = 60_000;
const patienceMs = 5 * minute;

type Waiting = Omit<Place, 'answer'>;
type Holding = Waiting & { stuck: boolean };

function waiting(key: string, change: Partial<Waiting> = {}): Waiting {
  return { key, issuer: 'a', zone: `${key}.com`, lane: `${key} HTTP-01`, since: 0, ...change };
}
function holding(key: string, change: Partial<Holding> = {}): Holding {
  return { ...waiting(key), stuck: false, ...change };
}
const answered = (place: Waiting): Place => ({ ...place, answer: place.key });

/** What a schedule says that was told all that at once. */
function schedule(input: {
  waiting: readonly Waiting[];
  holding: readonly Holding[];
  max: number;
  now: number;
  patienceMs: number;
}): Plan {
  const told = new Schedule(input.max);
  for (const { stuck: _stuck, ...place } of input.holding) told.hold(answered(place));
  for (const place of input.waiting) told.wait(answered(place));
  const patient = input.holding
    .filter(({ stuck, since }) => stuck && input.now - since >= input.patienceMs)
    .toSorted((a, b) => a.since - b.since);
  return told.plan(
    input.now,
    patient.map(({ key }) => key),
  );
}
const base = { now: 60 * minute, patienceMs };

test('the oldest go first, and as many as there are slots', () => {
  const line = ['c', 'a', 'b'].map((key, i) => waiting(key, { since: [3, 1, 2][i]! }));
  assert.deepEqual(schedule({ ...base, waiting: line, holding: [], max: 2 }).start, ['a', 'b']);
  assert.deepEqual(
    schedule({ ...base, waiting: line, holding: [holding('x'), holding('y')], max: 2 }).start,
    [],
  );
});

test('of one name and type the oldest works, and nobody while one of them does', () => {
  const lane = 'example.com DNS-01';
  const line = [waiting('young', { lane, since: 2 }), waiting('old', { lane, since: 1 })];
  assert.deepEqual(schedule({ ...base, waiting: line, holding: [], max: 9 }).start, ['old']);
  assert.deepEqual(schedule({ ...base, waiting: line, holding: [holding('x', { lane })], max: 9 }).start, []);
});

test('an issuer with a thousand names does not keep another one waiting', () => {
  const many = Array.from({ length: 1000 }, (_one, i) => waiting(`m${i}`, { since: i }));
  const line = [...many, waiting('late', { issuer: 'b', since: 9999 })];
  assert.ok(schedule({ ...base, waiting: line, holding: [], max: 60 }).start.includes('late'));
});

test('an issuer never has all slots: whoever comes later finds one free', () => {
  const many = Array.from({ length: 1000 }, (_one, i) => waiting(`m${i}`, { since: i }));
  const { start } = schedule({ ...base, waiting: many, holding: [], max: 60 });
  assert.equal(start.length, 54);
  const held = start.map((key) => holding(key));
  const later = schedule({ ...base, waiting: [waiting('late', { issuer: 'b' })], holding: held, max: 60 });
  assert.deepEqual(later.start, ['late']);
});

test('where there are few slots none is kept free', () => {
  assert.equal(shareOf(1), 1);
  assert.equal(shareOf(2), 2);
  assert.equal(shareOf(60), 54);
});

test('a zone with many names does not keep the other zones of its issuer waiting', () => {
  const many = Array.from({ length: 100 }, (_one, i) => waiting(`m${i}`, { zone: 'big.com', since: i }));
  const line = [...many, waiting('late', { zone: 'small.com', since: 9999 })];
  assert.ok(schedule({ ...base, waiting: line, holding: [], max: 5 }).start.includes('late'));
});

test('a stuck one gives its slot up when others wait for it, and only then', () => {
  const held = [holding('stuck', { stuck: true }), holding('busy')];
  const line = [waiting('next')];
  const now = 10 * minute;
  assert.deepEqual(schedule({ ...base, now, waiting: line, holding: held, max: 2 }), {
    start: [],
    yield: ['stuck'],
  });
  assert.deepEqual(schedule({ ...base, now, waiting: [], holding: held, max: 2 }).yield, []);
  assert.deepEqual(schedule({ ...base, now, waiting: line, holding: held, max: 3 }).yield, []);
  assert.deepEqual(
    schedule({ ...base, now: 4 * minute, waiting: line, holding: held, max: 2 }).yield,
    [],
    'not before its time',
  );
});

test('an issuer that holds less goes first, however long the other one has waited', () => {
  const line = [waiting('old', { since: 1 }), waiting('new', { issuer: 'b', since: 2 })];
  const held = [holding('busy')];
  assert.deepEqual(schedule({ ...base, waiting: line, holding: held, max: 2 }).start, ['new']);
});

test('of the stuck ones that of the issuer that holds most makes room, eight at a time', () => {
  const held = [
    holding('b-1', { issuer: 'b', stuck: true, since: 1 }),
    holding('a-1', { stuck: true, since: 2 }),
    holding('a-2', { stuck: true, since: 3 }),
  ];
  const next = [waiting('c', { issuer: 'c' })];
  assert.deepEqual(schedule({ ...base, waiting: next, holding: held, max: 3 }).yield, ['a-1']);
  const many = Array.from({ length: 20 }, (_one, i) => holding(`s${i}`, { stuck: true }));
  const line = Array.from({ length: 20 }, (_one, i) => waiting(`w${i}`, { issuer: 'b' }));
  assert.equal(schedule({ ...base, waiting: line, holding: many, max: 20 }).yield.length, 8);
});

test('who has its whole share gains nothing by what others give up, and asks nobody for it', () => {
  const max = 10;
  const held = [
    ...Array.from({ length: shareOf(max) }, (_one, i) => holding(`a${i}`)),
    holding('b', { issuer: 'b', stuck: true }),
  ];
  assert.deepEqual(schedule({ ...base, waiting: [waiting('more')], holding: held, max }).yield, []);
  const own = held.with(0, holding('a0', { stuck: true }));
  assert.deepEqual(schedule({ ...base, waiting: [waiting('more')], holding: own, max }).yield, ['a0']);
});

test('a stuck one of the same name and type makes room for the next', () => {
  const lane = 'example.com HTTP-01';
  const held = [holding('stuck', { lane, stuck: true })];
  const line = [waiting('next', { lane })];
  assert.deepEqual(schedule({ ...base, waiting: line, holding: held, max: 60 }).yield, ['stuck']);
});

const one = record({
  issuer: constantFrom('a', 'b', 'c'),
  zone: constantFrom('x', 'y', 'z'),
  name: integer({ min: 0, max: 30 }),
  since: integer({ min: 0, max: 1000 }),
  stuck: boolean(),
});

test('never more than there are slots, never two of a lane, never more than its share for an issuer', () => {
  check(
    property(
      array(one, { maxLength: 60 }),
      integer({ min: 1, max: 25 }),
      integer({ min: 0, max: 20 }),
      (all, max, held) => {
        const places = all.map((each, i) => ({ ...each, key: `k${i}`, lane: `${each.name}` }));
        const lanes = new Set<string>();
        const holders = places.slice(0, Math.min(held, max)).filter(({ lane }) => {
          const fresh = !lanes.has(lane);
          lanes.add(lane);
          return fresh;
        });
        const taken = new Set(holders.map(({ key }) => key));
        const line = places.filter(({ key }) => !taken.has(key));
        const { start } = schedule({ ...base, waiting: line, holding: holders, max });
        const working = [...holders, ...line.filter(({ key }) => start.includes(key))];
        assert.ok(working.length <= max);
        assert.equal(new Set(working.map(({ lane }) => lane)).size, working.length);
        for (const issuer of ['a', 'b', 'c']) {
          const before = holders.filter((each) => each.issuer === issuer).length;
          const after = working.filter((each) => each.issuer === issuer).length;
          assert.ok(after <= Math.max(before, shareOf(max)));
        }
      },
    ),
  );
});

test('nobody waits for ever, however many are stuck', () => {
  check(
    property(array(one, { minLength: 1, maxLength: 40 }), integer({ min: 1, max: 12 }), (all, max) => {
      let line: Waiting[] = all.map((each, i) => ({ ...each, key: `k${i}`, lane: `${each.name}` }));
      let holders: Holding[] = [];
      const served = new Set<string>();
      const isStuck = new Map(line.map(({ key }, i) => [key, all[i]!.stuck]));
      for (let now = 0; served.size < all.length; now += minute) {
        assert.ok(now < 24 * 60 * minute, `${all.length - served.size} still wait after a day`);
        // Whoever is not stuck is done in a minute.
        holders = holders.filter(({ stuck }) => stuck);
        const plan = schedule({ waiting: line, holding: holders, max, now, patienceMs });
        for (const key of plan.start) {
          served.add(key);
          const place = line.find((each) => each.key === key)!;
          holders.push({ ...place, since: now, stuck: isStuck.get(key)! });
        }
        line = line.filter(({ key }) => !plan.start.includes(key));
        for (const key of plan.yield) {
          const { stuck: _stuck, ...place } = holders.find((each) => each.key === key)!;
          line.push({ ...place, since: now });
        }
        holders = holders.filter(({ key }) => !plan.yield.includes(key));
      }
    }),
    { numRuns: 60 },
  );
});

test('it says what keeps each from a slot', () => {
  const told = new Schedule(10);
  const of = (key: string, issuer: string, change: Partial<Waiting> = {}): Place =>
    answered(waiting(key, { issuer, ...change }));
  for (let i = 0; i < 9; i++) told.hold(of(`h${i}`, 'a'));
  told.wait(of('same', 'b', { lane: 'h0 HTTP-01' }));
  told.wait(of('mine', 'a', { lane: 'one' }));
  told.wait(of('younger', 'b', { lane: 'one', since: 5 }));
  told.wait(of('free', 'b'));
  told.wait(of('later', 'b'), 99);
  told.plan(10, []);
  assert.deepEqual(told.obstacleOf('same'), { by: 'working', key: 'h0' });
  assert.deepEqual(told.obstacleOf('mine'), { by: 'share', held: 9, share: 9, max: 10 });
  assert.deepEqual(told.obstacleOf('younger'), { by: 'older', key: 'mine' });
  for (const key of ['free', 'later', 'h0', 'nobody']) assert.equal(told.obstacleOf(key), undefined, key);
  told.hold(of('h9', 'c'));
  assert.deepEqual(told.obstacleOf('free'), { by: 'slots', held: 10, max: 10 });
  assert.equal(told.obstacleOf('later'), undefined, 'its time has not come');
});
