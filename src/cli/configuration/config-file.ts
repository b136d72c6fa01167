/** A component's configuration file: YAML or JSON, every field known, every fault told with its path (spec/operations.md §2). */
import { messageOf } from '../../api/message-of.ts';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { readCaLimits, type CaLimits } from '../../acme/budget/ca-limits.ts';
import { AcmeConfigurationError } from '../../acme/errors.ts';
import { CliError, EnvironmentError, exitCodes, UsageError } from '../errors.ts';
import { nearest } from '../manifests/suggest.ts';
import { isRecord, readNode, type Value } from './read-value.ts';
import type { ComponentTable, FlagRow } from './row.ts';

const mostBytes = 1024 * 1024;

/** Several faults at once: whoever corrects a file wants to do it once. */
export class ConfigFileError extends CliError {
  readonly problems: readonly string[];
  constructor(file: string, problems: readonly string[]) {
    const what = problems.length === 1 ? 'one fault' : `${problems.length} faults`;
    super('cli/config', exitCodes.usage, `--config ${file}: ${what}\n  ${problems.join('\n  ')}`);
    this.problems = problems;
  }
}

export interface ConfigFile {
  /** By flag; what the file does not say is absent. Paths are absolute. */
  values: ReadonlyMap<string, Value>;
  /** Where each value stands: `kubernetesAPIQPS in config.yaml`. */
  nameOf(flag: string): string;
  /** Absent: the file says nothing of them. */
  caLimits?: readonly CaLimits[];
  warnings: readonly string[];
}

/** @throws EnvironmentError when it cannot be read, ConfigFileError with all that is wrong in it */
export async function readConfigFile(table: ComponentTable, file: string): Promise<ConfigFile> {
  return parseConfigFile(table, file, await readText(file));
}

/** The same from text; `file` is where relative paths in it start. */
export function parseConfigFile(table: ComponentTable, file: string, text: string): ConfigFile {
  return readFields(table, file, parseRoot(table, file, text));
}

/** The fields of a file of another structure than flags have; all but `apiVersion` and `kind`, which are checked. */
export async function readConfigRoot(
  expected: Pick<ComponentTable, 'apiVersion' | 'kind'>,
  file: string,
): Promise<Record<string, unknown>> {
  return parseRoot(expected, file, await readText(file));
}

function parseRoot(
  expected: Pick<ComponentTable, 'apiVersion' | 'kind'>,
  file: string,
  text: string,
): Record<string, unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: true, prettyErrors: true });
  if (document.errors.length > 0)
    throw new ConfigFileError(
      file,
      document.errors.map((error) => {
        const [at] = error.linePos ?? [];
        const where = at === undefined ? '' : `line ${at.line}, column ${at.col}: `;
        return where + plainMessage(error.message);
      }),
    );
  const root = plain(document, file);
  if (!isRecord(root)) throw new ConfigFileError(file, [`it holds no ${expected.kind}`]);
  const { apiVersion, kind, ...fields } = root;
  if (apiVersion !== expected.apiVersion || kind !== expected.kind)
    throw new ConfigFileError(file, [
      `it says apiVersion ${JSON.stringify(apiVersion)} and kind ${JSON.stringify(kind)}: write apiVersion: ${expected.apiVersion} and kind: ${expected.kind}`,
    ]);
  return fields;
}

/** @throws ConfigFileError for aliases that mean nothing, or multiply */
function plain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ConfigFileError(file, [error.message]);
  }
}

function readFields(table: ComponentTable, file: string, fields: Record<string, unknown>): ConfigFile {
  const byPath = new Map<string, FlagRow>();
  for (const row of table.rows) {
    if (row.path !== undefined) byPath.set(row.path, row);
    if (row.deprecatedPath !== undefined) byPath.set(row.deprecatedPath, row);
  }
  const values = new Map<string, Value>();
  const places = new Map<string, string>();
  const [problems, warnings]: [string[], string[]] = [[], []];
  const fieldPaths = [...byPath.keys(), ...(table.caLimits === true ? ['caLimits'] : [])];
  let caLimits: readonly CaLimits[] | undefined;

  const visit = (node: unknown, path: string): void => {
    // As in Go: a field without a value is a field that is not there.
    if (node === null || node === undefined) return;
    if (path === 'caLimits' && table.caLimits === true) {
      caLimits = readLimits(node, problems);
      return;
    }
    const row = byPath.get(path);
    if (row === undefined) {
      const inside = path === '' ? '' : `${path}.`;
      const known = fieldPaths.filter((each) => each.startsWith(inside));
      if (known.length === 0 || (path !== '' && !isRecord(node))) {
        problems.push(known.length === 0 ? unknownField(path, fieldPaths) : `${path}: write fields by name`);
        return;
      }
      for (const [name, child] of Object.entries(node)) {
        // Dots are ours, in messages: in the file each level is a field of its own.
        if (name.includes('.')) problems.push(unknownField(inside + name, []));
        else visit(child, inside + name);
      }
      return;
    }
    const place = `${path} in ${file}`;
    if (path === row.deprecatedPath) {
      warnings.push(`${place} is an old name: write ${row.path}`);
      if (values.has(row.flag)) return;
    }
    try {
      values.set(row.flag, located(row, file, readNode(row, path, node)));
      places.set(row.flag, place);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
    }
  };
  visit(fields, '');
  if (problems.length > 0) throw new ConfigFileError(file, problems);
  const limits = caLimits === undefined ? {} : { caLimits };
  return { values, nameOf: (flag) => places.get(flag) ?? `--${flag}`, ...limits, warnings };
}

/** What CAs allow, in the shape of src/acme/budget; adds what is wrong to `problems`. */
export function readLimits(value: unknown, problems: string[]): CaLimits[] {
  try {
    return readCaLimits(value);
  } catch (error) {
    if (!(error instanceof AcmeConfigurationError)) throw error;
    problems.push(error.message);
    return [];
  }
}

/** Files named in the configuration are beside it: it is written by whoever mounts them there. */
function located(row: FlagRow, file: string, value: Value): Value {
  return row.kind === 'file' && typeof value === 'string' && value !== ''
    ? resolve(dirname(file), value)
    : value;
}

function unknownField(path: string, known: Iterable<string>): string {
  const close = nearest(path, known);
  return `${path}: there is no such field${close === undefined ? '' : `; is ${close} meant?`}`;
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = messageOf(error);
    throw new EnvironmentError('cli/config', `--config ${file}: cannot be read: ${why}`, error);
  }
}

/** The first line: the rest draws the place, which is told in words already. */
function plainMessage(message: string): string {
  return (message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}
