/** The parts of docs/ that are generated: tables between `<!-- generated: name … -->` and `<!-- end -->`. */

import type { Command } from 'commander';

import { cainjectorTable } from '../../src/cli/configuration/cainjector-table.ts';
import { controllerTable } from '../../src/cli/configuration/controller-table.ts';
import { gates } from '../../src/cli/configuration/feature-gates.ts';
import type { ComponentTable } from '../../src/cli/configuration/row.ts';
import { webhookTable } from '../../src/cli/configuration/webhook-table.ts';
import { buildProgram, type Commands, type Surroundings } from '../../src/cli/program.ts';
import { dnsProviderTypes } from '../../src/dns/providers/registry.ts';
import { catalogue } from '../../src/metrics/catalogue.ts';
import { lintRules } from '../../src/pki/lint/lint.ts';

const generated = /(<!-- generated: (\w+)[^>]*-->\n)[\s\S]*?(<!-- end -->)/gu;

/** The text with every generated part made anew. @throws when a part has an unknown name */
export function withGeneratedParts(text: string): string {
  return text.replaceAll(generated, (_all, begin: string, name: string, end: string) => {
    const render = parts[name];
    if (render === undefined) throw new Error(`there is no generator for "${name}"`);
    return `${begin}\n${render()}\n${end}`;
  });
}

const parts: Readonly<Record<string, () => string>> = {
  cli: cliReference,
  lint: lintTable,
  metrics: metricsTable,
  configuration: configurationTables,
  gates: gatesTable,
  providers: providersTable,
};

/** DNS providers, as each describes itself. */
function providersTable(): string {
  const rows = dnsProviderTypes.map(({ key, title, documentation, inCluster, description }) => [
    `[\`${key}\`](#${key.toLowerCase()})`,
    `[${title}](${documentation})${inCluster ? '' : '; only in `certwright up`'}`,
    description.fields.map(({ path, required }) => `\`${path}\`${required ? ' (required)' : ''}`).join(', '),
    description.credentials.join('; '),
    description.permissions.join('; '),
    description.testedAgainst,
  ]);
  return table([['Key', 'Provider', 'Fields', 'Credentials', 'Permissions', 'Tested against'], ...rows]);
}

/** Fields of the configuration files, by component. */
function configurationTables(): string {
  return [controllerTable, webhookTable, cainjectorTable].map(configurationTable).join('\n');
}

function configurationTable({ apiVersion, kind, rows, caLimits }: ComponentTable): string {
  const fields = rows.flatMap((row) =>
    row.path === undefined ? [] : [[`\`${row.path}\``, `\`--${row.flag}\``, row.withoutEffect ?? 'honoured']],
  );
  if (caLimits === true)
    fields.push(['`caLimits`', '', '[limits of CAs](acme-accounts.md#the-ledger-of-limits)']);
  return `### ${kind}\n\n\`apiVersion: ${apiVersion}\`\n\n${table([['Field', 'Flag', 'Here'], ...fields])}`;
}

function gatesTable(): string {
  const rows = gates.map(({ name, stage, default: initial, components, withoutEffect }) => [
    `\`${name}\``,
    stage,
    initial ? 'on' : 'off',
    components.join(', '),
    withoutEffect === undefined ? 'honoured' : `no effect: ${withoutEffect}`,
  ]);
  return table([['Gate', 'Stage', 'Default', 'Of', 'Here'], ...rows]);
}

function metricsTable(): string {
  const rows = catalogue.map(({ name, type, labels, help, series }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
    series,
  ]);
  return table([['Metric', 'Type', 'Labels', 'Tells', 'Series'], ...rows]);
}

function lintTable(): string {
  const always = new Set(lintRules.rfc5280.map(({ code }) => code));
  const rows = lintRules.cabf.map(({ code, severity, source }) => [
    `\`${code}\``,
    severity,
    source,
    always.has(code) ? 'always' : '`cabf`',
  ]);
  return table([['Code', 'Severity', 'Source', 'Profile'], ...rows]);
}

function cliReference(): string {
  const unused = (): never => {
    throw new Error('help runs no command');
  };
  const surroundings: Surroundings = {
    env: {},
    out: () => undefined,
    err: () => undefined,
    color: false,
    pid: 0,
    signal: new AbortController().signal,
  };
  const commands: Commands = {
    up: unused,
    controller: unused,
    cainjector: unused,
    webhook: unused,
    acmesolver: unused,
  };
  const program = buildProgram(commands, surroundings, () => undefined);
  return program.commands.flatMap(leavesOf).map(commandSection).join('\n');
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function commandSection(command: Command): string {
  const rows = command.options.map(({ flags, description, defaultValue }) => [
    `\`${flags}\``,
    plain(description),
    defaultOf(defaultValue),
  ]);
  rows.push(['`-h, --help`', 'show this help', '']);
  const words: string[] = [];
  let at: Command | null = command;
  // The program itself has no parent, and no place in a heading.
  while (at !== null && at.parent !== null) {
    words.unshift(at.name());
    at = at.parent;
  }
  const name = words.join(' ');
  const usage = `certwright ${name} ${command.usage()}`;
  return `## ${name}\n\n${command.description()}\n\n    ${usage}\n\n${table([['Flag', 'Does', 'Default'], ...rows])}`;
}

/** Text that Markdown would take for markup. */
function plain(text: string): string {
  return text.replaceAll(/[<*]/gu, String.raw`\$&`);
}

function defaultOf(value: unknown): string {
  if (typeof value === 'string') return `\`${value}\``;
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : '';
}

function table(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  const rule = `|${(rows[0] ?? []).map(() => '---|').join('')}`;
  return `${[lines[0], rule, ...lines.slice(1)].join('\n')}\n`;
}
