/** What the documentation says that the program says, the program does say. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inCode, page, root, tableRows } from './docs/documents.ts';

test('every phrase of the ACME table in troubleshooting stands in a message of the program', () => {
  const source = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const rows = tableRows(page('docs/troubleshooting.md').text, '## ACME, by what it says');
  assert.ok(rows.length >= 30, `${rows.length} rows`);
  const phrases = rows.flatMap(([cell = '']) => inCode(cell));
  assert.ok(phrases.length >= rows.length);
  const missing = phrases.filter(
    (phrase) => !source.includes(phrase) && !source.includes(phrase.replaceAll("'", String.raw`\'`)),
  );
  assert.deepEqual(missing, []);
  for (const row of rows) assert.ok(row.length === 3 && row.every((cell) => cell !== ''), row.join(' | '));
});
