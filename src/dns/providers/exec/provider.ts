/** A program on this machine writes the record: `<program> present|cleanup <fqdn> <value>`, as lego's exec calls it. */

import { spawn } from 'node:child_process';

import type { DnsProvider, TxtRecord } from '../../provider.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { stableText } from '../stable-text.ts';

export interface ExecConfig {
  name: string;
}

/** Programs wait for their own provider, so they get longer than a request. */
const LIMIT_MS = 120_000;
/** Of what the program prints, the end tells what went wrong. Bytes. */
const KEPT = 4096;
/** For the rest of the output, after the end of the program. */
const DRAIN_MS = 1000;
/** Where programs are found when this process has no path to hand on. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What programs need to be found and to find their files; credentials of this process are not among it. */
const HANDED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

export const exec: DescribedProviderType<ExecConfig> = {
  key: 'exec',
  title: 'exec',
  documentation: 'https://go-acme.github.io/lego/dns/exec/',
  inCluster: false,
  description: {
    fields: [{ path: 'name', required: true }],
    credentials: ['those that the program reads itself'],
    permissions: ['whatever the program asks for'],
    testedAgainst: 'programs',
  },
  secretReferences: () => [],
  create: async ({ name }, environment) => {
    const command = Object.hasOwn(environment.programs, name) ? environment.programs[name] : undefined;
    if (command === undefined || command[0] === undefined) {
      const known = Object.keys(environment.programs).toSorted().join(', ');
      throw new DnsProviderError(
        'dns-provider/configuration',
        `the configuration file names no program "${stableText(name)}" for the exec solver; it names ${known === '' ? 'none' : known}`,
      );
    }
    const variables = Object.fromEntries(
      HANDED_ON.flatMap((one) => {
        const value = environment.environment[one];
        return value === undefined ? [] : [[one, value]];
      }),
    );
    return new ExternalProgram(name, [command[0], ...command.slice(1)], { PATH: USUAL_PATH, ...variables });
  },
};

/** Exported for tests, which do not wait two minutes. */
export class ExternalProgram implements DnsProvider {
  readonly #name: string;
  readonly #command: readonly [string, ...string[]];
  readonly #variables: Readonly<Record<string, string>>;
  readonly #limitMs: number;
  readonly #kill: (group: number) => void;

  constructor(
    name: string,
    command: readonly [string, ...string[]],
    variables: Readonly<Record<string, string>>,
    limitMs = LIMIT_MS,
    kill = (group: number): void => void process.kill(-group, 'SIGKILL'),
  ) {
    this.#name = name;
    this.#command = command;
    this.#variables = variables;
    this.#limitMs = limitMs;
    this.#kill = kill;
  }

  present(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#run('present', record, signal);
  }

  cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#run('cleanup', record, signal);
  }

  /** No shell: what a name or a value contains is an argument and stays one. */
  #run(action: string, { fqdn, value }: TxtRecord, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    // Where a CNAME leads is for others to choose; a name that looks like an option must not become one.
    if (fqdn.startsWith('-'))
      return Promise.reject(
        new DnsProviderError(
          'dns-provider/configuration',
          `no program is called for ${fqdn}: it would take the name for an option`,
        ),
      );
    const [program, ...args] = this.#command;
    const doing = `the program "${this.#name}" for ${action} ${fqdn}`;
    return new Promise((resolve, reject) => {
      // A group of its own, so that what it starts ends with it.
      const child = spawn(program, [...args, action, fqdn, value], {
        env: { ...this.#variables },
        stdio: ['ignore', 'pipe', 'pipe'],
        shell: false,
        detached: true,
      });
      let ended: unknown;
      const end = (reason: unknown): void => {
        ended ??= reason;
        if (this.#killGroup(child.pid)) return;
        // It runs on, and nobody waits for it.
        child.unref();
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
        settle(ended);
      };
      const timer = setTimeout(
        () =>
          end(
            new DnsProviderError(
              'dns-provider/timeout',
              `${doing} did not end within ${this.#limitMs / 1000} s, which is as long as it may take`,
            ),
          ),
        this.#limitMs,
      );
      const aborted = (): void => end(signal?.reason);
      signal?.addEventListener('abort', aborted, { once: true });
      const printed = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (chunk: Buffer) => {
          printed[stream] = Buffer.concat([printed[stream], chunk]).subarray(-KEPT);
        });
      const settle = (error: unknown): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        if (error === undefined) resolve();
        // oxlint-disable-next-line prefer-promise-reject-errors -- the reason of an abort is what the caller gave
        else reject(error);
      };
      child.once('error', (error: NodeJS.ErrnoException) => {
        ended ??= error;
        settle(
          new DnsProviderError(
            'dns-provider/configuration',
            `${doing} could not be started: ${error.code ?? 'unknown reason'}`,
          ),
        );
      });
      child.once('exit', () => {
        // What it left behind would keep the pipes open; what left the group, too, is not waited for.
        this.#killGroup(child.pid);
        setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
        }, DRAIN_MS).unref();
      });
      child.once('close', (code, killedBy) => {
        if (ended !== undefined) return settle(ended);
        if (code === 0) return settle(undefined);
        const last = lastLine(printed.stderr) || lastLine(printed.stdout);
        const words = stableText(last, [value]);
        return settle(
          new DnsProviderError(
            'dns-provider/unavailable',
            `${doing} ended with ${code === null ? killedBy : `exit code ${code}`}${words === '' ? '' : `: ${words}`}`,
          ),
        );
      });
    });
  }

  /** Whether nothing of it is left; false where it has become another user, as by sudo, whom we may not end. */
  #killGroup(pid: number | undefined): boolean {
    if (pid === undefined) return true;
    try {
      this.#kill(pid);
    } catch (error) {
      // Gone already is what was wanted.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPERM') return false;
      if (code !== 'ESRCH') throw error;
    }
    return true;
  }
}

function lastLine(output: Buffer): string {
  return output.toString().trim().split('\n').at(-1) ?? '';
}
