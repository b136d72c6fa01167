/** Licences of others' code go along with it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { NOTICES, noticesOf } from './notices.ts';

test('each package is named once with its licence, and the same text is not repeated', async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'certwright-notices-'));
  t.after(() => rmSync(root, { recursive: true }));
  const add = (folder: string, about: object, files: Record<string, string> = {}): void => {
    mkdirSync(path.join(root, folder), { recursive: true });
    for (const [name, text] of Object.entries({ 'package.json': JSON.stringify(about), ...files }))
      writeFileSync(path.join(root, folder, name), text);
  };
  add('node_modules/a', { name: 'a', version: '1.0.0', license: 'MIT' }, { LICENSE: 'Do as you like\r\n' });
  add(
    'node_modules/@s/b',
    { name: '@s/b', version: '2.0.0', license: 'MIT' },
    { 'license.md': 'Do as you like' },
  );
  const deep = 'node_modules/a/node_modules/c';
  add(deep, { name: 'c', version: '3.0.0', license: 'X' }, { LICENCE: 'Ask first', 'NOTICE.txt': 'By C' });
  add('node_modules/d', { name: 'd', version: '4.0.0', license: '0BSD' });
  add('node_modules/e', { name: 'e', version: '5.0.0' });
  const inputs = ['src/x.ts', 'node_modules/a/i.js', 'node_modules/a/j.js', 'node_modules/@s/b/i.js'];
  const text = await noticesOf(root, [...inputs, `${deep}/i.js`, 'node_modules/d/i.js']);
  assert.match(text, /@s\/b 2\.0\.0 \(MIT\)\na 1\.0\.0 \(MIT\)\n\nDo as you like\n/u);
  assert.equal(text.split('Do as you like').length, 2);
  assert.match(text, /c 3\.0\.0 \(X\)\n\nAsk first\n\nBy C\n/u);
  assert.match(text, /d 4\.0\.0 \(0BSD\)\n\nIts package has no text.*0BSD/u);
  await assert.rejects(noticesOf(root, ['node_modules/e/i.js']), /node_modules\/e .*nothing of its licence/u);
});

test('those of the program that was built are beside it', () => {
  const text = readFileSync(new URL(`../../dist/${NOTICES}`, import.meta.url), 'utf8');
  for (const name of ['undici', 'pino', 'yaml', 'jose', '@azure/identity', 'google-auth-library'])
    assert.match(text, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'mu'));
  assert.doesNotMatch(text, /^(?:typebox|fast-check|esbuild|dns-packet) \d/mu);
});
