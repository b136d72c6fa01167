import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { formatDuration, formatDurationNanos, parseDuration, parseDurationNanos } from './duration.ts';

describe('duration', () => {
  const valid: [string, bigint][] = [
    ['0', 0n],
    ['2160h', 7_776_000_000_000_000n],
    ['1h30m', 5_400_000_000_000n],
    ['-1.5h', -5_400_000_000_000n],
    ['+5s', 5_000_000_000n],
    ['.5s', 500_000_000n],
    ['1.s', 1_000_000_000n],
    ['100us', 100_000n],
    ['100µs', 100_000n],
    ['100μs', 100_000n],
    ['1m1h1m', 3_720_000_000_000n],
    ['0.3333333333333333333h', 1_199_999_999_999n],
    ['9223372036854775807ns', 2n ** 63n - 1n],
    ['-9223372036854775808ns', -(2n ** 63n)],
  ];
  for (const [text, nanos] of valid) {
    test(`reads ${text}`, () => assert.equal(parseDurationNanos(text), nanos));
  }

  const junk = [
    '',
    ' ',
    '1',
    '1d',
    '-',
    '+',
    '.s',
    's',
    '1h ',
    '1 h',
    '1h-1m',
    '--1h',
    '1e3s',
    '9223372036854775808ns',
  ];
  for (const text of [...junk, '1H', '3000000h', `${'1'.repeat(400)}h`]) {
    test(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => assert.equal(parseDuration(text), undefined));
  }

  test('prints as Go does', () => {
    const printed: [bigint, string][] = [
      [0n, '0s'],
      [1n, '1ns'],
      [1_100n, '1.1µs'],
      [2_200_000n, '2.2ms'],
      [3_300_000_000n, '3.3s'],
      [245_000_000_000n, '4m5s'],
      [245_001_000_000n, '4m5.001s'],
      [18_367_001_000_000n, '5h6m7.001s'],
      [480_000_000_001n, '8m0.000000001s'],
      [-3_600_000_000_000n, '-1h0m0s'],
    ];
    for (const [nanos, text] of printed) assert.equal(formatDurationNanos(nanos), text);
    assert.equal(formatDuration(90 * 24 * 3_600_000), '2160h0m0s');
  });

  test('what is printed reads back the same', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanos) => {
        assert.equal(parseDurationNanos(formatDurationNanos(nanos)), nanos);
      }),
    );
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseDuration(text)));
  });
});
