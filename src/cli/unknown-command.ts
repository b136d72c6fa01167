/** What to say of a command that does not exist: which one was meant, wherever in the tree it is. Pure. */
import type { Command } from 'commander';

export interface UnknownCommand {
  /** As it was given, with the commands before it. */
  given: string;
  /** Whole command lines that may have been meant, the likeliest first; none may be like it. */
  meant: readonly string[];
  /** The command line whose --help shows what there is. */
  parent: string;
}

/** Commander looks for --help before it looks for the command, and prints the help of the parent as if all were well. */
export function unknownCommand(program: Command, args: readonly string[]): UnknownCommand | undefined {
  let parent = program;
  const path = [program.name()];
  for (const name of args) {
    // Options of groups are --help and --version: from here on nothing names a command.
    if (name.startsWith('-') || parent.commands.length === 0) return undefined;
    if (name === 'help') continue;
    const next = parent.commands.find((command) => command.name() === name);
    if (next === undefined)
      return {
        given: [...path, name].join(' '),
        meant: likely(program, parent, name),
        parent: path.join(' '),
      };
    parent = next;
    path.push(name);
  }
  return undefined;
}

export function unknownCommandText({ given, meant, parent }: UnknownCommand): string {
  const question = meant.length === 0 ? '' : `\n(Did you mean ${meant.join(', or ')}?)`;
  return `error: unknown command '${given}'${question}\n(${parent} --help shows what there is)\n`;
}

/** Those of that very name anywhere; else what differs least, with those beside it first. */
function likely(program: Command, parent: Command, name: string): string[] {
  const all = commandsBelow(program, program.name());
  const exact = all.filter(({ command }) => command.name() === name);
  if (exact.length > 0) return exact.slice(0, 3).map(({ line }) => line);
  // A third of the letters may be wrong.
  const close = all
    .map((one) => ({ ...one, edits: distance(name.toLowerCase(), one.command.name().toLowerCase()) }))
    .filter(({ command, edits }) => edits <= Math.ceil(Math.max(name.length, command.name().length) / 3));
  const beside = close.filter(({ command }) => command.parent === parent);
  return (beside.length > 0 ? beside : close)
    .toSorted((a, b) => a.edits - b.edits)
    .slice(0, 2)
    .map(({ line }) => line);
}

function commandsBelow(parent: Command, path: string): { command: Command; line: string }[] {
  return parent.commands.flatMap((command) => {
    const line = `${path} ${command.name()}`;
    return [{ command, line }, ...commandsBelow(command, line)];
  });
}

/** Of words on a command line: letters put in, left out or changed. */
function distance(from: string, to: string): number {
  // Nobody means a command with a word that long.
  if (from.length > 64) return from.length;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let at = 0; at < from.length; at++) {
    const next = [at + 1];
    for (let column = 0; column < to.length; column++)
      next.push(
        Math.min(
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
          (row[column] ?? 0) + (from[at] === to[column] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
