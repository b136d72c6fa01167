/** The schedule that is kept up to date says, after any changes, what a plain search through all of them says; and it costs no search. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, array, constantFrom, integer, oneof, property, record } from 'fast-check';
import type { Place } from './fair-line.ts';
import { Schedule, shareOf, type Plan } from './schedule.ts';

interface Waiting extends Place {
  order: number;
  notBefore: number;
}

/** All that a schedule was told, in plain lists. */
class Model {
  readonly waiting = new Map<string, Waiting>();
  readonly holding = new Map<string, Place>();
  readonly parked = new Set<string>();
  arrivals = 0;

  wait(place: Place, notBefore: number): void {
    const order = this.waiting.get(place.key)?.order ?? this.arrivals++;
    this.drop(place.key);
    this.waiting.set(place.key, { ...place, order, notBefore });
  }
  hold(place: Place): void {
    if (this.holding.has(place.key)) this.holding.set(place.key, place);
    else {
      this.drop(place.key);
      this.holding.set(place.key, place);
    }
  }
  drop(key: string): void {
    this.waiting.delete(key);
    this.holding.delete(key);
  }

  /** The rules as they are written down, by search. */
  plan(max: number, now: number, patient: readonly string[]): Plan {
    const able = [...this.waiting.values()]
      .filter(({ notBefore, answer }) => notBefore <= now && !this.parked.has(answer))
      .toSorted((a, b) => a.since - b.since || a.order - b.order);
    const held: Place[] = [...this.holding.values()];
    const works = (lane: string): boolean => held.some((one) => one.lane === lane);
    let line = able.filter((one, i) => able.findIndex(({ lane }) => lane === one.lane) === i);
    const wanted = new Set(line.map(({ lane }) => lane));
    line = line.filter(({ lane }) => !works(lane));
    const ofIssuer = (issuer: string): number => held.filter((one) => one.issuer === issuer).length;
    const ofZone = ({ issuer, zone }: Place): number =>
      held.filter((one) => one.issuer === issuer && one.zone === zone).length;
    const start: string[] = [];
    while (held.length < max) {
      const open = line.filter(({ issuer }) => ofIssuer(issuer) < shareOf(max));
      // Sorting is stable: where loads are equal, the oldest comes first.
      const firsts = [...new Set(open.map(({ issuer }) => issuer))].map(
        (issuer) => open.filter((one) => one.issuer === issuer).toSorted((a, b) => ofZone(a) - ofZone(b))[0]!,
      );
      const [next] = firsts
        .toSorted((a, b) => open.indexOf(a) - open.indexOf(b))
        .toSorted((a, b) => ofIssuer(a.issuer) - ofIssuer(b.issuer));
      if (next === undefined) break;
      held.push(next);
      start.push(next.key);
      line = line.filter((one) => one !== next);
    }
    const chosen: string[] = [];
    const choose = (from: readonly Place[]): void => {
      const [best] = from
        .filter(({ key }) => !chosen.includes(key))
        .toSorted((a, b) => ofIssuer(b.issuer) - ofIssuer(a.issuer));
      if (best !== undefined && chosen.length < 8) chosen.push(best.key);
    };
    const stuck = patient.flatMap((key) => this.holding.get(key) ?? []);
    for (const one of stuck) if (wanted.has(one.lane)) choose([one]);
    const isFull = ({ issuer }: Place): boolean => ofIssuer(issuer) >= shareOf(max);
    for (const _one of line.filter((each) => !isFull(each))) choose(stuck);
    const full = line.filter(isFull);
    for (const issuer of new Set(stuck.map((one) => one.issuer)))
      for (const _one of full.filter((one) => one.issuer === issuer))
        choose(stuck.filter((one) => one.issuer === issuer));
    return { start, yield: chosen };
  }
}

const place = record({
  key: integer({ min: 0, max: 40 }).map((i) => `ns/c${i}`),
  issuer: constantFrom('a', 'a', 'a', 'b', 'c'),
  name: integer({ min: 0, max: 14 }),
  answer: integer({ min: 0, max: 1 }),
  since: integer({ min: 0, max: 12 }),
}).map(({ name, answer, ...rest }): Place => ({
  ...rest,
  zone: `zone${name % 3}`,
  lane: `name${name}`,
  answer: `name${name}/${answer}`,
}));
const waits = record({ do: constantFrom('wait'), place, notBefore: constantFrom(0, 0, 0, 5, 9) });
const step = oneof(
  waits,
  waits,
  record({ do: constantFrom('hold', 'drop', 'park', 'unpark'), place }),
  record({ do: constantFrom('fill'), stuck: integer({ min: 1, max: 4 }) }),
);

test('after any changes it says what a search through all of them says', () => {
  check(
    property(array(step, { minLength: 20, maxLength: 120 }), integer({ min: 1, max: 25 }), (steps, max) => {
      const [schedule, model] = [new Schedule(max), new Model()];
      for (const [at, one] of steps.entries()) {
        const now = at / 10;
        if (one.do === 'fill') {
          const patient = [...model.holding.keys()].filter(
            (_key, i) => i % ('stuck' in one ? one.stuck : 1) === 0,
          );
          const plan = schedule.plan(now, patient);
          assert.deepEqual(plan, model.plan(max, now, patient));
          assert.deepEqual(schedule.plan(now, patient), plan, 'asking changes nothing');
          for (const key of plan.start) {
            const { order: _order, notBefore: _notBefore, ...taken } = model.waiting.get(key)!;
            schedule.hold(taken);
            model.hold(taken);
          }
        } else if ('place' in one) {
          const { key } = one.place;
          if (one.do === 'wait' && 'notBefore' in one) {
            schedule.wait(one.place, one.notBefore);
            model.wait(one.place, one.notBefore);
          } else if (one.do === 'hold') {
            schedule.hold(one.place);
            model.hold(one.place);
          } else if (one.do === 'drop') {
            schedule.drop(key);
            model.drop(key);
          } else if (one.do === 'park') {
            schedule.park(one.place);
            model.parked.add(one.place.answer);
          } else {
            schedule.unpark(one.place);
            model.parked.delete(one.place.answer);
          }
        }
        assert.equal(schedule.waiting, model.waiting.size);
        assert.equal(schedule.holding, model.holding.size);
      }
    }),
    { numRuns: 300 },
  );
});

/** How often a place in line is looked at while `freed` slots are freed and given again, with `count` that wait. */
function looks(count: number, freed: number): number {
  let seen = 0;
  const schedule = new Schedule(10);
  for (let i = 0; i < count; i++)
    schedule.wait({
      key: `ns/c${i}`,
      issuer: `issuer${i % 7}`,
      zone: `zone${i % 50}`,
      lane: `name${i}`,
      answer: `name${i}`,
      get since() {
        seen++;
        return i;
      },
    });
  const holders: string[] = [];
  const take = (): void => {
    for (const key of schedule.plan(0, holders.slice(0, 3)).start) {
      schedule.hold({ key, issuer: 'issuer0', zone: key, lane: key, answer: key, since: 0 });
      holders.push(key);
    }
  };
  take();
  seen = 0;
  for (let i = 0; i < freed; i++) {
    schedule.drop(holders.shift()!);
    take();
  }
  return seen;
}

test('a slot that becomes free costs as much with ten thousand that wait as with a few', () => {
  const [few, many] = [looks(200, 50), looks(10_000, 50)];
  // The logarithm of fifty times as many.
  assert.ok(many < 3 * few && many < 50 * 400, `${few} looks, and ${many} with fifty times as many`);
});

test('nothing is kept of those that are gone', (t) => {
  const maps = new Set<Map<unknown, unknown>>();
  const set = Reflect.get(Map.prototype, 'set') as (this: unknown, key: unknown, value: unknown) => unknown;
  t.mock.method(Map.prototype, 'set', function (this: Map<unknown, unknown>, key: unknown, value: unknown) {
    maps.add(this);
    return set.call(this, key, value);
  });
  const schedule = new Schedule(3);
  const places = Array.from({ length: 60 }, (_one, i): Place => {
    const lane = `name${i % 20}`;
    return {
      key: `ns/c${i}`,
      issuer: `issuer${i % 7}`,
      zone: `zone${i % 9}`,
      lane,
      answer: `${lane}/${i % 3}`,
      since: i,
    };
  });
  for (const place of places) schedule.wait(place, place.since % 4 === 0 ? 5 : 0);
  for (const { key } of places) {
    for (const started of schedule.plan(9, []).start)
      schedule.hold(places.find((one) => one.key === started)!);
    schedule.park(places[0]!);
    schedule.drop(key);
    schedule.unpark(places[0]!);
  }
  assert.ok(maps.size > 20);
  // What a heap keeps of places goes with the heap.
  const kept = [...maps].filter(({ size }) => size > 0);
  assert.deepEqual(kept, []);
});
