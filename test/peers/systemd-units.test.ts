/** The units of examples/systemd are what systemd reads, and leave the service little to do harm with. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { workspace } from '../embedded/cli/run-cli.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../../examples/systemd');
const units = readdirSync(folder).filter((name) => /\.(?:service|path)$/.test(name));

function prepared(t: Parameters<typeof workspace>[0]): string[] {
  const files = Object.fromEntries(
    units.map((name) => {
      // What is not installed here may not be named.
      const text = readFileSync(join(folder, name), 'utf8').replace('/usr/local/bin/certwright', '/bin/true');
      return [name, text];
    }),
  );
  const copy = workspace(t, files);
  return units.map((name) => join(copy, name));
}

test('systemd understands every line', async (t) => {
  assert.deepEqual(units.toSorted(), [
    'certwright-deploy.path',
    'certwright-deploy.service',
    'certwright.service',
  ]);
  const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...prepared(t)]);
  assert.equal(stdout + stderr, '');
});

test('the service is closed in: an exposure of 2 out of 10 at most', async (t) => {
  const unit = prepared(t).find((path) => path.endsWith('/certwright.service')) ?? '';
  await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit]);
});
