/** `npm run test:peers`: finds or builds the programs at the other end, then runs the tests that need them. */

import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import path from 'node:path';

import { moto } from './moto/toolchain.ts';
import { keytool, kubectl, onPath, type Tool } from './toolchain.ts';

/**
 * Which test files need which program, by the first word of the file name (`test/peers/<word>-….test.ts`).
 * A file whose word is not listed needs nothing but Node, and always runs.
 */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  acme: ['openssl', 'go'],
  dns: ['named', 'openssl', 'go'],
  docs: ['kubectl', 'openssl', 'keytool'],
  gatewayapi: ['go'],
  keystore: ['openssl', 'keytool', 'go'],
  kubectl: ['kubectl'],
  moto: ['moto'],
  openssl: ['openssl'],
  pki: ['openssl'],
  promql: ['go'],
  quickstart: ['openssl', 'keytool', 'kubectl'],
  standalone: ['openssl', 'go', 'named'],
  systemd: ['systemd-analyze'],
  x509: ['openssl', 'go'],
};

const root = path.resolve(import.meta.dirname, '../..');
const searchPath = process.env['PATH'] ?? '';
const ci = process.env['CI'] === 'true';
process.exitCode = await main();

async function main(): Promise<number> {
  const go = onPath('go', searchPath, ['/usr/local/go/bin']);
  const tools: Tool[] = [
    onPath('openssl', searchPath),
    onPath('named', searchPath, ['/usr/sbin']),
    onPath('systemd-analyze', searchPath),
    go,
    await keytool(searchPath),
    await kubectl(root, path.join(root, '.cache/peers'), go),
    await moto(root, path.join(root, '.cache/peers'), searchPath),
  ];
  for (const tool of tools) console.log(`${tool.name}: ${tool.path ?? `missing (${tool.missing})`}`);
  const missing = new Set(tools.filter((tool) => tool.path === undefined).map((tool) => tool.name));
  if (ci && missing.size > 0) {
    console.error(`peers: CI needs every program; missing: ${[...missing].join(', ')}`);
    return 1;
  }
  const files: string[] = [];
  for await (const file of glob('test/peers/**/*.test.ts', { cwd: root })) files.push(file);
  const runnable = files.toSorted().filter((file) => {
    const lacks = (NEEDS[path.basename(file).split(/[-.]/u)[0] ?? ''] ?? []).filter((name) =>
      missing.has(name),
    );
    if (lacks.length > 0) console.log(`left out: ${file} (needs ${lacks.join(', ')})`);
    return lacks.length === 0;
  });
  if (runnable.length === 0) {
    console.error('peers: there is no test that could run');
    return ci ? 1 : 0;
  }
  return await nodeTest(runnable, tools);
}

function nodeTest(files: string[], tools: Tool[]): Promise<number> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const { name, path: file } of tools)
    if (file !== undefined) env[`CERTWRIGHT_${name.toUpperCase()}`] = file;
  const child = spawn(process.execPath, ['--test', ...files], { cwd: root, env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
