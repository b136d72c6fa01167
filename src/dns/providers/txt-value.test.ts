import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { quoted, unquoted, withoutValue, withValue } from './txt-value.ts';

const value = fc.string({ minLength: 1, maxLength: 600 }).filter((text) => text.trim() === text);

test('what is quoted reads back', () => {
  fc.assert(fc.property(value, (text) => assert.equal(unquoted(quoted(text)), text)));
});

for (const [stored, expected] of [
  ['plain', 'plain'],
  ['"one" "two"', 'onetwo'],
  [String.raw`"a\"b\\c\065"`, 'a"b\\cA'],
  [' "x" ', 'x'],
  ['"open', 'open'],
] as const)
  test(`read: ${stored}`, () => {
    assert.equal(unquoted(stored), expected);
  });

test('adding and removing in any order: each value once, those of others as they were stored', () => {
  const mine = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ add: fc.boolean(), value: mine });
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom('"x"', 'y', '"z" "w"')), fc.array(step), (foreign, steps) => {
      let set: readonly string[] = foreign;
      const expected = new Set<string>();
      for (const { add, value: one } of steps) {
        set = (add ? withValue(set, one) : withoutValue(set, one)) ?? set;
        if (add) expected.add(one);
        else expected.delete(one);
      }
      assert.deepEqual(set, [...foreign, ...[...expected].map(quoted)]);
    }),
  );
});

test('nothing to change is told from a change', () => {
  assert.equal(withValue(['"a"'], 'a'), undefined);
  assert.equal(withoutValue(['"b"'], 'a'), undefined);
  assert.deepEqual(withoutValue(['"a"', 'a'], 'a'), []);
});
