/** `npm run test:peers`: finds or builds the programs at the other end, then runs the tests that need them. */

import { glob } from 'node:fs/promises';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

import { goProgram, PROGRAMS } from './acme/go-program.ts';
import { moto } from './moto/toolchain.ts';
import { kubectl, ofDebian, onPath, type Tool } from './toolchain.ts';

/**
 * Which test files need which program, by the first word of the file name (`test/peers/<word>-….test.ts`).
 * A file whose word is not listed needs nothing but Node, and always runs.
 */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  acme: ['openssl', 'go'],
  dns: ['named', 'dig', 'openssl', 'go'],
  docs: ['kubectl', 'openssl', 'keytool'],
  gatewayapi: ['go'],
  keystore: ['openssl', 'keytool', 'go'],
  kubectl: ['kubectl'],
  moto: ['moto'],
  openssl: ['openssl'],
  pki: ['openssl'],
  promql: ['go'],
  quickstart: ['openssl', 'keytool', 'kubectl'],
  standalone: ['openssl', 'go', 'named', 'dig'],
  systemd: ['systemd-analyze'],
  x509: ['openssl', 'go'],
};
/** Words whose files start CAs that are built with Go: built before, for several files would build them at once. */
const WITH_CAS: ReadonlySet<string> = new Set(['acme', 'dns', 'standalone']);
/** Files of hundreds of certificates: a CA does not wait for the answers of a process that shares its processor with others. */
const ALONE: ReadonlySet<string> = new Set(['acme-many.test.ts', 'dns-matrix.test.ts']);
/** CAs that sleep before they look are waited for most of the time: more files at once than cores. */
const FILES_AT_ONCE = 3;
/** What hangs must not hang the lane. */
const LIMIT_MS = 1_800_000;

const root = path.resolve(import.meta.dirname, '../..');
const searchPath = process.env['PATH'] ?? '';
const ci = process.env['CI'] === 'true';
process.chdir(root);
process.exitCode = await main();

async function main(): Promise<number> {
  const go = onPath('go', searchPath, ['/usr/local/go/bin']);
  const tools: Tool[] = [
    // One after the other: apt-get has a lock.
    await ofDebian('openssl', searchPath),
    await ofDebian('named', searchPath, ['/usr/sbin']),
    await ofDebian('dig', searchPath),
    await ofDebian('systemd-analyze', searchPath),
    go,
    await ofDebian('keytool', searchPath),
    await kubectl(root, path.join(root, '.cache/peers'), go),
    await moto(root, path.join(root, '.cache/peers'), searchPath),
  ];
  for (const tool of tools) console.log(`${tool.name}: ${tool.path ?? `missing (${tool.missing})`}`);
  const missing = new Set(tools.filter((tool) => tool.path === undefined).map((tool) => tool.name));
  if (ci && missing.size > 0) {
    console.error(`peers: CI needs every program; missing: ${[...missing].join(', ')}`);
    return 1;
  }
  // Words choose files: `npm run test:peers -- dns-` runs those whose name begins so; `--alone` only those that need the
  // machine for themselves, `--not-alone` the others.
  const { values, positionals: chosen } = parseArgs({
    options: { alone: { type: 'boolean' }, 'not-alone': { type: 'boolean' } },
    allowPositionals: true,
  });
  const files: string[] = [];
  for await (const file of glob('test/peers/**/*.test.ts', { cwd: root }))
    if (chosen.length === 0 || chosen.some((word) => path.basename(file).startsWith(word))) files.push(file);
  const runnable = files.toSorted().filter((file) => {
    const lacks = (NEEDS[wordOf(file)] ?? []).filter((name) => missing.has(name));
    if (lacks.length > 0) console.log(`left out: ${file} (needs ${lacks.join(', ')})`);
    return lacks.length === 0;
  });
  if (runnable.length === 0) {
    console.error('peers: there is no test that could run');
    return ci ? 1 : 0;
  }
  for (const { name, path: file } of tools)
    if (file !== undefined) process.env[`CERTWRIGHT_${name.toUpperCase()}`] = file;
  if (runnable.some((file) => WITH_CAS.has(wordOf(file))))
    for (const program of Object.values(PROGRAMS))
      console.log(`${program.name}: ${await goProgram(program)}`);
  const seconds = new Map<string, number>();
  const isAlone = (file: string): boolean => ALONE.has(path.basename(file));
  const others = values.alone === true ? [] : runnable.filter((file) => !isAlone(file));
  const alone = values['not-alone'] === true ? [] : runnable.filter(isAlone);
  const passed = [await test(others, FILES_AT_ONCE, seconds), await test(alone, 1, seconds)];
  for (const [file, took] of [...seconds].toSorted(([, a], [, b]) => b - a))
    console.log(`${took.toFixed(1).padStart(7)} s  ${file}`);
  return passed.every(Boolean) ? 0 : 1;
}

function wordOf(file: string): string {
  return path.basename(file).split(/[-.]/u)[0] ?? '';
}

/** Prints the tests, and notes how long each file took. @returns whether all passed */
async function test(files: string[], atOnce: number, seconds: Map<string, number>): Promise<boolean> {
  if (files.length === 0) return true;
  let passed = true;
  const tests = run({ files, cwd: root, concurrency: atOnce, timeout: LIMIT_MS });
  tests.on('test:summary', ({ file, success, duration_ms }) => {
    passed &&= success;
    if (file !== undefined) seconds.set(path.basename(file), duration_ms / 1000);
  });
  tests.on('test:fail', () => {
    passed = false;
  });
  const ended = new Promise((resolve) => tests.once('end', resolve));
  tests.compose(spec).pipe(process.stdout);
  await ended;
  return passed;
}
