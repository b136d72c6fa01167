import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { CronSyntaxError, isValidTimeZone, parseCron } from './cron.ts';

function next(expression: string, after: string, zone = 'UTC'): string | undefined {
  const found = parseCron(expression).next(Date.parse(after), zone);
  return found === undefined ? undefined : new Date(found).toISOString().replace('.000Z', 'Z');
}

describe('cron', () => {
  const starts: [string, string, string, string?][] = [
    ['0 2 * * *', '2025-01-01T02:00:00Z', '2025-01-02T02:00:00Z'],
    ['*/15 * * * *', '2025-01-01T00:00:01Z', '2025-01-01T00:15:00Z'],
    ['5-20/15 1,3 * * *', '2025-01-01T01:05:00Z', '2025-01-01T01:20:00Z'],
    ['30/10 * * * *', '2025-01-01T00:50:00Z', '2025-01-01T01:30:00Z'],
    ['0 0 * JAN-mar Mon', '2025-03-31T00:00:00Z', '2026-01-05T00:00:00Z'],
    ['0 0 ? * sat,SUN', '2025-06-02T00:00:00Z', '2025-06-07T00:00:00Z'],
    ['0 0 29 2 *', '2025-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
    ['1,,2 * * * *', '2025-01-01T00:01:00Z', '2025-01-01T00:02:00Z'],
    // Both day fields restricted: one is enough. A star with a step restricts.
    ['0 0 13 * fri', '2025-06-07T00:00:00Z', '2025-06-13T00:00:00Z'],
    ['0 0 1 * wed', '2025-06-02T00:00:00Z', '2025-06-04T00:00:00Z'],
    ['0 0 */10 * mon', '2025-06-03T00:00:00Z', '2025-06-09T00:00:00Z'],
    ['0 0 */1 * mon', '2025-06-03T00:00:00Z', '2025-06-09T00:00:00Z'],
    ['@yearly', '2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['@annually', '2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['@monthly', '2025-01-01T00:00:00Z', '2025-02-01T00:00:00Z'],
    ['@weekly', '2025-06-02T00:00:00Z', '2025-06-08T00:00:00Z'],
    ['@daily', '2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z'],
    ['@midnight', '2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z'],
    ['@hourly', '2025-01-01T00:00:00Z', '2025-01-01T01:00:00Z'],
    ['@every 1h30m', '2025-01-01T00:00:00.5Z', '2025-01-01T01:30:00Z'],
    ['0 9 * * *', '2025-07-01T00:00:00Z', '2025-07-01T07:00:00Z', 'Europe/Berlin'],
    ['0 9 * * *', '2025-12-01T00:00:00Z', '2025-12-01T08:00:00Z', 'Europe/Berlin'],
    ['0 0 * * *', '2025-06-01T00:00:00Z', '2025-06-01T18:30:00Z', 'Asia/Kolkata'],
    // 2:30 does not exist on 10 March 2024 in New York.
    ['30 2 * * *', '2024-03-10T05:00:00Z', '2024-03-11T06:30:00Z', 'America/New_York'],
    // 1:00 comes twice on 4 November 2012.
    ['0 1 * * *', '2012-11-04T04:00:00Z', '2012-11-04T05:00:00Z', 'America/New_York'],
    ['0 1 * * *', '2012-11-04T05:00:00Z', '2012-11-04T06:00:00Z', 'America/New_York'],
    // Half an hour of daylight saving.
    ['45 1 * * *', '2024-10-05T00:00:00Z', '2024-10-05T15:15:00Z', 'Australia/Lord_Howe'],
    // Midnight does not exist on 4 November 2018 in Sao Paulo.
    ['0 0 4 11 *', '2018-10-01T00:00:00Z', '2019-11-04T03:00:00Z', 'America/Sao_Paulo'],
    // A whole day does not exist on 30 December 2011 in Samoa.
    ['0 12 * * *', '2011-12-29T23:00:00Z', '2011-12-30T22:00:00Z', 'Pacific/Apia'],
  ];
  for (const [expression, after, expected, zone] of starts) {
    test(`${expression} after ${after} in ${zone ?? 'UTC'}`, () =>
      assert.equal(next(expression, after, zone), expected));
  }

  test('a date that never comes has no start', () => {
    assert.equal(next('0 0 31 2 *', '2025-01-01T00:00:00Z', 'Europe/Berlin'), undefined);
    assert.equal(parseCron('0 0 31 2 *').prev(0, 'UTC'), undefined);
  });

  test('@every counts from where it is asked, in whole seconds and at least one', () => {
    assert.equal(parseCron('@every 90m').period, 5_400_000);
    assert.equal(parseCron('@every 1ms').period, 1000);
    assert.equal(parseCron('@every 1h').prev(7_200_000, 'UTC'), 3_600_000);
  });

  const refused: [string, RegExp][] = [
    ['', /empty/],
    ['* * * *', /5 fields.*found 4/],
    ['* * * * * *', /5 fields.*found 6/],
    ['60 * * * *', /minute "60" is outside 0 to 59/],
    ['* 24 * * *', /hour/],
    ['* * 0 * *', /day of month/],
    ['* * * 13 *', /month/],
    ['* * * * 7', /day of week "7" is outside 0 to 6/],
    ['5-1 * * * *', /ends before it begins/],
    ['*/0 * * * *', /step of zero/],
    ['1/2/3 * * * *', /more than one \//],
    ['1-2-3 * * * *', /more than one -/],
    ['x * * * *', /"x" in minute/],
    ['-1 * * * *', /"" in minute/],
    [', * * * *', /no value/],
    ['@fortnightly', /unknown descriptor/],
    ['@every soon', /not a duration/],
    ['TZ=UTC 0 0 * * *', /time zone inside/],
    ['CRON_TZ=UTC 0 0 * * *', /time zone inside/],
    ['* '.repeat(2000), /longer than/],
  ];
  for (const [expression, message] of refused) {
    test(`refuses ${JSON.stringify(expression.slice(0, 30))}`, () => {
      assert.throws(
        () => parseCron(expression),
        (error) =>
          error instanceof CronSyntaxError && error.code === 'CronSyntax' && message.test(error.message),
      );
    });
  }

  test('knows time zones by their IANA names', () => {
    for (const name of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5']) {
      assert.ok(isValidTimeZone(name), name);
    }
    for (const name of [
      '',
      'Mars/Olympus',
      '+01:00',
      '../etc/passwd',
      'Local',
      'x'.repeat(1000),
      'Europe/Berlin ',
    ]) {
      assert.ok(!isValidTimeZone(name), name);
    }
    assert.throws(() => parseCron('* * * * *').next(0, 'Mars/Olympus'), RangeError);
  });
});

describe('cron, any expression and zone', () => {
  const field = (min: number, max: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min, max }).map(String),
      fc
        .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
    );
  const expression = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
    .map((parts) => parts.join(' '));
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  );
  const instant = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2060, 0) });

  test('next is a later whole minute, and prev leads back to it', () => {
    fc.assert(
      fc.property(expression, zone, instant, (text, name, after) => {
        const cron = parseCron(text);
        const found = cron.next(after, name);
        if (found === undefined) return;
        assert.ok(found > after);
        assert.equal(found % 60_000, 0);
        assert.equal(cron.prev(found + 1, name), found);
        const before = cron.prev(found, name);
        assert.ok(before === undefined || before <= after);
      }),
      { numRuns: 200 },
    );
  });

  test('the starts of two days are exactly the minutes whose local time matches', () => {
    const days = fc.constantFrom(
      '2024-03-09',
      '2024-11-02',
      '2024-03-30',
      '2024-10-26',
      '2024-04-06',
      '2024-07-01',
    );
    const minutes = fc.tuple(field(0, 59), field(0, 23)).map(([minute, hour]) => `${minute} ${hour} * * *`);
    fc.assert(
      fc.property(minutes, zone, days, (text, name, day) => {
        const cron = parseCron(text);
        const from = Date.parse(`${day}T12:00:00Z`);
        const format = new Intl.DateTimeFormat('en-GB', {
          timeZone: name,
          hour: '2-digit',
          minute: '2-digit',
        });
        const [minuteText = '', hourText = ''] = text.split(' ');
        const expected: number[] = [];
        for (let at = from; at < from + 36 * 3_600_000; at += 60_000) {
          const [hour = '', minute = ''] = format.format(at).split(':');
          if (matches(minuteText, Number(minute), 0) && matches(hourText, Number(hour), 0)) expected.push(at);
        }
        const found: number[] = [];
        let at = cron.next(from - 1, name);
        while (at !== undefined && at < from + 36 * 3_600_000 && found.length <= expected.length) {
          found.push(at);
          at = cron.next(at, name);
        }
        assert.deepEqual(found, expected);
      }),
      { numRuns: 15 },
    );
  });

  test('parsing any text either answers or throws CronSyntaxError', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9*?,/ a-f@-]{0,30}$/));
    fc.assert(
      fc.property(text, (expression) => {
        try {
          parseCron(expression).next(0, 'UTC');
        } catch (error) {
          assert.ok(error instanceof CronSyntaxError);
        }
      }),
    );
  });
});

/** A second, simple reading of one field of the generated expressions. */
function matches(text: string, value: number, min: number): boolean {
  if (text === '*') return true;
  if (text.startsWith('*/')) return (value - min) % Number(text.slice(2)) === 0;
  const [low = 0, high = low] = text.split('-').map(Number);
  return value >= low && value <= high;
}
