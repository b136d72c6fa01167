import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from './errors.ts';
import { duration, endpoint, list, namespaceName, oneOf, wholeNumber } from './option-values.ts';

test('values are read into types', () => {
  assert.deepEqual(endpoint('--listen', '127.0.0.1:6443'), { host: '127.0.0.1', port: 6443 });
  assert.deepEqual(endpoint('--listen', '[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(endpoint('--listen', ':80'), { host: '127.0.0.1', port: 80 });
  assert.equal(duration('--timeout', '1h30m'), 5_400_000);
  assert.equal(wholeNumber('--n', '7', 1, 9), 7);
  assert.deepEqual(list('--l', '*, -a'), ['*', '-a']);
});

for (const [read, value] of [
  [(v: string) => endpoint('--f', v), 'localhost'],
  [(v: string) => endpoint('--f', v), 'a:99999'],
  [(v: string) => duration('--f', v), '0s'],
  [(v: string) => duration('--f', v), '5 minutes'],
  [(v: string) => duration('--f', v), '1d'],
  [(v: string) => wholeNumber('--f', v, 1, 9), '10'],
  [(v: string) => wholeNumber('--f', v, 1, 9), '1.5'],
  [(v: string) => namespaceName('--f', v), 'Upper'],
  [(v: string) => oneOf('--f', v, ['a', 'b']), 'c'],
  [(v: string) => list('--f', v), 'a,,b'],
] as const) {
  test(`${JSON.stringify(value)} is refused with flag, value and remedy`, () => {
    assert.throws(
      () => read(value),
      (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /^--f ".*": .{8,}/);
        return true;
      },
    );
  });
}
