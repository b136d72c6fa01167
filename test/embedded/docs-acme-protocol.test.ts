/** The table of RFC sections: each that is done names tests that are there and speak of ACME. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../..');
const rows = readFileSync(path.join(root, 'docs/acme-protocol.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Standard'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('each section that is done names its tests, and they are there', () => {
  assert.ok(rows.length > 20);
  for (const [, standard = '', done = '', tests = ''] of rows) {
    const files = [...tests.matchAll(/`([^`]+)`/gu)].map(([, file = '']) => file);
    assert.equal(files.length === 0, done === 'no', `${standard}: ${tests}`);
    for (const file of files) {
      assert.match(file, /^(?:src\/acme|test\/peers)\/.*\.test\.ts$/u);
      assert.match(readFileSync(path.join(root, file), 'utf8'), /\b(?:it|test)\(/u);
    }
  }
});

test('each test file of the room is in the table or in the text below it', () => {
  const text = readFileSync(path.join(root, 'docs/acme-protocol.md'), 'utf8');
  for (const name of ['client', 'session', 'connections', 'parsers', 'certificates'])
    assert.ok(text.includes(`src/acme/${name}.test.ts`), name);
});
