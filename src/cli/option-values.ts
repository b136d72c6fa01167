/** Reads flag values into types, once; every refusal names the flag, the value and the remedy. */
import { UsageError } from './errors.ts';

export interface Endpoint {
  host: string;
  port: number;
}

/** `host:port`, `[v6]:port` or `:port` (loopback). */
export function endpoint(flag: string, value: string): Endpoint {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new UsageError(
      flag,
      value,
      'write host:port, for example 127.0.0.1:6443; port 0 takes any free port',
    );
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '127.0.0.1' : host, port };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A Go duration such as `90s`, `2m` or `1h30m`, in milliseconds; more than zero. */
export function duration(flag: string, value: string): number {
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * (units[part[2] ?? ''] ?? Number.NaN), 0);
  if (parts.map((part) => part[0]).join('') !== value || !(total > 0)) {
    throw new UsageError(flag, value, 'write a duration above zero such as 90s, 2m or 1h30m');
  }
  return total;
}

/** The two flags of the pause after failures, the same in every command (spec/certificate-lifecycle.md §2). */
export function backoff(flags: {
  certificateRequestMinimumBackoffDuration: string;
  certificateRequestMaximumBackoffDuration: string;
}): { minBackoffMs: number; maxBackoffMs: number } {
  const minimum = '--certificate-request-minimum-backoff-duration';
  const maximum = '--certificate-request-maximum-backoff-duration';
  const minBackoffMs = duration(minimum, flags.certificateRequestMinimumBackoffDuration);
  const maxBackoffMs = duration(maximum, flags.certificateRequestMaximumBackoffDuration);
  if (maxBackoffMs < minBackoffMs) {
    throw new UsageError(
      maximum,
      flags.certificateRequestMaximumBackoffDuration,
      `must not be shorter than ${minimum}`,
    );
  }
  return { minBackoffMs, maxBackoffMs };
}

/** A whole number within bounds. */
export function wholeNumber(flag: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new UsageError(flag, value, `write a whole number from ${min} to ${max}`);
  }
  return number;
}

/** A namespace: an RFC 1123 label. */
export function namespaceName(flag: string, value: string): string {
  if (!/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
    throw new UsageError(
      flag,
      value,
      'a namespace is lower-case letters, digits and dashes, at most 63, with no dash at either end',
    );
  }
  return value;
}

export function oneOf<const T extends string>(flag: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new UsageError(flag, value, `choose one of ${choices.join(', ')}`);
  return choice;
}

/** A switch: `--flag`, `--flag=true` and, as Go programs have it and manifests pass it, `--flag=false`. */
export function toggle(flag: string, value: string | boolean): boolean {
  if (typeof value === 'boolean') return value;
  if (!/^(?:true|false|t|f|1|0)$/i.test(value)) throw new UsageError(flag, value, 'write true or false');
  return /^[t1]/i.test(value);
}

/** A comma-separated list without empty entries. */
export function list(flag: string, value: string): string[] {
  const entries = value.split(',').map((entry) => entry.trim());
  if (entries.includes('')) throw new UsageError(flag, value, 'write entries separated by single commas');
  return entries;
}

/** A folder: not empty, no NUL. */
export function folder(flag: string, value: string): string {
  if (value === '' || value.includes('\0')) throw new UsageError(flag, value, 'name a folder');
  return value;
}
