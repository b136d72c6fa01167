/** The ledger: what is admitted, who waits and until when, what refusals of the CA teach it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { AcmeConfigurationError } from '../errors.ts';
import { readCaLimits } from './ca-limits.ts';
import { createOrderBudget } from './create-order-budget.ts';
import { account, directory, hour, minute, now, order, rateLimited, use } from './testing/wishes.ts';

describe("Let's Encrypt's limits", () => {
  it('admit 50 certificates of a registered domain, then name the slot that comes in 202 minutes', () => {
    const budget = createOrderBudget();
    use(budget, 50, (index) => [`h${index}.example.com`]);
    const answer = budget.admit(order(['another.example.com']), now);
    assert.ok(!answer.admit);
    assert.equal(answer.limit, 'new-certificates-per-registered-domain');
    assert.ok(answer.until - now > 201 * minute && answer.until - now <= 202 * minute);
    assert.match(answer.message, /example\.com; next slot in 3 h 21 min \(2026-11-22T10:21:36Z\)$/u);
    assert.ok(budget.admit(order(['www.example.org']), now).admit, 'other domains go on');
  });
  it('admit 5 certificates of an exact set, in whatever order and case, then wait 34 hours', () => {
    const budget = createOrderBudget();
    use(budget, 5, (index) =>
      index % 2 === 0 ? ['a.example.com', 'b.example.com'] : ['B.example.com', 'a.example.com'],
    );
    const answer = budget.admit(order(['b.example.com', 'a.example.com']), now);
    assert.ok(!answer.admit && answer.limit === 'new-certificates-per-exact-set-of-identifiers');
    assert.ok(answer.until - now > 33 * hour && answer.until - now < 34 * hour);
  });
  it('admit 300 orders of an account, then one each 36 s, promised to each who asks', () => {
    const budget = createOrderBudget();
    use(budget, 300, (index) => [`www.d${index}.example`]);
    const waits = [1, 2, 3].map((index) => {
      const answer = budget.admit(order([`www.late${index}.example`]), now);
      assert.ok(!answer.admit && answer.limit === 'new-orders-per-account');
      return answer.until - now;
    });
    assert.deepEqual(waits, [36_000, 72_000, 108_000]);
  });
  it("are staging's own at staging: a registered domain never waits, an account does after 1500 orders", () => {
    const budget = createOrderBudget();
    const staging = 'https://acme-staging-v02.api.letsencrypt.org/directory';
    const ask = (count: number, names: (index: number) => string[]): readonly boolean[] =>
      Array.from({ length: count }, (_, index) => {
        const wish = { ...order(names(index)), directory: staging };
        const { admit } = budget.admit(wish, now + index);
        if (admit) budget.issued(wish, now + index);
        return admit;
      });
    assert.ok(ask(1500, (index) => [`h${index}.example.com`]).every(Boolean));
    const late = { ...order(['late.example.com']), directory: staging };
    const answer = budget.admit(late, now + 1500);
    assert.ok(!answer.admit && answer.limit === 'new-orders-per-account');
    const used = budget.forecast(staging, account, now + 1500).map(({ limit }) => limit);
    assert.ok(used.includes('new-orders-per-account'));
    assert.ok(!used.includes('new-certificates-per-registered-domain'), 'all of it is back after a second');
  });
  it('exempt replacements from all, renewals of the same set from orders and domains', () => {
    const budget = createOrderBudget();
    use(budget, 50, (index) => [`h${index}.example.com`]);
    assert.ok(budget.admit(order(['x.example.com'], { replaces: true }), now).admit);
    assert.ok(budget.admit(order(['x.example.com'], { renewal: true }), now).admit);
    for (let index = 0; index < 4; index++)
      assert.ok(budget.admit(order(['x.example.com'], { renewal: true }), now).admit);
    assert.equal(
      budget.admit(order(['x.example.com'], { renewal: true }), now).admit,
      false,
      'the exact set counts',
    );
  });
  it('wait after five failed authorizations of a name in an hour, for that name only', () => {
    const budget = createOrderBudget();
    const failing = order(['bad.example.com']);
    for (let index = 0; index < 5; index++)
      budget.authorizationFailed(failing, { type: 'dns', value: 'bad.example.com' }, now);
    const answer = budget.admit(order(['good.example.com', '*.bad.example.com']), now);
    assert.ok(!answer.admit && answer.limit === 'authorization-failures-per-identifier-per-account');
    assert.equal(answer.until - now, 12 * minute);
    assert.ok(budget.admit(order(['good.example.com']), now).admit);
    budget.authorizationSucceeded(failing, { type: 'dns', value: 'bad.example.com' });
    const consecutive = budget
      .forecast(directory, account, now)
      .find(({ limit }) => limit.startsWith('consecutive'));
    assert.equal(consecutive, undefined, 'a success starts the count again');
  });
  it('let ten accounts be registered in three hours', () => {
    const budget = createOrderBudget();
    for (let index = 0; index < 10; index++) assert.ok(budget.admitRegistration(directory, now).admit);
    const answer = budget.admitRegistration(directory, now);
    assert.ok(!answer.admit);
    assert.equal(answer.until - now, 18 * minute);
  });
  it('do not hold for a CA that nobody has described', () => {
    const budget = createOrderBudget();
    for (let index = 0; index < 400; index++)
      assert.ok(budget.admit(order(['a.example.com'], { directory: 'https://ca.internal/dir' }), now).admit);
    assert.deepEqual(budget.forecast('https://ca.internal/dir', account, now), []);
  });
});

describe('a wish', () => {
  it('takes one slot however often it asks, and gives it back when it ends without a certificate', () => {
    const budget = createOrderBudget();
    const wish = order(['a.example.com']);
    const left = (limit: string): number | undefined =>
      budget.forecast(directory, account, now).find((entry) => entry.limit === limit)?.available;
    for (let index = 0; index < 10; index++) assert.ok(budget.admit(wish, now).admit);
    budget.placed(wish, now);
    assert.equal(left('new-orders-per-account'), 299);
    assert.equal(left('new-certificates-per-registered-domain'), 49);
    budget.released(wish, true, now);
    assert.equal(left('new-certificates-per-registered-domain') ?? 50, 50);
    assert.equal(left('new-orders-per-account'), 299, 'the CA has seen the order');
    budget.released(wish, true, now);
    assert.equal(left('new-certificates-per-registered-domain') ?? 50, 50, 'given back once');
  });
  it('that is issued stays counted', () => {
    const budget = createOrderBudget();
    const wish = order(['a.example.com']);
    budget.admit(wish, now);
    for (let index = 0; index < 3; index++) budget.issued(wish, now);
    budget.released(wish, true, now);
    const domain = budget.forecast(directory, account, now).find(({ subject }) => subject === 'example.com');
    assert.equal(domain?.available, 49);
  });
  it('keeps its promised slot against those who come later', () => {
    const budget = createOrderBudget();
    use(budget, 50, (index) => [`h${index}.example.com`]);
    const first = order(['first.example.com']);
    const promised = budget.admit(first, now);
    assert.ok(!promised.admit);
    const late = order(['late.example.com']);
    assert.equal(budget.admit(late, promised.until).admit, false, 'the slot belongs to who waited');
    assert.ok(budget.admit(first, promised.until).admit);
    assert.equal(budget.admit(first, promised.until + 1).admit, true);
  });
  it('that never comes back does not block others for long', () => {
    const budget = createOrderBudget();
    use(budget, 50, (index) => [`h${index}.example.com`]);
    const gone = budget.admit(order(['gone.example.com']), now);
    assert.ok(!gone.admit);
    assert.ok(budget.admit(order(['late.example.com']), gone.until + 11 * minute).admit);
  });
});

describe('a refusal of the CA', () => {
  it('holds the limit that it names until the time that it names', () => {
    const budget = createOrderBudget();
    const wish = order(['a.example.com']);
    budget.admit(wish, now);
    const { until, limit } = budget.refused(
      wish,
      rateLimited(
        'too many certificates (50) already issued for "example.com" in the last 168h0m0s, retry after ' +
          '2026-11-22 09:30:00 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-registered-domain',
      ),
      now,
    );
    assert.equal(until, Date.parse('2026-11-22T09:30:00Z'));
    assert.equal(limit, 'new-certificates-per-registered-domain');
    const other = budget.admit(order(['b.example.com']), now);
    assert.ok(!other.admit && other.until >= until, 'the whole domain waits');
    assert.ok(budget.admit(order(['b.example.org']), now).admit);
    assert.ok(budget.admit(wish, until).admit);
  });
  it('that names nothing holds this set of names, and the account for a minute', () => {
    const budget = createOrderBudget();
    const wish = order(['a.example.com']);
    const refusal = { ...rateLimited('slow down'), retryAt: now + hour };
    assert.deepEqual(budget.refused(wish, refusal, now), { until: now + hour, limit: 'refused-by-the-ca' });
    const others = budget.admit(order(['b.example.net']), now);
    assert.ok(!others.admit && others.until === now + minute);
    assert.ok(budget.admit(order(['b.example.net']), now + minute).admit);
    assert.equal(budget.admit(order(['a.example.com']), now + minute).admit, false);
    assert.ok(budget.admit(order(['a.example.com']), now + hour).admit);
  });
  it('never holds for more than a week, nor for no time at all', () => {
    const budget = createOrderBudget();
    const wish = order(['a.example.com']);
    assert.equal(
      budget.refused(wish, { ...rateLimited(''), retryAt: now + 1e15 }, now).until,
      now + 7 * 24 * hour,
    );
    assert.equal(budget.refused(wish, { ...rateLimited(''), retryAt: 0 }, now).until, now + 1000);
    assert.equal(budget.refused(wish, rateLimited(''), now).until, now + 5 * minute);
  });
});

describe('what is kept', () => {
  it('goes on after a restart', () => {
    const before = createOrderBudget();
    use(before, 50, (index) => [`h${index}.example.com`]);
    const waiting = order(['a.example.com']);
    before.admit(waiting, now);
    const state: unknown = JSON.parse(JSON.stringify(before.serialise(now)));
    const after = createOrderBudget({ state });
    assert.deepEqual(after.serialise(now), before.serialise(now));
    assert.equal(after.admit(waiting, now).admit, false);
  });
  it('may be anything, and never spoils the ledger', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record({
            version: fc.constant(1),
            levels: fc.jsonValue(),
            holds: fc.jsonValue(),
            taken: fc.jsonValue(),
          }),
        ),
        (state) => {
          const answer = createOrderBudget({ state }).admit(order(['a.example.com']), now);
          assert.ok(answer.admit || Number.isFinite(answer.until));
        },
      ),
    );
  });
  it('is empty again when all has come back', () => {
    const budget = createOrderBudget();
    use(budget, 20, (index) => [`h${index}.example.com`]);
    const state = budget.serialise(now + 30 * 24 * hour);
    assert.deepEqual([state.levels, state.taken], [{}, {}]);
  });
});

describe('any history', () => {
  const limits = readCaLimits([
    {
      ca: 'Test CA',
      directories: [directory],
      limits: [
        { name: 'orders', counts: 'order', per: 'account', allowed: 4, windowSeconds: 60 },
        { name: 'domain', counts: 'certificate', per: 'registered-domain', allowed: 3, windowSeconds: 300 },
      ],
    },
  ]);
  it('never lets more through than a sliding limit allows, and always names a finite later time', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      domain: fc.constantFrom('one.example', 'two.example'),
      wait: fc.integer({ min: 0, max: 40_000 }),
      end: fc.constantFrom('issued', 'released', 'unsent', 'none'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const budget = createOrderBudget({ limits });
        const counted: { at: number; domain: string }[] = [];
        let at = now;
        for (const { name, domain, wait, end } of steps) {
          at += wait;
          const wish = order([`${name}.${domain}`]);
          const answer = budget.admit(wish, at);
          if (!answer.admit) {
            assert.ok(Number.isFinite(answer.until) && answer.until > at && answer.message.length > 0);
            continue;
          }
          if (end === 'issued') budget.issued(wish, at);
          if (end === 'released') budget.released(wish, true, at);
          if (end === 'unsent') budget.released(wish, false, at);
          if (end === 'issued' || end === 'none') counted.push({ at, domain });
        }
        for (const { at: start, domain } of counted) {
          assert.ok(counted.filter((entry) => entry.at >= start && entry.at < start + 60_000).length <= 4);
          const same = counted.filter((entry) => entry.domain === domain);
          assert.ok(same.filter((entry) => entry.at >= start && entry.at < start + 300_000).length <= 3);
        }
      }),
    );
  });
  it('serves everybody who comes back when told to', () => {
    const budget = createOrderBudget({ limits });
    const wishes = Array.from({ length: 40 }, (_, index) => ({
      wish: order([`h${index}.d${index}.example`]),
      at: now,
    }));
    let asked = 0;
    for (let turn = 0; turn < 400 && wishes.length > 0; turn++) {
      wishes.sort((a, b) => a.at - b.at);
      const next = wishes[0];
      if (next === undefined) break;
      asked += 1;
      const answer = budget.admit(next.wish, next.at);
      if (answer.admit) wishes.shift();
      else next.at = answer.until;
    }
    assert.equal(wishes.length, 0);
    assert.ok(asked <= 80, `${asked} questions for 40 wishes: each asks, waits and is served`);
  });
});

describe('readCaLimits', () => {
  it('names the place of a mistake', () => {
    const limit = { name: 'x', counts: 'order', per: 'account', allowed: 1, windowSeconds: 1 };
    const ca = (change: object) => [
      { ca: 'c', directories: ['https://c/d'], limits: [{ ...limit, ...change }] },
    ];
    assert.equal(readCaLimits(ca({}))[0]?.limits[0]?.refill, 'sliding');
    const mistakes: [unknown, RegExp][] = [
      [{}, /^caLimits must be a list/u],
      [[{}], /^caLimits\[0\]\.ca must be a text/u],
      [ca({ allowed: 0 }), /limits\[0\]\.allowed must be a whole number from 1 to 100000/u],
      [ca({ per: 'account-and-identifier' }), /limits\[0\]\.per must be one of account, .* for order/u],
      [ca({ windowMs: 5 }), /limits\[0\] has no field windowMs/u],
      [ca({ exempt: ['x'] }), /exempt must be one of replacement, renewal/u],
      [ca({ resetOnSuccess: 'yes' }), /resetOnSuccess must be true or false/u],
      [ca({ resetOnSuccess: true }), /resetOnSuccess must be left out: .* failed-authorization/u],
      [ca({ counts: 'registration', per: 'directory', exempt: ['renewal'] }), /exempt must be left out/u],
    ];
    for (const [value, message] of mistakes)
      assert.throws(
        () => readCaLimits(value),
        (error) => error instanceof AcmeConfigurationError && message.test(error.message),
      );
  });
});
