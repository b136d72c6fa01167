import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from './make-folder.ts';

test('folders are made for their owner alone, and again without complaint', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'certwright-test-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const path = join(root, 'a/b/c');
  makeFolder(path);
  makeFolder(path);
  assert.equal(statSync(join(root, 'a')).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o700);
});

test('what cannot be made ends at once', () => {
  assert.throws(() => makeFolder('/proc/certwright/data'), /\/proc/);
});

test('a file or a link to nowhere in the place is refused', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'certwright-test-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere'), join(root, 'link'));
  assert.throws(() => makeFolder(join(root, 'file')), /file of that name/);
  assert.throws(() => makeFolder(join(root, 'file/below')), /ENOTDIR/);
  assert.throws(() => makeFolder(join(root, 'link')), /EEXIST/);
});
