/** A table's rows as options of a command. */
import { Option, type Command } from 'commander';
import { formatDuration } from '../../api/duration.ts';
import type { FlagRow } from './row.ts';
import type { GivenFlags } from './settings.ts';

/** Adds one option for each row. Defaults are for the help only: `givenFlags` leaves them out. */
export function addOptions(command: Command, rows: readonly FlagRow[]): Command {
  for (const row of rows) {
    command.addOption(optionOf(row));
    if (row.kind === 'switch' && row.negatable === true)
      command.addOption(new Option(`--no-${row.flag}`, `the same as --${row.flag}=false`));
  }
  return command;
}

/** What was written on the command line, and nothing else. */
export function givenFlags(command: Command): GivenFlags {
  const values = command.opts<Record<string, string | boolean | readonly string[]>>();
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => command.getOptionValueSource(name) === 'cli'),
  );
}

function optionOf(row: FlagRow): Option {
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const value = row.kind === 'switch' ? '[boolean]' : (row.placeholder ?? '<text>');
  const warned = row.withoutEffect === undefined ? '' : ` (no effect: ${row.withoutEffect})`;
  const option = new Option(`${short}--${row.flag} ${value}`, row.meaning + warned);
  const shown = shownDefault(row);
  if (['list', 'map', 'gates'].includes(row.kind)) {
    // Repeated, they add up, as Go's do.
    const none: readonly string[] = [];
    option.argParser((text: string, before: readonly string[] | undefined) => [
      ...(before === none ? [] : (before ?? [])),
      text,
    ]);
    if (shown !== undefined) option.default(none, String(shown));
  } else if (shown !== undefined) option.default(shown);
  // Go programs take `-v=2` as well as `-v 2`.
  if (row.short !== undefined) option.argParser((text: string) => text.replace(/^=/, ''));
  return row.hidden === true ? option.hideHelp() : option;
}

/** Undefined: nothing worth showing. */
export function shownDefault(row: FlagRow): string | boolean | undefined {
  switch (row.kind) {
    case 'switch':
      return row.default ? true : undefined;
    case 'text':
    case 'file':
    case 'quantity':
      return row.default === '' ? undefined : row.default;
    case 'integer':
    case 'number':
      return String(row.default);
    case 'duration':
      return shortDuration(row.default);
    case 'list':
      return row.default.length === 0 ? undefined : row.default.join(',');
    default:
      return undefined;
  }
}

/** `1h` rather than `1h0m0s`. */
function shortDuration(milliseconds: number): string {
  return formatDuration(milliseconds)
    .replace(/(?<=m)0s$/, '')
    .replace(/(?<=h)0m$/, '');
}
