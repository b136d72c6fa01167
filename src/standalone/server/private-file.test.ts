import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { writePrivateFile } from './private-file.ts';

describe('private files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'certwright-private-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('an open file is replaced by a private one, and nothing is left beside it', () => {
    const path = join(folder, 'kubeconfig');
    writeFileSync(path, 'old');
    chmodSync(path, 0o644);
    writePrivateFile(path, 'new', 'one');
    assert.equal(readFileSync(path, 'utf8'), 'new');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['kubeconfig']);
  });

  test('what fails leaves nothing behind', () => {
    const path = join(folder, 'nowhere', 'kubeconfig');
    assert.throws(() => writePrivateFile(path, 'new', 'one'), { code: 'ENOENT' });
    assert.equal(existsSync(path), false);
  });
});
