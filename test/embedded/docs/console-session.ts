/** A workspace as after `npm start` on the quickstart, and a shell in it that knows `certwright`. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { start, workspace } from '../cli/run-cli.ts';
import type { Block } from './console-blocks.ts';
import { root } from './documents.ts';

/** Printed between commands; no page says this. */
const mark = '~~certwright-docs~~';
const longestMs = 60_000;

export interface Session {
  /** Programs that are not here. */
  lacks(block: Block): string[];
  /** The output of each command. Rejects when one ends with an error. */
  run(blocks: readonly Block[]): Promise<string[][]>;
}

/** `pinned`: programs that are somewhere else than on the path. */
export async function openSession(
  t: TestContext,
  path: string,
  pinned: Readonly<Record<string, string | undefined>>,
): Promise<Session> {
  const folder = workspace(t);
  for (const name of ['examples', 'deploy'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, file] of Object.entries(pinned))
    if (file !== undefined) symlinkSync(file, join(bin, name));
  symlinkSync(process.execPath, join(bin, 'node'));
  const shim = `#!/bin/sh\nexec node ${JSON.stringify(join(root, 'src/cli/main.ts'))} "$@"\n`;
  writeFileSync(join(bin, 'certwright'), shim, { mode: 0o755 });

  const files = join(folder, '.certwright');
  const server = start(t, [
    'up',
    '--manifests',
    join(folder, 'examples/quickstart'),
    '--data-dir',
    join(files, 'data'),
    '--export',
    join(files, 'certificates'),
    '--listen',
    '127.0.0.1:0',
    '--log-level',
    'warn',
  ]);
  await server.seen(/Try next/u);

  const search = [bin, path].join(delimiter);
  const env: Record<string, string> = {
    HOME: folder,
    PATH: search,
    KUBECONFIG: join(files, 'data/kubeconfig'),
    LC_ALL: 'C.UTF-8',
  };
  // Where Node keeps what it compiled: each command of a page is the whole program again.
  const compiled = process.env['NODE_COMPILE_CACHE'];
  if (compiled !== undefined) env['NODE_COMPILE_CACHE'] = compiled;
  return {
    lacks: ({ needs }) =>
      needs.filter((name) => !search.split(delimiter).some((place) => existsSync(join(place, name)))),
    run: async (blocks) => {
      const lines = blocks.flatMap(({ commands }) => commands.map(({ line }) => line));
      const script = lines.map((line) => `${line}\necho ${mark}\n`).join('');
      const output = await shell(script, folder, env);
      const answers = output.split(`${mark}\n`);
      let at = 0;
      return blocks.map(({ commands }) => commands.map(() => answers[at++] ?? ''));
    },
  };
}

function shell(script: string, cwd: string, env: Record<string, string>): Promise<string> {
  const child = spawn('sh', ['-e', '-c', script], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // The whole group: a program that hangs keeps the pipes open after its shell is gone.
  const limit = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), longestMs);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      if (code === 0) resolve(out);
      else reject(new Error(`a command ended with ${code}:\n${out}\n${err}`));
    });
  });
}
