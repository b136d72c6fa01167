/** The configuration file of `certwright up`: commands that run here, which no API object may ever name, and limits of CAs. */
import { messageOf } from '../../api/message-of.ts';
import { stat } from 'node:fs/promises';
import type { CaLimits } from '../../acme/budget/ca-limits.ts';
import { parseDuration } from '../../api/duration.ts';
import { ConfigFileError, readConfigRoot, readLimits } from '../configuration/config-file.ts';
import { EnvironmentError } from '../errors.ts';
import type { Hook } from '../hooks/hook.ts';
import { nearest } from '../manifests/suggest.ts';

export const upConfigApiVersion = 'certwright.dev/v1alpha1';
export const upConfigKind = 'UpConfiguration';

export interface UpConfig {
  hooks: readonly Hook[];
  /** For the DNS-01 provider `exec`: program and arguments by name. */
  programs: Readonly<Record<string, readonly string[]>>;
  /** What other CAs than Let's Encrypt allow, or what somebody wants to use of it. */
  caLimits: readonly CaLimits[];
}

export const emptyUpConfig: UpConfig = { hooks: [], programs: {}, caLimits: [] };

const [mostHooks, mostPrograms, mostArguments, longestText] = [100, 100, 256, 4096];
const defaultTimeoutMs = 60_000;
const [shortestTimeoutMs, longestTimeoutMs] = [1_000, 3_600_000];
const namePattern = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws EnvironmentError when it cannot be read or others may write to it, ConfigFileError with all that is wrong in it */
export async function readUpConfig(file: string): Promise<UpConfig> {
  await requirePrivate(file);
  const root = await readConfigRoot({ apiVersion: upConfigApiVersion, kind: upConfigKind }, file);
  const problems: string[] = [];
  const config = new Reader(problems).config(root);
  if (problems.length > 0) throw new ConfigFileError(file, problems);
  return config;
}

/** Its commands run with our rights: whoever may write to it has them, too. */
async function requirePrivate(file: string): Promise<void> {
  const facts = await stat(file).catch((error: unknown) => {
    const why = messageOf(error);
    throw new EnvironmentError('cli/config', `--config ${file}: cannot be read: ${why}`, error);
  });
  if ((facts.mode & 0o002) === 0) return;
  throw new EnvironmentError(
    'cli/config',
    `--config ${file}: everybody may write to it, and its commands run with the rights of this process: chmod o-w ${file}`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads on after a fault, so that all of them are told at once. */
class Reader {
  readonly #problems: string[];

  constructor(problems: string[]) {
    this.#problems = problems;
  }

  config(root: Fields): UpConfig {
    this.#known(root, '', ['hooks', 'programs', 'caLimits']);
    const hooks = this.#list(root['hooks'], 'hooks', mostHooks).map((hook, index) =>
      this.#hook(hook, `hooks[${index}]`),
    );
    const names = new Set<string>();
    for (const [index, { name }] of hooks.entries()) {
      if (name !== '' && names.has(name))
        this.#problems.push(
          `hooks[${index}].name: ${name} is taken by another hook: choose a name of its own`,
        );
      names.add(name);
    }
    return {
      hooks,
      programs: this.#programs(root['programs']),
      caLimits: this.#caLimits(root['caLimits']),
    };
  }

  #hook(value: unknown, path: string): Hook {
    const fields = this.#record(value, path);
    this.#known(fields, path, ['name', 'command', 'certificates', 'timeout', 'environment']);
    return {
      name: this.#name(fields['name'], `${path}.name`),
      command: this.#command(fields['command'], `${path}.command`),
      certificates: this.#certificates(fields['certificates'], `${path}.certificates`),
      timeoutMs: this.#timeout(fields['timeout'], `${path}.timeout`),
      environment: this.#environment(fields['environment'], `${path}.environment`),
    };
  }

  #programs(value: unknown): Record<string, readonly string[]> {
    const fields = this.#record(value ?? {}, 'programs');
    const entries = Object.entries(fields);
    if (entries.length > mostPrograms) this.#problems.push(`programs: at most ${mostPrograms} programs`);
    return Object.fromEntries(
      entries.slice(0, mostPrograms).map(([name, command]) => {
        const path = `programs.${name.slice(0, 80)}`;
        return [this.#name(name, path), this.#command(command, path)];
      }),
    );
  }

  #caLimits(value: unknown): CaLimits[] {
    if (value === undefined || value === null) return [];
    return readLimits(value, this.#problems);
  }

  #name(value: unknown, path: string): string {
    const text = this.#text(value, path);
    if (text !== undefined && !namePattern.test(text))
      this.#problems.push(
        `${path}: ${JSON.stringify(text.slice(0, 80))} is no name: up to 63 lower-case letters, digits and "-", as in reload-nginx`,
      );
    return text ?? '';
  }

  #command(value: unknown, path: string): string[] {
    if (typeof value === 'string') {
      this.#problems.push(
        `${path}: write the program and its arguments as a list, as in [systemctl, reload, nginx]: no shell takes a line apart here (for one, write [sh, -c, "..."])`,
      );
      return [];
    }
    const words = this.#list(value, path, mostArguments).map(
      (word, index) => this.#text(word, `${path}[${index}]`) ?? '',
    );
    if (Array.isArray(value) && (words.length === 0 || words[0] === ''))
      this.#problems.push(`${path}: the first entry is the program, and there is none`);
    if (value === undefined) this.#problems.push(`${path}: write the program and its arguments as a list`);
    return words;
  }

  #certificates(value: unknown, path: string): string[] {
    if (value === undefined || value === null) return ['*/*'];
    const patterns = this.#list(value, path, mostHooks).map((pattern, index) => {
      const at = `${path}[${index}]`;
      const text = this.#text(pattern, at) ?? '*/*';
      if (!/^[-a-z0-9.*]{1,253}\/[-a-z0-9.*]{1,253}$/.test(text))
        this.#problems.push(
          `${at}: ${JSON.stringify(text.slice(0, 80))}: write namespace/name, with * for any text, as in shop/* or */*`,
        );
      return text;
    });
    if (Array.isArray(value) && patterns.length === 0)
      this.#problems.push(
        `${path}: a hook for no Certificate never runs: leave the field out for all of them`,
      );
    return patterns;
  }

  #timeout(value: unknown, path: string): number {
    if (value === undefined || value === null) return defaultTimeoutMs;
    const milliseconds = typeof value === 'string' ? parseDuration(value) : undefined;
    if (milliseconds !== undefined && milliseconds >= shortestTimeoutMs && milliseconds <= longestTimeoutMs)
      return milliseconds;
    this.#problems.push(`${path}: ${JSON.stringify(value)}: write a duration from 1s to 1h, as in 30s`);
    return defaultTimeoutMs;
  }

  #environment(value: unknown, path: string): Record<string, string> {
    const fields = this.#record(value ?? {}, path);
    return Object.fromEntries(
      Object.entries(fields).map(([name, text]) => {
        const at = `${path}.${name.slice(0, 80)}`;
        if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name))
          this.#problems.push(`${at}: is no name of a variable`);
        if (name.startsWith('CERTWRIGHT_'))
          this.#problems.push(`${at}: names that begin with CERTWRIGHT_ are set by Certwright`);
        return [name, this.#text(text, at) ?? ''];
      }),
    );
  }

  #text(value: unknown, path: string): string | undefined {
    if (typeof value === 'string' && value.length <= longestText && !value.includes('\0')) return value;
    this.#problems.push(
      typeof value === 'string'
        ? `${path}: at most ${longestText} characters, none of them NUL`
        : `${path}: write a text${value === undefined ? '' : `, not ${JSON.stringify(value)?.slice(0, 80)}`}${typeof value === 'number' || typeof value === 'boolean' ? ' (in quotes)' : ''}`,
    );
    return undefined;
  }

  #list(value: unknown, path: string, most: number): unknown[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.#problems.push(`${path}: write a list`);
      return [];
    }
    if (value.length > most) this.#problems.push(`${path}: at most ${most} entries`);
    return value.slice(0, most);
  }

  #record(value: unknown, path: string): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    this.#problems.push(`${path}: write fields by name`);
    return {};
  }

  #known(fields: Fields, path: string, names: readonly string[]): void {
    for (const name of Object.keys(fields)) {
      if (names.includes(name)) continue;
      const close = nearest(name, names);
      const at = path === '' ? name : `${path}.${name}`;
      this.#problems.push(
        `${at}: there is no such field${close === undefined ? '' : `; is ${close} meant?`}`,
      );
    }
  }
}
