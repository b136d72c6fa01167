import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { csvLine } from './csv-line.ts';

test('fields, quotes and doubled quotes (RFC 4180 §2)', () => {
  const rows: readonly [string, string[]][] = [
    ['', ['']],
    ['a', ['a']],
    ['a, b', ['a', ' b']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",', ['say "hi"', '']],
    ['""', ['']],
  ];
  for (const [text, fields] of rows) assert.deepEqual(csvLine(text), { fields });
});

test('what is written as fields is read as the same fields', () => {
  const field = fc.string().map((text) => text.replaceAll(/[\r\n]/gu, ''));
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), (fields) => {
      const text = fields.map((each) => `"${each.replaceAll('"', '""')}"`).join(',');
      assert.deepEqual(csvLine(text), { fields });
    }),
  );
});
