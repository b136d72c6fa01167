/**
 * Runs hooks after exports changed: once for each change of each Certificate, at least once across crashes. Level-based: what
 * counts is whether a hook has been run for the files as they are now, not whether an event was seen.
 */
import { resolve } from 'node:path';
import type { Log } from '../../controllers/context.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import { environmentOf, isFor, type Hook, type HookFacts } from './hook.ts';
import type { HookJournal } from './hook-journal.ts';
import { runCommand, type CommandResult, type CommandRun } from './run-command.ts';

/** Files of a Certificate as they are on disk. */
export interface ExportedFiles extends HookFacts {
  /** Changes whenever one of the files does. */
  digest: string;
}

export type HookState =
  | { kind: 'waiting' }
  | { kind: 'running' }
  /** Milliseconds since the epoch; undefined: in an earlier run of this process. */
  | { kind: 'done'; at: number | undefined }
  | { kind: 'failed'; problem: string; attempts: number; nextAttemptAt: number };

export interface DeployHooksOptions {
  hooks: readonly Hook[];
  journal: HookJournal;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Log;
  run?: (command: CommandRun) => Promise<CommandResult>;
}

const [firstRetryMs, longestRetryMs] = [30_000, 3_600_000];
/** A reload is short; many at a time would only get into each other's way. */
const mostAtOnce = 4;

/** One hook for one Certificate. */
interface Job {
  hook: Hook;
  files: ExportedFiles;
  state: HookState;
  attempts: number;
  timer?: Timer;
}

export class DeployHooks {
  readonly #options: DeployHooksOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #ready: Job[] = [];
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Hooks that run right now: one at a time each, so that none has to lock against itself. */
  readonly #busy = new Set<string>();
  #waiters: (() => void)[] = [];

  constructor(options: DeployHooksOptions) {
    this.#options = options;
  }

  /** To be told of every export that was looked at, changed or not. */
  exported(files: ExportedFiles): void {
    if (this.#stop.signal.aborted) return;
    const certificate = `${files.namespace}/${files.name}`;
    for (const hook of this.#options.hooks) {
      if (!isFor(hook, files.namespace, files.name)) continue;
      const key = `${hook.name} ${certificate}`;
      const known = this.#jobs.get(key);
      if (known?.files.digest === files.digest) continue;
      known?.timer?.cancel();
      const job: Job = { hook, files, state: { kind: 'waiting' }, attempts: 0 };
      this.#jobs.set(key, job);
      if (this.#options.journal.has(hook.name, certificate, files.digest)) {
        job.state = { kind: 'done', at: undefined };
        continue;
      }
      this.#ready.push(job);
    }
    this.#next();
  }

  /** The Certificate is gone, and so are its files. */
  removed(namespace: string, name: string): void {
    for (const [key, { files, timer }] of this.#jobs) {
      if (files.namespace !== namespace || files.name !== name) continue;
      timer?.cancel();
      this.#jobs.delete(key);
    }
  }

  statesOf(namespace: string, name: string): { hook: string; state: HookState }[] {
    return [...this.#jobs.values()]
      .filter(({ files }) => files.namespace === namespace && files.name === name)
      .map(({ hook, state }) => ({ hook: hook.name, state }));
  }

  /** Resolves when every hook that is due has been tried. */
  async settle(): Promise<void> {
    while (this.#isBusy()) await new Promise<void>((done) => this.#waiters.push(done));
  }

  /** Those that run are asked to end; they run again at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#ready.length = 0;
    for (const { timer } of this.#jobs.values()) timer?.cancel();
    await Promise.all(this.#running);
  }

  #isBusy(): boolean {
    return this.#running.size > 0 || this.#ready.length > 0;
  }

  #next(): void {
    while (this.#running.size < mostAtOnce) {
      const index = this.#ready.findIndex(({ hook }) => !this.#busy.has(hook.name));
      const [job] = index < 0 ? [] : this.#ready.splice(index, 1);
      if (job === undefined) break;
      // Newer files have taken its place, or the Certificate is gone.
      if (this.#jobs.get(keyOf(job)) !== job) continue;
      this.#busy.add(job.hook.name);
      const running = this.#attempt(job).finally(() => {
        this.#running.delete(running);
        this.#busy.delete(job.hook.name);
        this.#next();
      });
      this.#running.add(running);
    }
    if (this.#isBusy()) return;
    for (const done of this.#waiters.splice(0)) done();
  }

  async #attempt(job: Job): Promise<void> {
    const { clock, log, journal, environment, run = runCommand } = this.#options;
    const { hook, files } = job;
    const certificate = `${files.namespace}/${files.name}`;
    job.state = { kind: 'running' };
    job.attempts++;
    const result = await run({
      command: hook.command,
      environment: environmentOf(hook, { ...files, directory: resolve(files.directory) }, environment),
      timeoutMs: hook.timeoutMs,
      signal: this.#stop.signal,
    });
    const fields = { hook: hook.name, certificate, output: result.output };
    if (result.ok) {
      try {
        await journal.set(hook.name, certificate, files.digest);
      } catch (error) {
        // It has run. Without the note it runs once more after the next start, and that is all.
        log.warn({ ...fields, err: error }, `hook ${hook.name} has run, but that cannot be noted`);
      }
      job.state = { kind: 'done', at: clock.now() };
      log.info(fields, `hook ${hook.name} has run for Certificate ${certificate}${quoted(result.output)}`);
      return;
    }
    if (this.#stop.signal.aborted) return;
    const wait = Math.min(firstRetryMs * 2 ** (job.attempts - 1), longestRetryMs);
    job.state = {
      kind: 'failed',
      problem: result.problem,
      attempts: job.attempts,
      nextAttemptAt: clock.now() + wait,
    };
    job.timer = clock.after(wait, () => {
      this.#ready.push(job);
      this.#next();
    });
    log.error(
      fields,
      `hook ${hook.name} for Certificate ${certificate}: ${result.problem}; it is run again in ${Math.round(wait / 1000)} s${quoted(result.output)}`,
    );
  }
}

function keyOf({ hook, files }: Job): string {
  return `${hook.name} ${files.namespace}/${files.name}`;
}

/** The last line, for logs that show no fields. */
function quoted(output: string): string {
  const line = output.split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line.slice(0, 200)}`;
}
