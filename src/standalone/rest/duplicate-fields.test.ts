import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as holds, json, property } from 'fast-check';
import { duplicateFields, mayHaveDuplicates, parseYamlBody } from './duplicate-fields.ts';

test('duplicates are found at every depth and named by path', () => {
  const text = '{"a":{"b":1,"b":2},"c":[0,{"d":1,"\\u0064":2}],"a":"x","e\\":":1}';
  assert.deepEqual(duplicateFields(text), ['a.b', 'c[1].d', 'a']);
  assert.deepEqual(duplicateFields('{"a":{"x":1},"b":{"x":1},"c":["c","c"], "d" : "c" }'), []);
});

test('what JSON.stringify wrote has no duplicates', () => {
  holds(
    property(json({ maxDepth: 4 }), (text) => {
      assert.deepEqual(duplicateFields(JSON.stringify(JSON.parse(text))), []);
    }),
  );
});

test('a duplicate member is never overlooked by the quick look', () => {
  assert.equal(mayHaveDuplicates('{"a":1,"a":2}', 1), true);
  assert.equal(mayHaveDuplicates('{"a":1,"b":{"c":[]}}', 3), false);
});

test('the number of reported duplicates is bounded', () => {
  const text = `{${'"a":1,'.repeat(1000)}"a":1}`;
  assert.equal(duplicateFields(text).length, 64);
});

test('YAML: the last one counts, and the line is named', () => {
  assert.deepEqual(parseYamlBody('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n'), {
    value: { a: 3, b: { c: 2 } },
    duplicates: ['line 5: key "a" already set in map', 'line 4: key "c" already set in map'],
  });
  assert.throws(() => parseYamlBody('a: [1'));
});

test('YAML: aliases cannot be made to explode', () => {
  let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
  for (let i = 1; i < 10; i++)
    text += `a${i}: &a${i} [${Array(10)
      .fill(`*a${i - 1}`)
      .join(', ')}]\n`;
  assert.throws(() => parseYamlBody(text));
});
