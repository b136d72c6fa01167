/** `certwright up` from the bundle as a child process that the suites of this folder may kill, and a client for its API. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { connect, endpointOf, type OpenConnection } from '../../src/kube/connect.ts';
import { nodeHost } from '../../src/kube/host.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { loadKubeContext } from '../../src/kube/kubeconfig.ts';

const bundle = join(import.meta.dirname, '../../dist/certwright.js');

export interface StandaloneProcess {
  child: ChildProcess;
  client: KubeClient;
  /** What it printed on stderr so far. */
  log(): string;
  /** Ends the process with this signal and waits for that; answers the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A folder of the test's own: `manifests` to be filled, `data` and `out` for the process. */
export function scratchFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-resilience-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function upArguments(folder: string): string[] {
  const flags = {
    '--manifests': join(folder, 'manifests'),
    '--data-dir': join(folder, 'data'),
    '--export': join(folder, 'out'),
    '--listen': '127.0.0.1:0',
  };
  return ['up', ...Object.entries(flags).flat()];
}

/** Starts it and resolves once its API answers. */
export async function startProcess(t: TestContext, folder: string): Promise<StandaloneProcess> {
  const child = spawn(process.execPath, [bundle, ...upArguments(folder)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let log = '';
  const answers = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('the API answers at')) resolve();
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code} before its API answered:\n${log}`)));
  });
  await answers;
  const connection = await connectTo(folder);
  return {
    child,
    client: createKubeClient(connection),
    log: () => log,
    async end(signal) {
      child.kill(signal);
      await ended;
      await connection.close();
      return child.exitCode;
    },
  };
}

async function connectTo(folder: string): Promise<OpenConnection> {
  const host = nodeHost({}, folder);
  const context = await loadKubeContext(host, { file: join(folder, 'data/kubeconfig') });
  return connect(endpointOf(context, host, systemClock), { clock: systemClock, random: Math.random });
}

/** Runs `up --once` to its end. */
export async function runOnce(t: TestContext, folder: string): Promise<{ code: number | null; log: string }> {
  const child = spawn(process.execPath, [bundle, ...upArguments(folder), '--once'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await once(child, 'close');
  return { code: child.exitCode, log };
}

/** What a failing assertion shows of a log of thousands of lines: the end, without the routine. */
export function tailOf(log: string): string {
  const routine =
    /applied Certificate|a certificate has to be issued|issued and stored in Secret|wrote \d+ files/;
  const lines = log.split('\n').filter((line) => !routine.test(line));
  return lines.slice(-30).join('\n');
}
