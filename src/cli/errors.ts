/** What can go wrong on the command line, and the exit code that tells scripts which it was. */

/** The codes are part of the interface: `certwright help` prints them. */
export const exitCodes = {
  ok: 0,
  /** Something is not Ready, or failed while running. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The surroundings do not let us start: data folder in use, port taken, folder not readable. */
  environment: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type CliErrorCode =
  | 'cli/usage'
  | 'cli/data-dir-in-use'
  | 'cli/data-dir'
  | 'cli/listen'
  | 'cli/folder'
  | 'cli/kubeconfig'
  | 'cli/config'
  | 'cli/api'
  | 'cli/acme'
  | 'cli/lease-lost'
  | 'cli/role-ended'
  | 'cli/not-readable'
  | 'cli/not-ready';

/** Printed without a stack: the message says what to do. */
export class CliError extends Error {
  readonly code: CliErrorCode;
  readonly exitCode: ExitCode;
  readonly retryable: boolean = false;
  constructor(code: CliErrorCode, exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** A flag with a value that cannot be used. The message names flag, value and remedy. */
export class UsageError extends CliError {
  readonly flag: string;
  constructor(flag: string, value: string, remedy: string) {
    super('cli/usage', exitCodes.usage, `${flag} ${JSON.stringify(value)}: ${remedy}`);
    this.flag = flag;
  }
}

export class EnvironmentError extends CliError {
  constructor(code: Exclude<CliErrorCode, 'cli/usage' | 'cli/not-ready'>, message: string, cause?: unknown) {
    super(code, exitCodes.environment, message, cause);
  }
}
