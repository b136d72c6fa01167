import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('without packages the build names the command that brings them, and shows no stack', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'tools/build'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  copyFileSync(join(root, 'tools/build/prepared.js'), join(folder, 'tools/build/prepared.js'));
  const script = ['tools/build/prepared.js'];
  const run = spawnSync(process.execPath, script, { cwd: folder, encoding: 'utf8' });
  assert.equal(run.status, 3);
  assert.match(run.stderr, /^certwright: .*npm ci.*\n$/);
  assert.equal(spawnSync(process.execPath, script, { cwd: root }).status, 0);
});

test('npm start leaves nothing between npm and the process, so that signals reach it', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.match(scripts['start'] ?? '', /&& exec node dist\/certwright\.js up /);
  assert.match(scripts['build'] ?? '', /^node tools\/build\/prepared\.js && /);
});
