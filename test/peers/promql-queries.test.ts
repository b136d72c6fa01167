/** Every alert, panel and query that we hand out is PromQL to Prometheus' own parser, and every text of an alert a template. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { parse } from 'yaml';

interface Question {
  where: string;
  expression?: string;
  template?: string;
  labels?: Readonly<Record<string, string>>;
}
interface Answer {
  error?: string;
  text?: string;
}

const root = path.resolve(import.meta.dirname, '../..');
const binary = path.join(root, '.cache/peers/promql');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

before(() => {
  mkdirSync(path.dirname(binary), { recursive: true });
  const go = process.env['CERTWRIGHT_GO'] ?? 'go';
  const cwd = path.join(root, 'tools/peers/promql');
  execFileSync(go, ['build', '-trimpath', '-o', binary, '.'], { cwd });
});

function ask(questions: readonly Question[]): Answer[] {
  const input = questions.map((question) => JSON.stringify(question)).join('\n');
  const run = spawnSync(binary, { input, encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.equal(run.status, 0, run.stderr);
  const answers = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
  assert.equal(answers.length, questions.length);
  return answers;
}

function assertAllFine(questions: readonly Question[]): void {
  const wrong = ask(questions).flatMap(({ error }, index) => {
    const { where, expression, template } = questions[index] ?? { where: '' };
    return error === undefined ? [] : [`${where}: ${error}\n${expression ?? template}`];
  });
  assert.deepEqual(wrong, []);
}

interface Rule {
  alert: string;
  expr: string;
  annotations: Readonly<Record<string, string>>;
}

/** The chart's own file, with a number for each threshold. What Helm makes of it is in the cluster lane. */
function rules(): Rule[] {
  const [, spec = ''] = read('charts/certwright/templates/prometheusrule.yaml').split(/^spec:\n/mu);
  const rendered = spec
    .replace(/^\{\{- end \}\}$/gmu, '')
    .replaceAll('{{ "{{" }}', '\u0000')
    .replaceAll(/\{\{ [^}]*\.Values[^}]* \}\}/gu, '7')
    .replaceAll('\u0000', '{{');
  return (parse(rendered) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
}

test('the parser refuses what is no PromQL, and what nobody can show', () => {
  const wrong = ['sum((', 'up[5m]', 'rate(up)', 'nothing_known(up)', 'sum by up'];
  const answers = ask(wrong.map((expression) => ({ where: 'here', expression })));
  for (const [index, { error }] of answers.entries()) assert.ok(error, wrong[index]);
});

test('alerts of the chart', () => {
  const all = rules();
  assert.ok(all.length >= 10, `${all.length} alerts`);
  assertAllFine(all.map(({ alert, expr }) => ({ where: alert, expression: expr })));
});

test('texts of alerts name the object, by whichever label the scrape left it', () => {
  for (const moved of ['', 'exported_']) {
    const labels = { [`${moved}namespace`]: 'shop', [`${moved}name`]: 'web', instance: 'node-1' };
    const asked = rules().flatMap(({ alert, annotations }) =>
      Object.entries(annotations).map(([name, template]) => ({
        where: `${alert} ${name}`,
        template,
        labels,
      })),
    );
    assertAllFine(asked);
    for (const [index, { text = '' }] of ask(asked).entries()) {
      const { where, template } = asked[index] ?? { where: '', template: '' };
      assert.doesNotMatch(text, /no value|\{\{/u, where);
      if (template.includes('$labels.name')) assert.match(text, /(?: |shop\/)web\b/u, where);
    }
  }
});

test('panels of the dashboard', () => {
  const { panels } = JSON.parse(read('deploy/grafana/certwright.json')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const asked = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      where: title,
      // What Grafana puts in before it asks.
      expression: expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:namespace|job)\b/gu, '.+'),
    })),
  );
  assert.ok(asked.length > 20, `${asked.length} queries`);
  assert.ok(asked.every(({ expression }) => !expression.includes('$')));
  assertAllFine(asked);
});

test('queries of the documentation', () => {
  const [, table = ''] =
    /## Questions and the queries[^\n]*\n([\s\S]*?)\n## /u.exec(read('docs/metrics.md')) ?? [];
  // A bar in a table is written with a backslash.
  const queries = Array.from(table.matchAll(/`([^`]+)` \|$/gmu), ([, query = '']) =>
    query.replaceAll(String.raw`\|`, '|'),
  );
  assert.ok(queries.length >= 9, `${queries.length} queries`);
  assertAllFine(queries.map((expression) => ({ where: 'docs/metrics.md', expression })));
});
