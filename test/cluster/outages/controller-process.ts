/** The built `certwright controller` as a process of a test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const bundle = join(import.meta.dirname, '../../../dist/certwright.js');

export interface ControllerProcess {
  readonly pid: number;
  /** Every line that it logged so far. */
  log(): string;
  /** What is waited for happens while it runs: rejects with the end of its log when it exits before. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Ends it with SIGTERM and answers the exit code. */
  end(): Promise<number | null>;
  /** SIGKILL, at once. */
  kill(): void;
  /** Resolves when it is gone, whatever ended it. */
  readonly gone: Promise<void>;
}

/** Starts it without leader election; its servers for health and metrics get any free port. */
export function startController(
  t: TestContext,
  kubeconfig: string,
  ...flags: readonly string[]
): ControllerProcess {
  const args = ['controller', '--kubeconfig', kubeconfig, '--no-leader-elect', ...flags];
  const anyPort = ['--internal-healthz-listen-address=127.0.0.1:0', '--metrics-listen-address=127.0.0.1:0'];
  const child = spawn(process.execPath, [bundle, ...args, ...anyPort], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exit = once(child, 'close');
  const gone = exit.then(() => Promise.reject(new Error(`the controller exited:\n${log.slice(-4000)}`)));
  gone.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    log: () => log,
    during: (work) => Promise.race([work, gone]),
    kill: () => void child.kill('SIGKILL'),
    gone: exit.then(() => undefined),
    async end() {
      child.kill('SIGTERM');
      await exit;
      return child.exitCode;
    },
  };
}
