/** `npm run cluster`, as a contributor meets it: a kubeconfig that works, our definitions, nothing left after Ctrl-C. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const script = join(root, 'tools/apiserver/cluster.ts');

test('the cluster for contributors serves our kinds and leaves nothing behind', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-contributor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  const child = spawn(process.execPath, [script, '--kubeconfig', kubeconfig], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let said = '';
  child.stdout.setEncoding('utf8');
  while (!/Ctrl-C ends it/u.test(said)) {
    const [text] = (await Promise.race([once(child.stdout, 'data'), ended])) as [string | number | null];
    if (typeof text !== 'string') assert.fail(`it ended with ${text}:\n${said}`);
    said += text;
  }
  const kubectl = process.env['CERTWRIGHT_KUBECTL'] ?? 'kubectl';
  const { stdout } = await promisify(execFile)(kubectl, [
    '--kubeconfig',
    kubeconfig,
    'get',
    'issuers',
    '-A',
    '-o',
    'name',
  ]);
  assert.equal(stdout, '');
  const data = /Logs, audit log and certificates: (.*)/u.exec(said)?.[1] ?? '';
  assert.ok(existsSync(join(data, 'audit.log')), said);
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  assert.deepEqual([existsSync(data), existsSync(kubeconfig)], [false, false]);
});
