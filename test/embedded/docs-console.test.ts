/** The commands in the documentation do what the documentation says. Those for kubectl run where there is one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consoleBlocks, missingLines } from './docs/console-blocks.ts';
import { openSession } from './docs/console-session.ts';
import { runPages } from './docs/run-pages.ts';

test('marked console blocks run and print what they say', { timeout: 120_000 }, async (t) => {
  const pinned = { kubectl: process.env['CERTWRIGHT_KUBECTL'], keytool: process.env['CERTWRIGHT_KEYTOOL'] };
  const session = await openSession(t, process.env['PATH'] ?? '', pinned);
  assert.ok((await runPages(t, session, false)) > 0, 'no page has a marked block');
});

test('blocks: commands, expected lines and needs', () => {
  const text =
    '<!-- test: kubectl openssl -->\n```console\n$ one\n a ... b\n$ two\n```\n```console\n$ not marked\n```\n';
  assert.deepEqual(consoleBlocks(text), [
    {
      needs: ['kubectl', 'openssl'],
      commands: [
        { line: 'one', expected: [' a ... b'] },
        { line: 'two', expected: [] },
      ],
    },
  ]);
});

test('expected lines: in order, spaces squeezed, dots for anything', () => {
  assert.deepEqual(missingLines(['a ... d', '(x)'], 'a  b   c d\nother\n(x)\n'), []);
  assert.deepEqual(missingLines(['(x)', 'a ... d'], 'a b d\n(x)\n'), ['a ... d']);
  assert.deepEqual(missingLines(['a'], 'ab\n'), ['a']);
});
