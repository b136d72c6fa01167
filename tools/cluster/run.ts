/** `npm run test:node`: makes the node, starts it, runs `test/node/**` on it, and takes it down whatever happens. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';

import { onPath } from '../peers/toolchain.ts';
import { prepare, SYSTEM_FOLDERS } from './prepare.ts';
import { unmetRequirements } from './requirements.ts';

const here = import.meta.dirname;
const root = path.resolve(here, '../..');
const home = process.env['KC_HOME'] ?? path.join(root, '.cache/node');
const usage = `npm run test:node                     makes the node, starts it, runs test/node on it, takes it down
npm run test:node -- PART ...         only the files with PART in their path
node tools/cluster/run.ts prepare     only finds, installs and builds what is missing
tools/cluster/up.sh, down.sh, kc      a node for your own trials: tools/cluster/README.md`;
/** Children in the terminal's process group end with it; the node is in a session of its own. */
let child: ReturnType<typeof spawn> | undefined;
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  const unmet = unmetRequirements();
  if (unmet.length > 0) return leftOut(unmet);
  const missing = await prepare(root, home, process.env['PATH'] ?? '');
  if (missing.length > 0) return leftOut(missing.map((name) => `it needs ${name}`));
  if (args[0] === 'prepare') return 0;
  const files = await testFiles(args);
  if (files.length === 0) {
    console.error(`node: no test file has ${args.join(' or ')} in its path`);
    return 1;
  }
  const built = await run(process.execPath, [
    path.join(root, 'tools/image/run.ts'),
    '--out',
    path.join(home, 'images/certwright.tar'),
    '--name',
    'localhost/certwright:node-lane',
  ]);
  if (built !== 0) return built;
  // Who started one with up.sh to try things keeps it.
  const found = running();
  const env: Record<string, string> = { KC_HOME: home };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      child?.kill('SIGTERM');
      void (found ? Promise.resolve(0) : script('down.sh', env)).finally(() => process.exit(1));
    });
  if (found) console.log('node: using the one that is running, and leaving it so');
  else env['KC_FORWARD'] = `${await freePort()}:6443`;
  try {
    const started = found ? 0 : await script('up.sh', env);
    if (started !== 0) return started;
    // It tells a node that does not work from a product that does not.
    for (const step of ['traefik.sh', 'check.sh']) {
      const code = await script(step, env);
      if (code !== 0) return code;
    }
    // In the network of the host outside, so that servers of the tests stand where clients of the cluster do.
    const outside = `--net=/proc/${nodeProcess()}/root/run/netns/outside`;
    const tests = ['--test', '--test-concurrency=1', '--test-timeout=600000', '--test-reporter=spec'];
    return await run('nsenter', [outside, process.execPath, ...tests, ...files], {
      ...env,
      CERTWRIGHT_NODE: path.join(here, 'kc'),
      CERTWRIGHT_NODE_HOME: home,
      CERTWRIGHT_NAMED: onPath('named', process.env['PATH'] ?? '', SYSTEM_FOLDERS).path ?? 'named',
    });
  } finally {
    if (!found) await script('down.sh', env);
  }
}

/** 77 is "left out", counted by .ci/run as neither passed nor failed; where CI=true nothing may be left out. */
function leftOut(reasons: string[]): number {
  for (const reason of reasons) console.error(`node: cannot run here: ${reason}`);
  return process.env['CI'] === 'true' ? 1 : 77;
}

async function testFiles(named: string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('test/node/**/*.test.ts', { cwd: root })) files.push(file);
  return files.filter((file) => named.length === 0 || named.some((name) => file.includes(name))).toSorted();
}

function nodeProcess(): string {
  return readFileSync(path.join(home, 'run/node.pid'), 'utf8').trim();
}

function running(): boolean {
  if (!existsSync(path.join(home, 'run/node.pid'))) return false;
  const command = `/proc/${nodeProcess()}/cmdline`;
  return existsSync(command) && readFileSync(command, 'utf8').includes('node-init.sh');
}

function script(name: string, env: Record<string, string>): Promise<number> {
  return run('bash', [path.join(here, name)], env);
}

function run(command: string, args: string[], env: Record<string, string> = {}): Promise<number> {
  const started = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  child = started;
  return new Promise((resolve, reject) => {
    started.once('error', reject);
    started.once('exit', (code) => resolve(code ?? 1));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
