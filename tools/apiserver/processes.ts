/** The processes of one cluster: started with a log file each, ended by their own id, never found by name. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export class Processes {
  readonly #logs: string;
  readonly #running = new Map<string, ChildProcess>();

  /** `logs` is a folder that exists. */
  constructor(logs: string) {
    this.#logs = logs;
  }

  /** A second start under the same name goes on in the same log. */
  start(name: string, binary: string, args: readonly string[]): void {
    if (this.alive(name)) throw new Error(`${name} is running already`);
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(this.logFile(name), { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once('error', (error) => log.write(`${String(error)}\n`));
    this.#running.set(name, child);
  }

  alive(name: string): boolean {
    const child = this.#running.get(name);
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** The id of the process, to read its memory and processor time from /proc. */
  pid(name: string): number {
    const pid = this.#running.get(name)?.pid;
    if (pid === undefined || !this.alive(name)) throw new Error(`${name} is not running`);
    return pid;
  }

  /** Ends it at once, as a crash would, and waits until it is gone. Nothing happens when it is not there. */
  async kill(name: string): Promise<void> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Last started, first ended. */
  async killAll(): Promise<void> {
    for (const name of [...this.#running.keys()].toReversed()) await this.kill(name);
  }

  logFile(name: string): string {
    return path.join(this.#logs, `${name}.log`);
  }

  /** @throws Error with the end of its log when it is not running any more */
  async assertAlive(name: string): Promise<void> {
    if (!this.alive(name)) throw new Error(`${name} ended\n${await this.logEnd(name)}`);
  }

  async logEnd(name: string): Promise<string> {
    return (await readFile(this.logFile(name), 'utf8').catch(() => '(no log)')).slice(-3000);
  }
}
