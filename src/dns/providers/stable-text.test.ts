import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { stableText } from './stable-text.ts';

for (const [text, expected] of [
  ['User is not authorized (request id: 1f2e)', 'User is not authorized'],
  ['failed, RequestId: "abc-123", try later', 'failed, try later'],
  ['at 2026-11-22T07:00:00.123Z it broke', 'at … it broke'],
  ['id c6104cbe-af31-11e0-8154-cbc7ccf896c7 unknown', 'id … unknown'],
  ['two\r\nlines\u0000and\u2028more', 'two lines and more'],
] as const)
  test(`made stable: ${text}`, () => {
    assert.equal(stableText(text), expected);
  });

test('no secret comes through, in whichever form a server repeats it', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 12, maxLength: 60, unit: 'binary' }),
      fc.string(),
      (random, around) => {
        // Long enough that it is not found by chance in what is around it.
        const secret = `§${random}§`;
        for (const form of [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret)])
          assert.ok(
            !stableText(`${around}${form}${around}`, [secret.toWellFormed(), secret]).includes(random),
          );
      },
    ),
  );
});

test('whatever comes in, what goes out is one short line', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3000, unit: 'binary' }), (text) => {
      const stable = stableText(text);
      assert.ok(stable.length <= 240);
      // oxlint-disable-next-line no-control-regex -- they are what must not be there
      assert.doesNotMatch(stable, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u);
    }),
  );
});
