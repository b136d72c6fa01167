import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNestedDeeper } from './yaml-nesting.ts';

for (const [text, deeper] of [
  ['[[[1]]]', false],
  ['[[[[1]]]]', true],
  ['a: {b: [{c: 1}]}', false],
  ['- {\n'.repeat(100_000), true],
  ['a: "[[[[[["', false],
  ['a: [[[[[[', true],
  ['text: |\n  [[[[[[\n  {{{{{{\n', false],
  ['# [[[[[[\na: 1', false],
  ['[1]\n---\n[2]\n---\n[3]\n---\n[4]', false],
] as const) {
  test(`nested deeper than 3: ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(isNestedDeeper(text, 3), deeper);
  });
}
