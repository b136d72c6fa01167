/** Starts `certwright up` from the bundle as users run it, and talks to it over TLS as kubectl would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { Api } from './api.ts';
import { processUsage, type ProcessUsage } from './proc.ts';

export const builtBundle = fileURLToPath(new URL('../../dist/certwright.js', import.meta.url));

/** What runs: the bundle, and Node's own arguments before it (a profiler, a heap size). */
export interface Program {
  bundle: string;
  nodeArguments: string[];
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { token: string } }[];
}

export class Standalone extends Api {
  readonly #child: ChildProcess;
  readonly #started: number;
  /** Milliseconds from process start until the kubeconfig worked. */
  readonly readyAfterMs: number;

  private constructor(child: ChildProcess, config: Kubeconfig, started: number) {
    const { cluster } = config.clusters[0]!;
    super({
      server: cluster.server,
      ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
      token: config.users[0]!.user.token,
    });
    this.#child = child;
    this.#started = started;
    this.readyAfterMs = this.age;
  }

  static async start(program: Program, dataDir: string, more: string[] = []): Promise<Standalone> {
    const kubeconfig = join(dataDir, 'kubeconfig');
    // That of an earlier start names a port that may belong to another program by now.
    await rm(kubeconfig, { force: true });
    const started = performance.now();
    const flags = ['--data-dir', dataDir, '--listen', '127.0.0.1:0', '--log-format', 'json', ...more];
    const child = spawn(process.execPath, [...program.nodeArguments, program.bundle, 'up', ...flags], {
      stdio: 'ignore',
    });
    for (;;) {
      if (child.exitCode !== null) throw new Error(`certwright up ended with code ${child.exitCode}`);
      if (existsSync(kubeconfig)) {
        const config = parse(await readFile(kubeconfig, 'utf8')) as Kubeconfig;
        const standalone = new Standalone(child, config, started);
        const answer = await standalone.request('GET', '/readyz').catch(() => undefined);
        if (answer?.status === 200) return standalone;
        await standalone.close();
      }
      await delay(5);
    }
  }

  /** Milliseconds since the process was started. */
  get age(): number {
    return performance.now() - this.#started;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Asks for /readyz again and again until `work` is done; the 99th percentile of the answers in milliseconds. */
  async latencyDuring(work: Promise<unknown>): Promise<number> {
    const answers: number[] = [];
    const over = Symbol('over');
    const ended = work.then(
      () => over,
      () => over,
    );
    for (;;) {
      const asked = performance.now();
      await this.must('GET', '/readyz');
      answers.push(performance.now() - asked);
      if ((await Promise.race([ended, delay(20)])) === over) break;
    }
    answers.sort((a, b) => a - b);
    return answers[Math.floor(answers.length * 0.99)] ?? 0;
  }

  usage(): Promise<ProcessUsage> {
    return processUsage(this.pid);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    await this.close();
  }
}
