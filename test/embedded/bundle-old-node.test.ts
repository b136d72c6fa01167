/** The bundle under a Node without the built-in SQLite: one sentence that says which Node is needed, exit code 3. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { workspace } from './cli/run-cli.ts';

/** Stands for an older Node: built-in modules are there, SQLite is not. */
const older = `data:text/javascript,${encodeURIComponent(`
const ask = process.getBuiltinModule;
process.getBuiltinModule = (name) => (name === 'node:sqlite' ? undefined : ask(name));
// The process would replace itself, and lose what this file has changed.
process.execve = undefined;
`)}`;

test('an older Node is told what is needed', (t) => {
  const bundle = join(import.meta.dirname, '../../dist/certwright.js');
  const args = ['--import', older, bundle, 'up', '--once', '--data-dir', join(workspace(t), 'data')];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
  assert.equal(
    run.stderr,
    `certwright: this needs Node 24 or newer, and runs on Node ${process.versions.node}\n`,
  );
  assert.equal(run.status, 3);
});
