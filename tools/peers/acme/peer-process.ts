/** One server of a test: a scratch folder, a process with its log, a wait until it answers, an end that leaves nothing. */

import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const STARTUP_LIMIT_MS = 60_000;
const LOG_LIMIT = 4 << 20;

/** How to start a program somewhere else, such as `['ip', 'netns', 'exec', 'outside']`. */
export type Prefix = readonly string[];

export class PeerProcess {
  readonly folder: string;
  #child: ChildProcess | undefined;
  #log = '';
  #endWithUs: (() => void) | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async inNewFolder(name: string): Promise<PeerProcess> {
    return new PeerProcess(await mkdtemp(path.join(tmpdir(), `certwright-${name}-`)));
  }

  start(
    binary: string,
    args: readonly string[],
    env: Record<string, string> = {},
    prefix: Prefix = [],
  ): void {
    const [command = binary, ...rest] = [...prefix, binary, ...args];
    const child = spawn(command, rest, {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], HOME: this.folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString('utf8')).slice(-LOG_LIMIT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => keep(Buffer.from(`${String(error)}\n`)));
    // A test that failed before it could stop us must end all the same.
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) (pipe as Socket).unref();
    this.#child = child;
    this.#endWithUs = () => child.kill('SIGKILL');
    process.once('exit', this.#endWithUs);
  }

  /** The end of what it has written. */
  get log(): string {
    return this.#log;
  }
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the peer is not running');
    return this.#child.pid;
  }
  get alive(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @throws Error with the end of the log when it ends or does not answer within a minute */
  async until(what: string, ready: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + STARTUP_LIMIT_MS;
    for (;;) {
      let reason = '';
      const isReady = await ready().catch((error: unknown) => {
        reason = String(error);
        return false;
      });
      if (isReady) return;
      if (!this.alive || performance.now() > deadline) {
        const end = this.#log.slice(-3000);
        await this.stop();
        throw new Error(`${what} is not ready: ${reason}\n${end}`);
      }
      await wait(30);
    }
  }

  /** Ends it at once, as a crash would. The folder stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (this.#endWithUs !== undefined) process.off('exit', this.#endWithUs);
    if (child === undefined || !this.alive) return;
    child.ref();
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Ports of loopback that were free a moment ago, all different. Below those that the system gives to outgoing connections:
 * one of these would be taken by whoever connects next.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 1_000) throw new Error('no port is free');
    const port = randomInt(15_000, 32_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
