/** Shell completion scripts, generated from the commands themselves so that they cannot fall behind. */
import type { Command } from 'commander';
import { logFormats, logLevels } from './log.ts';
import { outputFormats } from './up/up-options.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Entry {
  name: string;
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
  if (flag === '--output' && command === 'rbac') return ['yaml', 'json'];
  return choices[flag];
}

export function completionScript(program: Command, shell: Shell): string {
  const entries = program.commands.map((command): Entry => {
    return {
      name: command.name(),
      description: command.summary() || command.description(),
      flags: command.options
        .filter((option) => option.long !== undefined && option.long !== null)
        .map((option) => ({
          long: option.long ?? '',
          description: option.description,
          takesValue: option.required || option.optional,
        })),
    };
  });
  const scripts: Record<Shell, (entries: readonly Entry[]) => string> = { bash, zsh, fish };
  return scripts[shell](entries);
}

function bash(entries: readonly Entry[]): string {
  const cases = entries.map(
    ({ name, flags }) => `    ${name}) words="${flags.map((flag) => flag.long).join(' ')}" ;;`,
  );
  const values = entries.flatMap(({ name, flags }) =>
    flags.flatMap(({ long }) => {
      const words = choicesOf(name, long)?.join(' ');
      // -o is --output in every command that has it.
      const spelt = long === '--output' ? ['--output', '-o'] : [long];
      return words === undefined
        ? []
        : spelt.map(
            (flag) => `    ${name}:${flag}) COMPREPLY=($(compgen -W "${words}" -- "$current")); return ;;`,
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
  case "\${COMP_WORDS[1]}:$previous" in
${values.join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${entries.map((entry) => entry.name).join(' ')}" ;;
  esac
  [ "\${COMP_WORDS[1]}" = completion ] && words="${shells.join(' ')}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _certwright certwright
`;
}

function zsh(entries: readonly Entry[]): string {
  const cases = entries.map(({ name, flags }) => {
    const specs = flags.map(({ long, description, takesValue }) => {
      const words = choicesOf(name, long)?.join(' ');
      const value = words === undefined ? ':value:' : `:value:(${words})`;
      const action = pathFlags.has(long) ? ':path:_files' : takesValue ? value : '';
      return `'${long}[${zshText(description)}]${action}'`;
    });
    const extra = name === 'completion' ? [`'1:shell:(${shells.join(' ')})'`] : [];
    return `    ${name}) _arguments ${[...specs, ...extra].join(' ') || "'*:'"} ;;`;
  });
  return `#compdef certwright
# zsh completion for certwright: certwright completion zsh > "\${fpath[1]}/_certwright"
_certwright() {
  if (( CURRENT == 2 )); then
    local -a commands=(${entries.map(({ name, description }) => `'${name}:${zshText(description)}'`).join(' ')})
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words; (( CURRENT-- ))
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
  for (const { name, description, flags } of entries) {
    lines.push(`complete -c certwright -n __fish_use_subcommand -a ${name} -d ${fishText(description)}`);
    for (const flag of flags) {
      const words = choicesOf(name, flag.long)?.join(' ');
      const some = words === undefined ? ' -x' : ` -x -a '${words}'`;
      const value = pathFlags.has(flag.long) ? ' -r -F' : flag.takesValue ? some : '';
      lines.push(
        `complete -c certwright -n '__fish_seen_subcommand_from ${name}' -l ${flag.long.slice(2)}${value} -d ${fishText(flag.description)}`,
      );
    }
  }
  lines.push(`complete -c certwright -n '__fish_seen_subcommand_from completion' -a '${shells.join(' ')}'`);
  return `${lines.join('\n')}\n`;
}

function fishText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '')}'`;
}
