/** Labels come from objects that anybody may write: no value ends its quotes, its line or the scrape. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { header, labelText, number, quoted } from './exposition.ts';

test('what would end a value or a line is escaped', () => {
  assert.equal(quoted('a"} 1'), String.raw`"a\"} 1"`);
  assert.equal(quoted('a\nb'), String.raw`"a\nb"`);
  assert.equal(quoted('a\\'), String.raw`"a\\"`);
  assert.equal(quoted('\\n"\n'), String.raw`"\\n\"\n"`);
  assert.equal(quoted('plain ü'), '"plain ü"');
});

test('a value that is too long is cut', () => {
  assert.equal(quoted('x'.repeat(512)).length, 514);
  assert.equal(quoted('x'.repeat(100_000)), `"${'x'.repeat(512)}…"`);
});

test('labels, numbers and headers', () => {
  assert.equal(labelText([], []), '');
  assert.equal(labelText(['a', 'b'], ['1', '"']), String.raw`{a="1",b="\""}`);
  assert.deepEqual([Infinity, -Infinity, 1.5].map(number), ['+Inf', '-Inf', '1.5']);
  assert.equal(
    header({ name: 'm', type: 'gauge', labels: [], help: 'a\nb\\', series: '' }),
    String.raw`# HELP m a\nb\\` + '\n# TYPE m gauge\n',
  );
});
