/** Starts `certwright up` from the bundle as users run it, and talks to it over TLS as kubectl would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { parse } from 'yaml';
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

/** As much of a watched object as the scenarios look at. */
export interface WatchedObject {
  metadata: { name: string; resourceVersion: string };
  status?: { revision?: number; conditions?: { type: string; status: string }[] };
}

export interface Answer {
  status: number;
  body: unknown;
}

export class Standalone {
  readonly #child: ChildProcess;
  readonly #dispatcher: Agent;
  readonly #server: string;
  readonly #token: string;
  readonly #started: number;
  /** Milliseconds from process start until the kubeconfig worked. */
  readonly readyAfterMs: number;

  private constructor(child: ChildProcess, config: Kubeconfig, started: number) {
    const { cluster } = config.clusters[0]!;
    this.#child = child;
    this.#server = cluster.server;
    this.#token = config.users[0]!.user.token;
    this.#dispatcher = new Agent({
      allowH2: false,
      connections: 32,
      connect: { ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString() },
    });
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
        await standalone.#dispatcher.destroy();
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

  async request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<Answer> {
    const answer = await this.#dispatcher.request({
      origin: this.#server,
      path,
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        'content-type': contentType,
        accept: 'application/json',
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** Like request, but any answer that is not a success is an error that shows what the server said. */
  async must(...call: Parameters<Standalone['request']>): Promise<unknown> {
    const answer = await this.request(...call);
    if (answer.status >= 300)
      throw new Error(`${call[0]} ${call[1]}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Follows a collection from a resourceVersion until `done` says so; calls it with every object seen. */
  async follow(
    path: string,
    resourceVersion: string,
    done: (object: WatchedObject) => boolean,
  ): Promise<void> {
    const answer = await this.#dispatcher.request({
      origin: this.#server,
      path: `${path}?watch=1&resourceVersion=${resourceVersion}`,
      method: 'GET',
      headers: { authorization: `Bearer ${this.#token}`, accept: 'application/json' },
      bodyTimeout: 0,
    });
    const lines = createInterface({ input: answer.body, crlfDelay: Infinity });
    try {
      for await (const line of lines) {
        const event = JSON.parse(line) as { type: string; object: WatchedObject };
        if (event.type === 'ERROR') throw new Error(`watch of ${path}: ${line}`);
        if (done(event.object)) return;
      }
      throw new Error(`the watch of ${path} ended early`);
    } finally {
      lines.close();
      answer.body.destroy();
    }
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
    await this.#dispatcher.destroy();
  }
}
