import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCa } from '../../testing/simulated-ca.ts';
import { SimulatedWorld } from '../../testing/simulated-world.ts';

const second = 1000;
const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2027-01-01T00:00:00Z');
const end = start + 730 * day;
const lifetime = { duration: '1080h' };
const life = 45 * day;

function generator(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Run {
  world: SimulatedWorld;
  ca: SimulatedCa;
  /** What the clock of the controller is ahead of the right time, from this time on. */
  steps?: { at: number; aheadMs: number }[];
}

/** Two years, event by event. `look`: called after each, with the right time. */
function live({ world, steps = [] }: Run, look: (trueNow: number) => void = () => undefined): void {
  let now = start;
  let ahead = 0;
  while (now < end) {
    for (const step of steps) if (step.at <= now) ahead = step.aheadMs;
    const wake = world.run(now + ahead, now);
    look(now);
    const step = steps.find(({ at }) => at > now)?.at ?? end;
    // Timers count elapsed time; whoever steps the clock has everything looked at again.
    const next = Math.min(wake === undefined ? end : wake - ahead, world.waitsUntil ?? end, step);
    now = Math.max(next, now + second);
  }
}

/** Never without a valid certificate, by the right time. */
function neverExpired(world: SimulatedWorld): (trueNow: number) => void {
  return (trueNow) => {
    const leaf = world.secret?.certificate;
    if (leaf?.ok !== true) return;
    assert.ok(leaf.value.notAfter > trueNow, `expired for ${(trueNow - leaf.value.notAfter) / hour} hours`);
  };
}

const days = (world: SimulatedWorld): string =>
  world.issued.map(({ notBefore }) => Math.round((notBefore - start) / day)).join(' ');

test('two years of 45 days by the windows of the CA: each renewal inside its window, twenty-six orders', () => {
  for (let i = 0; i < 6; i++) {
    const world = new SimulatedWorld(`web-${i}`, lifetime, 'durable');
    const ca = new SimulatedCa();
    world.cas.set('ca', ca);
    live({ world, ca }, neverExpired(world));
    assert.ok(
      world.issued.length >= 25 && world.issued.length <= 26,
      `${world.issued.length} on days ${days(world)}`,
    );
    for (let n = 1; n < world.issued.length; n++) {
      const { notBefore, notAfter } = world.issued[n - 1]!;
      const { start: from, end: to } = ca.window(notBefore, notAfter);
      const at = world.issued[n]!.at;
      assert.ok(at >= from && at <= to + second, `renewal ${n} of web-${i} outside its window`);
      assert.equal(world.issued[n]!.reason, 'Renewing');
    }
    const polls = world.questions / 730;
    assert.ok(polls > 3.5 && polls < 5, `${polls} questions a day`);
  }
});

test('outages, limits and silence of the CA: never expired, each certificate replaced once, never before its window', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = generator(seed);
    const world = new SimulatedWorld(`rough-${seed}`, lifetime, 'durable');
    const ca = new SimulatedCa();
    world.cas.set('ca', ca);
    for (let at = start + day; at < end; at += (2 + random() * 20) * day) {
      const long = random() * 5 * day;
      if (random() < 0.5) ca.down(at, at + long);
      else ca.limited(at, at + long);
    }
    live({ world, ca }, neverExpired(world));
    assert.ok(world.issued.length >= 23 && world.issued.length <= 26, `seed ${seed}: ${world.issued.length}`);
    assert.equal(world.failures.length, 0, 'waiting is no failure');
    for (let n = 1; n < world.issued.length; n++) {
      const { notBefore, notAfter } = world.issued[n - 1]!;
      assert.ok(world.issued[n]!.at >= ca.window(notBefore, notAfter).start, `seed ${seed}, renewal ${n}`);
    }
  }
});

test('without renewal information: the spread, and the same number of orders', () => {
  const first: number[] = [];
  for (let i = 0; i < 20; i++) {
    const world = new SimulatedWorld(`web-${i}`, lifetime, 'durable');
    const ca = new SimulatedCa();
    ca.offersInfo = false;
    world.cas.set('ca', ca);
    live({ world, ca }, neverExpired(world));
    assert.ok(
      world.issued.length >= 23 && world.issued.length <= 25,
      `${world.issued.length} on days ${days(world)}`,
    );
    assert.equal(world.questions, 0);
    for (let n = 1; n < world.issued.length; n++) {
      const share = (world.issued[n]!.at - world.issued[n - 1]!.notBefore) / life;
      assert.ok(share >= 2 / 3 - 1e-6 && share <= 2 / 3 + 0.0501, `${share}`);
    }
    first.push(world.issued[1]!.at);
  }
  assert.ok(
    Math.max(...first) - Math.min(...first) > day,
    'twenty certificates made at once are not renewed at once',
  );
});

test('a clock that is set back and forth: never expired, and no order beyond those that a wrong clock asks for', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = generator(seed + 100);
    const world = new SimulatedWorld(`clock-${seed}`, lifetime, 'durable');
    const ca = new SimulatedCa();
    world.cas.set('ca', ca);
    const steps: { at: number; aheadMs: number }[] = [];
    // Half a day wrong, up to three days off, then right again.
    for (let at = start + 5 * day; at < end; at += (5 + random() * 15) * day) {
      steps.push({ at, aheadMs: Math.round((random() - 0.5) * 6) * day }, { at: at + day / 2, aheadMs: 0 });
    }
    live({ world, ca, steps }, neverExpired(world));
    assert.ok(
      world.issued.length >= 25 && world.issued.length <= 30,
      `seed ${seed}: ${world.issued.length} on days ${days(world)}`,
    );
    for (let n = 1; n < world.issued.length; n++) {
      const age = world.issued[n]!.notBefore - world.issued[n - 1]!.notBefore;
      assert.ok(age >= 0.63 * life - 3 * day - second, `seed ${seed}: replaced after ${age / day} days`);
    }
  }
});

test('a mass revocation: replaced within hours, once, and the rhythm goes on', () => {
  for (let i = 0; i < 5; i++) {
    const world = new SimulatedWorld(`revoked-${i}`, lifetime, 'durable');
    const ca = new SimulatedCa();
    world.cas.set('ca', ca);
    ca.revokedAt = start + 200 * day + i * 3 * day;
    live({ world, ca }, neverExpired(world));
    const after = world.issued.find(({ at }) => at >= ca.revokedAt!)!;
    assert.ok(after.at - ca.revokedAt < 7 * hour, `${(after.at - ca.revokedAt) / hour} hours`);
    assert.ok(
      world.issued.length >= 25 && world.issued.length <= 27,
      `${world.issued.length} on days ${days(world)}`,
    );
  }
});

test('a CA that moves its window at every question cannot have more than a few orders a month', () => {
  const random = generator(5);
  const world = new SimulatedWorld('restless', lifetime, 'durable');
  const ca = new SimulatedCa();
  world.cas.set('ca', ca);
  let now = start;
  ca.window = (from) => ({
    start: from + 1 + random() * 40 * day,
    end: from + 40 * day + random() * 4 * day,
  });
  live({ world, ca }, (trueNow) => {
    now = trueNow;
    neverExpired(world)(trueNow);
  });
  assert.ok(now > end - day * 30);
  assert.ok(world.issued.length <= 80, `${world.issued.length} in two years`);
  ca.window = (from) => ({ start: from + second, end: from + 10 * second });
  const greedy = new SimulatedWorld('greedy', lifetime, 'durable');
  greedy.cas.set('ca', ca);
  live({ world: greedy, ca }, neverExpired(greedy));
  assert.ok(greedy.issued.length <= 55, `${greedy.issued.length} in two years`);
});

test('six days: two years through outages of half a day, never expired', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = generator(seed + 50);
    const world = new SimulatedWorld(`short-${seed}`, { duration: '160h' }, 'durable');
    const ca = new SimulatedCa();
    world.cas.set('ca', ca);
    for (let at = start + day; at < end; at += (1 + random() * 4) * day)
      ca.down(at, at + random() * 12 * hour);
    live({ world, ca }, neverExpired(world));
    assert.ok(world.issued.length >= 155 && world.issued.length <= 180, `${world.issued.length}`);
  }
});
