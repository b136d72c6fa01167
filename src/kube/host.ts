/** What finding and using credentials needs from the machine: files and programs, passed in so that tests have none. */
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

export interface Execution {
  command: string;
  args: readonly string[];
  env: Record<string, string | undefined>;
  timeoutMs: number;
}

export interface Host {
  /** The environment; only `src/cli` reads the real one. */
  env: Readonly<Record<string, string | undefined>>;
  homeDirectory: string;
  /** Rejects with a node error (`ENOENT`...); refuses files of more than 4 MiB. */
  readFile(path: string): Promise<string>;
  /** Runs a program to its end and answers what it printed. Rejects when it cannot be run or takes too long. */
  execute(execution: Execution): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

const longestFile = 4 * 1024 * 1024;
const longestOutput = 1024 * 1024;

/** The real machine. */
export function nodeHost(env: Host['env'], homeDirectory: string): Host {
  return {
    env,
    homeDirectory,
    async readFile(path) {
      await using file = await open(path, 'r');
      const { size } = await file.stat();
      if (size > longestFile)
        throw new RangeError(`${path} has ${size} bytes, at most ${longestFile} are read`);
      return file.readFile('utf8');
    },
    execute: ({ command, args, env: childEnv, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const child = spawn(command, args, {
          env: childEnv,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        // Not spawn's own timeout: when the program does not exist, that one keeps the process alive to its end.
        const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
        const collect = (stream: NodeJS.ReadableStream): (() => string) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          stream.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > longestOutput) child.kill('SIGKILL');
            else chunks.push(chunk);
          });
          return () => Buffer.concat(chunks).toString('utf8');
        };
        const stdout = collect(child.stdout);
        const stderr = collect(child.stderr);
        child.on('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        child.on('close', (code, signal) => {
          clearTimeout(timer);
          if (signal !== null)
            reject(new Error(`${command} was ended by ${signal} (too slow or too much output)`));
          else resolve({ exitCode: code ?? 1, stdout: stdout(), stderr: stderr() });
        });
      }),
  };
}
