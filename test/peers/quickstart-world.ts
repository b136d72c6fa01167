/** The bundle on the quickstart's manifests, in a folder of the test's own, and the programs that look at the result. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const execute = promisify(execFile);

/** A program of the lane: `CERTWRIGHT_<NAME>`, else the one on the path. Rejects when it ends with another code than 0. */
export async function tool(name: 'openssl' | 'keytool' | 'kubectl', ...args: string[]): Promise<string> {
  const { stdout, stderr } = await execute(process.env[`CERTWRIGHT_${name.toUpperCase()}`] ?? name, args);
  return stdout + stderr;
}

export interface Quickstart {
  readonly data: string;
  readonly out: string;
  /** Runs `up --once` to its end. */
  once(): Promise<{ code: number | null; log: string }>;
  /** Starts `up` and leaves it running; resolves once its log has `line`. */
  up(line: string): Promise<ChildProcess>;
}

export function quickstart(t: TestContext): Quickstart {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-quickstart-'));
  const [data, out] = [join(folder, 'data'), join(folder, 'out')];
  const start = (...more: string[]): ChildProcess => {
    const files = ['--manifests', join(root, 'examples/quickstart'), '--data-dir', data, '--export', out];
    const child = spawn(
      process.execPath,
      [join(root, 'dist/certwright.js'), 'up', ...files, '--listen', '127.0.0.1:0', ...more],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr?.setEncoding('utf8');
    t.after(() => child.kill('SIGKILL'));
    return child;
  };
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    data,
    out,
    async once() {
      const child = start('--once');
      let log = '';
      child.stderr?.on('data', (text: string) => (log += text));
      await once(child, 'close');
      return { code: child.exitCode, log };
    },
    async up(line) {
      const child = start();
      let log = '';
      await new Promise<void>((resolve, reject) => {
        child.stderr?.on('data', (text: string) => {
          log += text;
          if (log.includes(line)) resolve();
        });
        child.once('close', (code) => reject(new Error(`ended with ${code} before "${line}":\n${log}`)));
      });
      return child;
    },
  };
}

/** Everything below the folder as `path relative to it`, sorted; symbolic links are not followed. */
export function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).toSorted();
}
