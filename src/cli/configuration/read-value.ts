/** Reads one value of a row: from the text of a flag, or from the node of a configuration file. */
import { parseDuration } from '../../api/duration.ts';
import { UsageError } from '../errors.ts';
import { toggle } from '../option-values.ts';
import type { FlagRow } from './row.ts';

export type Value =
  | string
  | number
  | boolean
  | readonly string[]
  | Readonly<Record<string, string>>
  | Readonly<Record<string, boolean>>;

/** Go durations are nanoseconds in JSON and YAML. */
const nanosecondsPerMillisecond = 1e6;

/**
 * @param name what the message calls it: `--kube-api-qps`
 * @param given as commander collected it: repeated lists come as several texts
 * @throws UsageError
 */
export function readFlag(row: FlagRow, name: string, given: string | boolean | readonly string[]): Value {
  if (row.kind === 'switch') return toggle(name, typeof given === 'boolean' ? given : String(given));
  const texts = Array.isArray(given) ? (given as readonly string[]) : [String(given)];
  const text = texts.at(-1) ?? '';
  switch (row.kind) {
    case 'text':
    case 'file':
    case 'quantity':
      return text;
    case 'integer':
    case 'number':
      return bounded(row, name, text, text.trim() === '' ? Number.NaN : Number(text));
    case 'duration':
      return durationOf(name, text, parseDuration(text));
    case 'list':
      return texts.flatMap((each) => (each === '' ? [] : entries(name, each)));
    case 'map':
      return Object.fromEntries(texts.flatMap((each) => pairs(name, each)));
    default:
      return Object.fromEntries(
        texts
          .flatMap((each) => pairs(name, each))
          .map(([key, value]) => [key, toggle(`${name} ${key}`, value)]),
      );
  }
}

/**
 * @param name what the message calls it: `config.yaml: kubernetesAPIQPS`
 * @throws UsageError
 */
export function readNode(row: FlagRow, name: string, node: unknown): Value {
  const wrong = (what: string): UsageError => new UsageError(name, show(node), `write ${what}`);
  switch (row.kind) {
    case 'switch':
      if (typeof node === 'boolean') return node;
      throw wrong('true or false, without quotes');
    case 'quantity':
      if (typeof node === 'number') return String(node);
      if (typeof node === 'string') return node;
      throw wrong('a quantity');
    case 'text':
    case 'file':
      if (typeof node === 'string') return node;
      throw wrong('a text');
    case 'integer':
    case 'number':
      if (typeof node === 'number') return bounded(row, name, String(node), node);
      throw wrong('a number, without quotes');
    case 'duration':
      if (typeof node === 'number' && Number.isInteger(node))
        return durationOf(name, String(node), node / nanosecondsPerMillisecond);
      if (typeof node === 'string') return durationOf(name, node, parseDuration(node));
      throw wrong('a duration such as "60s", or a whole number of nanoseconds');
    case 'list':
      if (Array.isArray(node) && node.every((each) => typeof each === 'string')) return node;
      throw wrong('a list of texts');
    case 'map':
      if (isRecord(node) && Object.values(node).every((each) => typeof each === 'string'))
        return node as Record<string, string>;
      throw wrong('texts by name');
    default:
      if (isRecord(node) && Object.values(node).every((each) => typeof each === 'boolean'))
        return node as Record<string, boolean>;
      throw wrong('true or false by name');
  }
}

export function isRecord(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

function bounded(
  row: FlagRow & { kind: 'integer' | 'number' },
  name: string,
  text: string,
  value: number,
): number {
  const fits = row.kind === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!fits || value < row.min || value > row.max) {
    const kind = row.kind === 'integer' ? 'whole number' : 'number';
    throw new UsageError(name, text, `write a ${kind} from ${row.min} to ${row.max}`);
  }
  return value;
}

function durationOf(name: string, text: string, milliseconds: number | undefined): number {
  if (milliseconds === undefined || !(milliseconds > 0))
    throw new UsageError(name, text, 'write a duration above zero such as 90s, 2m or 1h30m');
  return milliseconds;
}

function entries(name: string, text: string): string[] {
  const all = text.split(',').map((entry) => entry.trim());
  if (all.includes('')) throw new UsageError(name, text, 'write entries separated by single commas');
  return all;
}

function pairs(name: string, text: string): [string, string][] {
  if (text === '') return [];
  return entries(name, text).map((entry) => {
    const at = entry.indexOf('=');
    if (at < 1) throw new UsageError(name, text, 'write name=value, separated by commas');
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
}

/** Enough of a value to find it again, and no more: files may hold what is nobody's business. */
function show(node: unknown): string {
  const text = typeof node === 'string' ? node : (JSON.stringify(node) ?? String(node));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
