/** The chart's README: what is said in words by hand, the tables from the values. */
import { refusedValues } from './values-refused.ts';
import { sections } from './values.ts';

export const beginMark = '<!-- generated tables: `npm run generate` -->';

/** Replaces everything after the mark. */
export function renderReadme(current: string): string {
  const [words] = current.split(beginMark);
  return `${words ?? ''}${beginMark}\n\n${tables()}`;
}

function tables(): string {
  const values = sections.map(
    ({ title, rows }) => `### ${title}

| Value | Default | Meaning |
|---|---|---|
${rows
  .map((row) => {
    const needs = row.path.startsWith('webhook.') ? 'the webhook' : '`split: true`';
    const apart = row.deploymentOnly === true ? ` Needs ${needs}.` : '';
    return `| \`${row.path}\`${row.peer ? '' : ' (new)'} | ${code(row.default)} | ${cell(row.meaning)}${apart} |\n`;
  })
  .join('')}
`,
  );
  return `## Values

Values without the mark (new) are those of cert-manager's chart, with the same meaning.

${values.join('')}## Values of cert-manager's chart that are refused

They may stay in a file with the value that asks for nothing: unset, empty, \`false\`, or the one in the second column.
Anything else ends the installation with the reason. Any other key that is not in these tables is refused by the schema.

| cert-manager value | Passes with | Here |
|---|---|---|
${refusedValues
  .map(
    ({ path, harmless = [], reason }) =>
      `| \`${path}\` | ${harmless.map(code).join(' or ') || '-'} | ${cell(reason)} |\n`,
  )
  .join('')}`;
}

function code(value: unknown): string {
  if (value === null || value === '') return value === '' ? '`""`' : '-';
  return `\`${cell(JSON.stringify(value))}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
