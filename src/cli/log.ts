/** Logging: pino underneath, JSON for machines or one readable line per decision for people. */
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { StormFilter } from './log-storm.ts';

export type LogFormat = 'json' | 'text';
export const logFormats: readonly LogFormat[] = ['text', 'json'];
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  format: LogFormat;
  level: LogLevel;
  /** Where lines go. */
  write: (line: string) => void;
  color: boolean;
}

/** Fields that hold secrets wherever they turn up; the last line of defence, not the first. */
const secretFields = ['token', 'password', 'privateKey', 'key', 'pem', 'data', 'stringData', 'authorization'];
const redact = {
  paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
  censor: '[redacted]',
};

export function createLog(options: LogOptions): Logger {
  const destination: DestinationStream = {
    write: options.format === 'json' ? options.write : textWriter(options),
  };
  const base = { level: options.level, redact, base: undefined, serializers: { err: errorFields } };
  // Whoever reads JSON at night reads words and a date; the numbers are for our own text writer only.
  return options.format === 'json'
    ? pino(
        { ...base, formatters: { level: (level) => ({ level }) }, timestamp: stdTimeFunctions.isoTime },
        destination,
      )
    : pino(base, destination);
}

function textWriter({ write, color, level }: LogOptions): (json: string) => void {
  // Whoever asks for details gets them all.
  const filter = level === 'debug' ? undefined : new StormFilter();
  return (json) => {
    const line = JSON.parse(json) as Line;
    if (filter !== undefined) {
      const { print, leftOut } = filter.next(line.time, line.level > infoLevel || line.progress === true);
      if (!print) return;
      if (leftOut > 0)
        write(
          `${clockOf(line.time)} (${leftOut} more lines; --log-format json or --log-level debug has them all)\n`,
        );
    }
    write(readable(line, color));
  };
}

/** Errors without their payload: `cause` chains can hold request bodies. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // An error with a code is one that was expected: where in the program it arose helps nobody at night.
  return {
    type: error.name,
    code,
    message: error.message,
    stack: code === undefined ? error.stack : undefined,
  };
}

const infoLevel = 30;
const names: Readonly<Record<number, [name: string, color: string]>> = {
  20: ['debug', '\u001b[90m'],
  30: ['', ''],
  40: ['warning', '\u001b[33m'],
  50: ['error', '\u001b[31m'],
  60: ['fatal', '\u001b[31m'],
};

interface Line {
  level: number;
  time: number;
  msg?: string;
  err?: { message?: string; code?: string };
  /** Tells how all of it goes: never left out, and not printed itself. */
  progress?: boolean;
  [field: string]: unknown;
}

/** `12:00:01 warning: message (key=value)`. */
function readable(line: Line, color: boolean): string {
  // What is decided stands in the message; the word that programs know it by is for JSON and for debugging.
  const { level, time, msg = '', err, progress: _hidden, ...others } = line;
  const { decision, ...fields } = others;
  if (level < infoLevel && decision !== undefined) fields['decision'] = decision;
  const [name, paint] = names[level] ?? ['', ''];
  const shown = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  // Many messages end with what the error says.
  if (err?.message !== undefined && !msg.includes(err.message)) shown.unshift(err.message);
  const label = name === '' ? '' : color ? `${paint}${name}:\u001b[0m ` : `${name}: `;
  const detail = shown.length === 0 ? '' : ` (${shown.join(', ')})`;
  return `${clockOf(time)} ${label}${msg}${detail}\n`;
}

function clockOf(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}
