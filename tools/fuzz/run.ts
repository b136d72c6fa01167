/** Runs every property test of the tree again, with fresh seeds and far more cases, within a time limit. */

import { spawn } from 'node:child_process';
import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new RangeError(`--seconds must be a positive number, not ${values.seconds}`);

const files: string[] = [];
for await (const file of glob(['src/**/*.test.ts', 'test/embedded/**/*.test.ts'], { cwd: root })) {
  const source = await readFile(path.join(root, file), 'utf8');
  // A test that needs a time of its own says so with `numRuns`, and keeps it here too.
  if (/from ['"]fast-check['"]/u.test(source)) files.push(file);
}
process.exitCode = files.length === 0 ? 0 : await run(files.toSorted());

function run(tests: string[]): Promise<number> {
  // Files run one after the other, so that each has a fair share whatever the machine.
  const share = Math.max(1, Math.floor((seconds * 1000) / tests.length));
  const child = spawn(
    process.execPath,
    [
      '--import',
      path.join(import.meta.dirname, 'longer.ts'),
      '--test',
      '--test-concurrency=1',
      '--test-reporter=dot',
      ...tests,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CERTWRIGHT_FUZZ_MS: String(share) },
    },
  );
  console.log(`fuzz: ${tests.length} files, ${share} ms for each`);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
