/** Shell completion scripts, generated from the commands themselves so that they cannot fall behind. */
import type { Command } from 'commander';
import { logFormats, logLevels } from './log.ts';
import { outputFormats } from './up/up-options.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Entry {
  /** `acme account show`: all words but the first. */
  name: string;
  /** What may follow; empty for commands that do something. */
  children: { name: string; description: string }[];
  description: string;
  flags: { long: string; description: string; takesValue: boolean }[];
}

/** Options that take a folder or a file: the shell completes paths. */
const pathFlags = new Set([
  '--manifests',
  '--export',
  '--data-dir',
  '--kubeconfig',
  '--token-file',
  '--client-ca',
]);

/** What a flag takes, where it is one of a few words; `version` has its own formats. */
const choices: Readonly<Record<string, readonly string[]>> = {
  '--output': outputFormats,
  '--log-format': logFormats,
  '--log-level': logLevels,
};

function choicesOf(command: string, flag: string): readonly string[] | undefined {
  if (flag === '--output' && command === 'version') return ['text', 'json'];
  if (flag === '--output' && command.startsWith('acme ')) return ['text', 'json', 'yaml'];
  if (flag === '--reason')
    return [
      'unspecified',
      'keyCompromise',
      'affiliationChanged',
      'superseded',
      'cessationOfOperation',
      'privilegeWithdrawn',
    ];
  if (flag === '--key-algorithm') return ['RSA', 'ECDSA', 'Ed25519'];
  if (flag === '--output' && command === 'rbac') return ['yaml', 'json'];
  return choices[flag];
}

export function completionScript(program: Command, shell: Shell): string {
  const entries = entriesOf(program, '');
  const scripts: Record<Shell, (entries: readonly Entry[]) => string> = { bash, zsh, fish };
  return scripts[shell](entries);
}

function entriesOf(parent: Command, above: string): Entry[] {
  return parent.commands.flatMap((command) => {
    const name = `${above}${command.name()}`;
    const children = command.commands.map((child) => ({ name: child.name(), description: textOf(child) }));
    const flags = command.options
      .filter((option) => option.long !== undefined && option.long !== null)
      .map((option) => ({
        long: option.long ?? '',
        description: option.description,
        takesValue: option.required || option.optional,
      }));
    return [{ name, description: textOf(command), children, flags }, ...entriesOf(command, `${name} `)];
  });
}

const textOf = (command: Command): string => command.summary() || command.description();
const depthOf = ({ name }: Entry): number => name.split(' ').length;

function bash(entries: readonly Entry[]): string {
  const cases = entries.map(({ name, flags, children }) => {
    const words = children.length > 0 ? children.map((child) => child.name) : flags.map((flag) => flag.long);
    return `    ${quoted(name)}) words="${words.join(' ')}" ;;`;
  });
  const groups = entries.filter(({ children }) => children.length > 0);
  const deeper = groups.map((group) => {
    const next = depthOf(group) + 1;
    return `  [ "$path" = "${group.name}" ] && [ "$COMP_CWORD" -gt ${next} ] && path="$path \${COMP_WORDS[${next}]}"`;
  });
  const values = entries.flatMap(({ name, flags }) =>
    flags.flatMap(({ long }) => {
      const words = choicesOf(name, long)?.join(' ');
      // -o is --output in every command that has it.
      const spelt = long === '--output' ? ['--output', '-o'] : [long];
      return words === undefined
        ? []
        : spelt.map(
            (flag) =>
              `    ${quoted(`${name}:${flag}`)}) COMPREPLY=($(compgen -W "${words}" -- "$current")); return ;;`,
          );
    }),
  );
  return `# bash completion for certwright: source <(certwright completion bash)
_certwright() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "$previous" in
    ${[...pathFlags].join('|')})
      compopt -o filenames 2>/dev/null || true
      COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  local path="\${COMP_WORDS[1]}"
${deeper.join('\n')}
  case "$path:$previous" in
${values.join('\n')}
  esac
  case "$path" in
${cases.join('\n')}
    *) words="${topOf(entries)
      .map((entry) => entry.name)
      .join(' ')}" ;;
  esac
  [ "\${COMP_WORDS[1]}" = completion ] && words="${shells.join(' ')}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _certwright certwright
`;
}

const quoted = (name: string): string => (name.includes(' ') ? `"${name}"` : name);
const topOf = (entries: readonly Entry[]): Entry[] => entries.filter((entry) => depthOf(entry) === 1);

function zsh(entries: readonly Entry[]): string {
  const cases = entries.map(({ name, flags, children }) => {
    if (children.length > 0)
      return `    ${quoted(name)}) compadd ${children.map((child) => child.name).join(' ')} ;;`;
    const specs = flags.map(({ long, description, takesValue }) => {
      const words = choicesOf(name, long)?.join(' ');
      const value = words === undefined ? ':value:' : `:value:(${words})`;
      const action = pathFlags.has(long) ? ':path:_files' : takesValue ? value : '';
      return `'${long}[${zshText(description)}]${action}'`;
    });
    const extra = name === 'completion' ? [`'1:shell:(${shells.join(' ')})'`] : [];
    return `    ${quoted(name)}) _arguments ${[...specs, ...extra].join(' ') || "'*:'"} ;;`;
  });
  const groups = entries
    .filter(({ children }) => children.length > 0)
    .map(
      ({ name }) =>
        `  if [[ "$command" == "${name}" ]] && (( CURRENT > 2 )); then command="$command \${words[2]}"; shift words; (( CURRENT-- )); fi`,
    );
  return `#compdef certwright
# zsh completion for certwright: certwright completion zsh > "\${fpath[1]}/_certwright"
_certwright() {
  if (( CURRENT == 2 )); then
    local -a commands=(${topOf(entries)
      .map(({ name, description }) => `'${name}:${zshText(description)}'`)
      .join(' ')})
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words; (( CURRENT-- ))
${groups.join('\n')}
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _certwright certwright
`;
}

function zshText(text: string): string {
  return text.replaceAll(/['\\]/g, '').replaceAll(/[[\]:]/g, ' ');
}

function fish(entries: readonly Entry[]): string {
  const lines = [
    '# fish completion for certwright: certwright completion fish | source',
    'complete -c certwright -f',
  ];
  for (const { name, description, flags, children } of entries) {
    const words = name.split(' ');
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    if (words.length === 1)
      lines.push(`complete -c certwright -n __fish_use_subcommand -a ${name} -d ${fishText(description)}`);
    const none = `not __fish_seen_subcommand_from ${children.map((child) => child.name).join(' ')}`;
    for (const child of children)
      lines.push(
        `complete -c certwright -n '${seen}; and ${none}' -a ${child.name} -d ${fishText(child.description)}`,
      );
    for (const flag of flags) {
      const choice = choicesOf(name, flag.long)?.join(' ');
      const some = choice === undefined ? ' -x' : ` -x -a '${choice}'`;
      const value = pathFlags.has(flag.long) ? ' -r -F' : flag.takesValue ? some : '';
      lines.push(
        `complete -c certwright -n '${seen}' -l ${flag.long.slice(2)}${value} -d ${fishText(flag.description)}`,
      );
    }
  }
  lines.push(`complete -c certwright -n '__fish_seen_subcommand_from completion' -a '${shells.join(' ')}'`);
  return `${lines.join('\n')}\n`;
}

function fishText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '')}'`;
}
