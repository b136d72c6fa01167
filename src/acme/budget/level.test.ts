/** Levels: what is left of a limit, when the next slot is, and that no window ever holds more than the limit. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { available, fullAt, givenBack, slotAt, used, type Level } from './level.ts';

const hour = 3_600_000;
const shapes = fc.record({
  allowed: fc.integer({ min: 1, max: 20 }),
  windowMs: fc.integer({ min: 1000, max: 7 * 24 * hour }),
  refill: fc.constantFrom('steady' as const, 'sliding' as const),
});

describe('a steady level', () => {
  const limit = { allowed: 300, windowMs: 3 * hour, refill: 'steady' as const };
  it("comes back one by one, as Let's Encrypt's 300 orders in 3 hours do every 36 s", () => {
    let level: Level | undefined;
    for (let index = 0; index < 300; index++) level = used(limit, level, 1e12);
    assert.equal(available(limit, level, 1e12), 0);
    assert.equal(slotAt(limit, level, 1, 1e12), 1e12 + 36_000);
    assert.equal(available(limit, level, 1e12 + 36_000), 1);
    assert.equal(slotAt(limit, level, 10, 1e12), 1e12 + 360_000);
    assert.equal(fullAt(limit, level, 1e12), 1e12 + 3 * hour);
  });
  it('gives back, and never sinks when told of the past', () => {
    const level = used(limit, used(limit, undefined, 1e12), 1e12);
    assert.equal(available(limit, givenBack(limit, level, 1e12), 1e12), 299);
    assert.ok((used(limit, level, 0) as number) >= (level as number));
  });
});

describe('a sliding level', () => {
  const limit = { allowed: 2, windowMs: 1000, refill: 'sliding' as const };
  it('is free again a window after each use', () => {
    const level = used(limit, used(limit, undefined, 100), 600);
    assert.equal(available(limit, level, 700), 0);
    assert.equal(slotAt(limit, level, 1, 700), 1101);
    assert.equal(slotAt(limit, level, 2, 700), 1601);
    assert.equal(slotAt(limit, level, 3, 700), 2101);
    assert.equal(available(limit, level, 1101), 1);
    assert.deepEqual(givenBack(limit, level, 600), [100]);
    assert.equal(fullAt(limit, level, 700), 1600);
  });
});

describe('a level of ten thousand uses', () => {
  const begin = 1.8e12;
  for (const allowed of [100, 10_000])
    it(`costs some dozen looks to ask, as one of ${allowed}`, () => {
      const limit = { allowed, windowMs: hour, refill: 'sliding' as const };
      let looks = 0;
      const times = Array.from({ length: allowed }, (_one, index) => begin + (index * hour) / allowed);
      const level = new Proxy(times, {
        get(target, name, receiver): unknown {
          if (typeof name === 'string' && /^[0-9]+$/u.test(name)) looks++;
          return Reflect.get(target, name, receiver);
        },
      });
      const now = begin + 1.5 * hour;
      assert.equal(available(limit, level, now), allowed / 2 + 1);
      assert.equal(slotAt(limit, level, allowed / 2 + 2, now), times[allowed / 2 + 1]! + hour + 1);
      assert.ok(looks <= 40, `${looks} looks`);
    });
  it('is in order, whatever it was told first', () => {
    const limit = { allowed: 4, windowMs: hour, refill: 'sliding' as const };
    let level: Level | undefined;
    for (const at of [30, 10, 20, 20, 40]) level = used(limit, level, at);
    assert.deepEqual(level, [20, 20, 30, 40]);
    assert.deepEqual(givenBack(limit, level, 20), [20, 30, 40]);
    assert.deepEqual(givenBack(limit, level, 25), level);
  });
});

describe('any level', () => {
  it('never lets more through a window than its kind allows, and always knows a finite next slot', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.double({ min: 0, max: 0.7, noNaN: true }), { minLength: 1, maxLength: 120 }),
        (limit, steps) => {
          let level: Level | undefined;
          let now = 1.8e12;
          const taken: number[] = [];
          for (const step of steps) {
            now += Math.round(step * limit.windowMs * step);
            const next = slotAt(limit, level, 1, now);
            assert.ok(Number.isFinite(next) && next >= now && next <= now + limit.windowMs + 1);
            const free = available(limit, level, now);
            assert.equal(free > 0, next === now, `${free} free, next slot in ${next - now}`);
            if (free === 0) continue;
            level = used(limit, level, now);
            taken.push(now);
          }
          for (const start of taken) {
            const inside = taken.filter((at) => at >= start && at < start + limit.windowMs).length;
            // A steady level is a burst and what comes back meanwhile; a sliding one holds for every window.
            assert.ok(inside <= (limit.refill === 'sliding' ? limit.allowed : limit.allowed * 2));
          }
        },
      ),
    );
  });
  it('has a slot free at the time that it names, for the first of those who wait', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 60 }), (limit, uses) => {
        let level: Level | undefined;
        for (let index = 0; index < uses; index++) level = used(limit, level, 1.8e12 + index);
        const next = slotAt(limit, level, 1, 1.8e12 + uses);
        assert.ok(available(limit, level, next) > 0);
      }),
    );
  });
  it('names slots in order', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 30 }), (limit, uses) => {
        let level: Level | undefined;
        for (let index = 0; index < uses; index++) level = used(limit, level, 1.8e12 + index);
        const slots = Array.from({ length: 60 }, (_, index) =>
          slotAt(limit, level, index + 1, 1.8e12 + uses),
        );
        assert.deepEqual(
          slots,
          slots.toSorted((a, b) => a - b),
        );
        assert.ok(slots.every(Number.isFinite));
      }),
    );
  });
});
