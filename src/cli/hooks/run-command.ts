/** Runs one command to its end: without a shell, with a time limit, its output bounded. */
import { spawn } from 'node:child_process';

export interface CommandRun {
  /** Program and arguments. */
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** Ends it early, as the time limit does. */
  signal?: AbortSignal;
}

export type CommandResult =
  | { ok: true; output: string }
  /** `problem` in one line: `exit code 3`, `no end within 30 s`. */
  | { ok: false; problem: string; output: string };

/** Of what it wrote, the end is kept: that is where programs say what went wrong. */
const mostOutput = 4 * 1024;
/** Between being asked to end and being ended. */
const graceMs = 3_000;
const lastWordsMs = 200;

/** Sends a signal to a group of processes; throws as `process.kill` does. For tests. */
export type Kill = (group: number, signal: NodeJS.Signals) => void;

/** Never rejects. */
export function runCommand(
  { command, environment, timeoutMs, signal }: CommandRun,
  kill: Kill = (group, name) => void process.kill(-group, name),
): Promise<CommandResult> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    // A group of its own, so that what it starts ends with it.
    const child = spawn(program, args, {
      shell: false,
      detached: true,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = Buffer.alloc(0);
    let cut = false;
    const keep = (chunk: Buffer): void => {
      output = Buffer.concat([output, chunk]);
      if (output.length <= mostOutput) return;
      cut = true;
      output = output.subarray(-mostOutput);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let ended = '';
    let finished = false;
    let force: NodeJS.Timeout | undefined;
    const end = (why: string): void => {
      if (ended !== '') return;
      ended = why;
      killGroup(kill, child.pid, 'SIGTERM');
      force = setTimeout(() => {
        // Under sudo it is somebody else's: it is left to itself, and nobody waits for it.
        if (!killGroup(kill, child.pid, 'SIGKILL')) finish(`${why}, and it may not be ended: it runs on`);
      }, graceMs);
    };
    const limit = setTimeout(() => end(`no end within ${timeoutMs / 1000} s`), timeoutMs);
    const stopped = (): void => end('stopped, as this process ends');
    signal?.addEventListener('abort', stopped, { once: true });
    if (signal?.aborted === true) stopped();
    const finish = (problem: string): void => {
      if (finished) return;
      finished = true;
      clearTimeout(limit);
      clearTimeout(force);
      signal?.removeEventListener('abort', stopped);
      // What it left running goes with it; and pipes that it handed on are no longer read.
      if (ended !== '') killGroup(kill, child.pid, 'SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      const text = plain((cut ? '...' : '') + output.toString('utf8'));
      resolve(problem === '' ? { ok: true, output: text } : { ok: false, problem, output: text });
    };
    child.once('error', (error: Error & { code?: string }) =>
      finish(
        error.code === 'ENOENT'
          ? `there is no program ${program}`
          : error.code === 'EACCES'
            ? `${program} may not be run`
            : error.message,
      ),
    );
    child.once('exit', (code, by) => {
      const problem =
        ended === '' ? (code === 0 ? '' : code === null ? `ended by ${by}` : `exit code ${code}`) : ended;
      // Its last words may still be in the pipes; but a server that it started may hold them open for ever.
      const late = setTimeout(() => finish(problem), lastWordsMs);
      child.once('close', () => {
        clearTimeout(late);
        finish(problem);
      });
    });
  });
}

/** A group that is gone already is what was wanted. False: this process may not do that. */
function killGroup(kill: Kill, pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return true;
  try {
    kill(pid, signal);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ESRCH') return true;
    if (code === 'EPERM') return false;
    throw error;
  }
}

/** Lines stay lines; what moves cursors or colours terminals goes. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out here
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').trim();
}
