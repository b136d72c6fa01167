/** `certwright controller` from the bundle, as a process of its own, with its log kept for when something goes wrong. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { processUsage, type ProcessUsage } from '../harness/proc.ts';
import type { Program } from '../harness/standalone.ts';

/** Characters of the log that are kept. */
const keptLog = 20_000;

export class ControllerProcess {
  static readonly #running = new Set<ChildProcess>();
  readonly #child: ChildProcess;
  readonly #started = performance.now();
  readonly #synced: Promise<void>;
  #log = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#synced = new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the controller ended with ${code}:\n${this.#log}`)));
      child.stderr!.setEncoding('utf8');
      child.stderr!.on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-keptLog);
        if (this.#log.includes('caches are synced')) resolve();
      });
    });
    // Awaited by `start`; the end of the process later is `stop`'s doing.
    this.#synced.catch(() => undefined);
  }

  /** Resolves when the caches are complete. */
  static async start(
    program: Program,
    kubeconfig: string,
    {
      workers,
      roles,
      flags: more = [],
      environment = {},
    }: {
      workers: number;
      roles: string;
      flags?: readonly string[];
      environment?: Readonly<Record<string, string>>;
    },
  ): Promise<ControllerProcess> {
    const flags = ['--kubeconfig', kubeconfig, '--no-leader-elect', '--concurrent-workers', String(workers)];
    // Their ports may be those of another controller on this machine.
    flags.push('--metrics-listen-address', '0', '--internal-healthz-listen-address', '0');
    flags.push('--cluster-resource-namespace', 'cert-manager', '--log-format', 'json', '--log-level', 'info');
    flags.push('--roles', roles, ...more);
    if (roles.includes('webhook')) {
      flags.push('--secure-port', '16250', '--dynamic-serving-ca-secret-namespace', 'cert-manager');
      flags.push('--dynamic-serving-ca-secret-name', 'webhook-ca', '--dynamic-serving-dns-names', 'webhook');
    }
    const child = spawn(
      process.execPath,
      [...program.nodeArguments, program.bundle, 'controller', ...flags],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...environment },
      },
    );
    ControllerProcess.#running.add(child);
    child.once('exit', () => ControllerProcess.#running.delete(child));
    const controller = new ControllerProcess(child);
    await controller.#synced;
    return controller;
  }

  /** For when we are ended from outside: a controller waits for its API for ever. */
  static killAll(): void {
    for (const child of ControllerProcess.#running) child.kill('SIGKILL');
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Milliseconds since the process was started. */
  get age(): number {
    return performance.now() - this.#started;
  }

  get log(): string {
    return this.#log;
  }

  usage(): Promise<ProcessUsage> {
    return processUsage(this.pid);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
