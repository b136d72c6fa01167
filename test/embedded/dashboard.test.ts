/** The dashboard and the alerts ask for metrics that exist, by labels that these have. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { catalogue, type MetricDescription } from '../../src/metrics/catalogue.ts';

const root = path.resolve(import.meta.dirname, '../..');

interface Panel {
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}
interface Dashboard {
  panels: Panel[];
  templating: { list: { name: string; definition?: string }[] };
}

/** What Prometheus adds to every series. */
const added = ['instance', 'job', 'le'];
const named = /\b(?:certmanager|certwright|process)_[a-z_]+/gu;

/** The metrics that a text names; a histogram's parts count as the histogram. @throws AssertionError for one that is not there */
function metricsIn(text: string, where: string): MetricDescription[] {
  return (text.match(named) ?? []).map((name) => {
    const whole = name.replace(/_(bucket|sum|count)$/u, '');
    const found = catalogue.find(
      (metric) => metric.name === name || (metric.type === 'histogram' && metric.name === whole),
    );
    assert.ok(found, `${where}: there is no metric ${name}`);
    return found;
  });
}

/** Labels in selectors and groupings. */
function labelsIn(expression: string): string[] {
  const matched = Array.from(expression.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/gu), ([, label]) => label!);
  const grouped = Array.from(
    expression.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/gu),
    ([, list]) => list!.split(',').map((label) => label.trim()),
  );
  return [...matched, ...grouped.flat()].filter((label) => label !== '');
}

function checkExpression(expression: string, where: string): void {
  const metrics = metricsIn(expression, where);
  assert.ok(metrics.length > 0, `${where}: ${expression} names no metric`);
  const known = new Set([...added, ...metrics.flatMap(({ labels }) => labels)]);
  for (const label of labelsIn(expression))
    assert.ok(known.has(label), `${where}: there is no label ${label}`);
}

const dashboard = JSON.parse(
  readFileSync(path.join(root, 'deploy/grafana/certwright.json'), 'utf8'),
) as Dashboard;

test('every panel asks for metrics and labels that exist', () => {
  const shown = dashboard.panels.filter(({ type }) => type !== 'row');
  assert.ok(shown.length > 20);
  for (const { title, targets = [] } of shown) {
    assert.ok(targets.length > 0, `${title} asks for nothing`);
    for (const { expr } of targets) checkExpression(expr, title);
  }
  for (const { name, definition } of dashboard.templating.list)
    if (definition !== undefined) metricsIn(definition, `variable ${name}`);
});

test('no two panels lie on each other, and each fits', () => {
  const taken = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.equal(taken.get(`${x} ${y}`), undefined, `${title} at ${x} ${y}`);
        taken.set(`${x} ${y}`, title);
      }
  }
});

test('alerts of the chart ask for metrics and labels that exist', () => {
  const files = globSync('charts/**/*.{yaml,tpl}', { cwd: root });
  let expressions = 0;
  for (const file of files) {
    const text = readFileSync(path.join(root, file), 'utf8');
    if (!text.includes('PrometheusRule')) continue;
    for (const [, block = ''] of text.matchAll(/^ *-? *expr:\s*((?:.*)(?:\n {12,}.*)*)/gmu)) {
      checkExpression(block.replaceAll(/\{\{.*?\}\}/gu, '1'), file);
      expressions++;
    }
  }
  assert.ok(expressions >= 10, `${expressions} alert expressions`);
});

test('queries of the documentation ask for metrics and labels that exist', () => {
  const text = readFileSync(path.join(root, 'docs/metrics.md'), 'utf8');
  const [, table = ''] = /## Questions and the queries[^\n]*\n([\s\S]*?)\n## /u.exec(text) ?? [];
  const queries = Array.from(table.matchAll(/`([^`]+)` \|$/gmu), ([, query]) => query!);
  assert.ok(queries.length >= 9);
  for (const query of queries) checkExpression(query, 'docs/metrics.md');
});
