/** One flag of a component: its name, its place in the configuration file, its default and what it does. */

interface RowBase {
  /** Without dashes: `kube-api-qps`. */
  flag: string;
  /** One letter, where there is one. */
  short?: string;
  /** What stands for the value in the help; switches have none. */
  placeholder?: string;
  /** Place in the configuration file, in dots: `leaderElectionConfig.leaseDuration`. Absent: a flag only. */
  path?: string;
  /** An older place that is still read, with a warning. */
  deprecatedPath?: string;
  meaning: string;
  /** Read and checked, and without effect here. Says what to do instead, or that nothing is lost. Absent: honoured. */
  withoutEffect?: string;
  /** Inherited from the peer as an option that help does not show. */
  hidden?: boolean;
}

/**
 * How values are written. Flags are text. In a file: text, switch and numbers as they are, `duration` as Go duration or
 * as a whole number of nanoseconds, `quantity` as text or number, `file` as a path (relative to the folder of the
 * configuration file when it stands there, else to the working directory), `list` as a list of texts, `map` as texts by name, `gates` as booleans by name.
 */
export type FlagRow =
  | (RowBase & { kind: 'text' | 'file' | 'quantity'; default: string })
  | (RowBase & { kind: 'switch'; default: boolean; /** There is a `--no-…` too. */ negatable?: true })
  | (RowBase & { kind: 'integer' | 'number'; default: number; min: number; max: number })
  /** The default in milliseconds. */
  | (RowBase & { kind: 'duration'; default: number })
  | (RowBase & { kind: 'list'; default: readonly string[] })
  | (RowBase & { kind: 'map'; default: Readonly<Record<string, string>> })
  | (RowBase & { kind: 'gates'; default: Readonly<Record<string, boolean>> });

/** The type that a row's value is read into: durations are milliseconds. */
export type ValueOf<Row extends { kind: FlagRow['kind'] }> = Row['kind'] extends 'switch'
  ? boolean
  : Row['kind'] extends 'integer' | 'number' | 'duration'
    ? number
    : Row['kind'] extends 'list'
      ? readonly string[]
      : Row['kind'] extends 'map'
        ? Readonly<Record<string, string>>
        : Row['kind'] extends 'gates'
          ? Readonly<Record<string, boolean>>
          : string;

/** The values of a table by flag: `values['kube-api-qps']`. Each is there: every row has a default. */
export type ValuesOf<Rows extends readonly FlagRow[]> = {
  readonly [Row in Rows[number] as Row['flag']]: ValueOf<Row>;
};

/** A component that has a configuration file. */
export interface ComponentTable<Rows extends readonly FlagRow[] = readonly FlagRow[]> {
  /** Of the configuration file. */
  apiVersion: string;
  kind: string;
  /** The file may say what CAs allow (`caLimits`): too much for a flag. */
  caLimits?: true;
  rows: Rows;
}
