/** What a component is told to do: defaults, then its configuration file, then flags (spec/operations.md §2). */
import { isDeepStrictEqual } from 'node:util';
import type { CaLimits } from '../../acme/budget/ca-limits.ts';
import { readConfigFile, type ConfigFile } from './config-file.ts';
import { readFlag, type Value } from './read-value.ts';
import type { ComponentTable, FlagRow, ValuesOf } from './row.ts';

/** As commander collected them, by attribute (`kubeApiQps`); only what was given on the command line. */
export type GivenFlags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Settings<Rows extends readonly FlagRow[]> {
  values: ValuesOf<Rows>;
  /** Said by the command line or by the file. */
  isGiven: (flag: Rows[number]['flag']) => boolean;
  /** What a message calls the setting: `--kube-api-qps`, or `kubernetesAPIQPS in config.yaml`. */
  nameOf: (flag: Rows[number]['flag']) => string;
  /** From the file: what CAs allow, beside what is published. */
  caLimits: readonly CaLimits[];
  /** To be logged as they are: settings without effect here, old names. */
  warnings: readonly string[];
}

/** @throws CliError naming flag or field, value and remedy */
export async function readSettings<const Rows extends readonly FlagRow[]>(
  table: ComponentTable<Rows>,
  given: GivenFlags,
): Promise<Settings<Rows>> {
  const config = given['config'];
  const file = typeof config === 'string' && config !== '' ? await readConfigFile(table, config) : undefined;
  return mergeSettings(table, given, file);
}

/** The same with a file that is read already. */
export function mergeSettings<const Rows extends readonly FlagRow[]>(
  table: ComponentTable<Rows>,
  given: GivenFlags,
  file?: ConfigFile,
): Settings<Rows> {
  const values: Record<string, Value> = {};
  const names = new Map<string, string>();
  const warnings: string[] = [...(file?.warnings ?? [])];
  for (const row of table.rows) {
    values[row.flag] = row.default;
    const fromFile = file?.values.get(row.flag);
    if (file !== undefined && fromFile !== undefined) {
      values[row.flag] = fromFile;
      names.set(row.flag, file.nameOf(row.flag));
    }
    const flag = given[attributeOf(row.flag)];
    if (flag !== undefined) {
      const name = `--${row.flag}`;
      const read = readFlag(row, name, flag);
      // Gates are the one setting where the flag does not replace the file's.
      values[row.flag] =
        row.kind === 'gates'
          ? {
              ...(fromFile as Readonly<Record<string, boolean>>),
              ...(read as Readonly<Record<string, boolean>>),
            }
          : read;
      names.set(row.flag, name);
    }
    const name = names.get(row.flag);
    if (
      name !== undefined &&
      row.withoutEffect !== undefined &&
      !isDeepStrictEqual(values[row.flag], row.default)
    )
      warnings.push(`${name} has no effect: ${row.withoutEffect}`);
  }
  return {
    // One entry for each row, read by the row's own kind.
    values: values as ValuesOf<Rows>,
    caLimits: file?.caLimits ?? [],
    isGiven: (flag) => names.has(flag),
    nameOf: (flag) => names.get(flag) ?? `--${flag}`,
    warnings,
  };
}

/** `kube-api-qps` as commander has it: `kubeApiQps`. */
export function attributeOf(flag: string): string {
  return flag.replaceAll(/-([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}
