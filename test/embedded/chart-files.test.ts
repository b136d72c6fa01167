/** The chart as files: what is generated is up to date, every value is used, every alert asks for metrics that there are. */
import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as catalogue from '../../src/metrics/catalogue.ts';
import { alerts, thresholds } from '../../tools/chart/alerts.ts';
import { chartFolder, generatedFiles } from '../../tools/chart/generate.ts';
import { refusedValues } from '../../tools/chart/values-refused.ts';
import { allValues, treeOf } from '../../tools/chart/values.ts';

test('`npm run generate` would change nothing', async () => {
  for (const [path, text] of await generatedFiles()) {
    const stored = await readFile(join(chartFolder, path), 'utf8');
    assert.ok(stored === text, `charts/certwright/${path}: run \`npm run generate\``);
  }
});

async function templates(): Promise<string> {
  const texts: string[] = [];
  for await (const name of glob('templates/*', { cwd: chartFolder })) {
    // What is generated from tables of ours reads few values, and thousands of lines.
    if (!/crds\.yaml|_check\.tpl/u.test(name)) texts.push(await readFile(join(chartFolder, name), 'utf8'));
  }
  return texts.join('\n');
}

test('every value is read by a template, and every value that is read is there', async () => {
  const text = await templates();
  const tree = treeOf(allValues);
  for (const [, path = ''] of text.matchAll(/\.Values\.([\w.]+)/gu)) {
    if (path === 'AsMap') continue;
    let at: unknown = tree;
    for (const name of path.split('.')) {
      if (!(at instanceof Map)) break;
      assert.ok(at.has(name), `.Values.${path} is read and not in the table`);
      at = at.get(name);
    }
  }
  const ignored = new Set(['enabled']);
  for (const { path } of allValues) {
    const last = path.split('.').at(-1) ?? '';
    if (ignored.has(path)) continue;
    const read = new RegExp(String.raw`\b${last}\b`, 'u').test(text) || /^(?:ingress|egress)$/u.test(last);
    const built = /^(?:mutating|validating)WebhookConfiguration/u.test(path.replace('webhook.', ''));
    assert.ok(read || built, `${path} is in the table and nothing reads it`);
  }
});

test('a value is either taken or refused', () => {
  const taken = new Set(allValues.map(({ path }) => path));
  for (const { path } of refusedValues) assert.ok(!taken.has(path), path);
  treeOf([...allValues, ...refusedValues]);
});

test('values of the webhook are refused where none runs, whether roles are split or not', async () => {
  const text = await readFile(join(chartFolder, 'templates/_check.tpl'), 'utf8');
  const [before = '', after = ''] = text.split(
    '{{- if ne (include "certwright.admissionMode" .) "webhook" }}',
  );
  const refusal = '"webhook.replicaCount: no webhook runs here';
  assert.ok(after.includes(refusal) && !before.includes('"webhook.replicaCount'));
  assert.ok(before.includes('"cainjector.replicaCount: cainjector runs in the deployment of the controller'));
});

test('a certificate that lives for a day is no alarm until it should have been renewed', () => {
  const expiry = alerts.filter(({ name }) => /Expires/u.test(name));
  assert.equal(expiry.length, 2);
  for (const { expression } of expiry)
    assert.match(expression, / and certmanager_certificate_renewal_timestamp_seconds - time\(\) < 0$/u);
});

test('values.yaml holds the defaults of the table', async () => {
  const values: unknown = parse(await readFile(join(chartFolder, 'values.yaml'), 'utf8'));
  for (const row of allValues) {
    const found = row.path
      .split('.')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], values);
    assert.deepEqual(found, row.default, row.path);
  }
});

interface Described {
  name: string;
  labels: readonly string[];
}

function metrics(): Map<string, Described> {
  const found = Object.values(catalogue)
    .filter((part) => typeof part === 'object')
    .flatMap((part) => Object.values(part as Record<string, Described>))
    .filter((entry) => typeof entry.name === 'string' && Array.isArray(entry.labels));
  return new Map(found.map((entry) => [entry.name, entry]));
}

test('alerts ask for metrics and labels of the catalogue', () => {
  const known = metrics();
  assert.ok(known.size > 30);
  for (const { name, expression, for: wait, summary, description } of alerts) {
    const asked = [...expression.matchAll(/\b(cert(?:manager|wright)_\w+)(?:\{([^}]*)\})?/gu)];
    assert.notEqual(asked.length, 0, name);
    for (const [, metric = '', selector = ''] of asked) {
      const entry = known.get(metric);
      assert.ok(entry, `${name}: there is no metric ${metric}`);
      for (const [, label = ''] of selector.matchAll(/(\w+)\s*[!=]/gu))
        assert.ok(entry.labels.includes(label), `${name}: ${metric} has no label ${label}`);
    }
    const labels = new Set(asked.flatMap(([, metric = '']) => known.get(metric)?.labels ?? []));
    for (const [, label = ''] of `${summary}${description}`.matchAll(/\$labels\.(?:exported_)?(\w+)/gu))
      assert.ok(labels.has(label) || label === 'instance', `${name}: no label ${label} to tell of`);
    for (const [, threshold = ''] of `${expression}${wait}${summary}`.matchAll(/@(\w+)@/gu))
      assert.ok(Object.hasOwn(thresholds, threshold), `${name}: ${threshold}`);
    assert.match(wait, /^(?:\d+m|@\w+@)$/u, name);
    assert.equal(expression.split('(').length, expression.split(')').length, name);
  }
  assert.equal(new Set(alerts.map(({ name }) => name)).size, alerts.length);
});

test('without a value the chart runs the image that `npm run image` writes', async () => {
  const root = join(import.meta.dirname, '../..');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const manifests = await readFile(join(root, 'deploy/certwright.yaml'), 'utf8');
  assert.ok(manifests.includes(`image: "localhost/certwright:${version}"`));
  const builder = await readFile(join(root, 'tools/image/run.ts'), 'utf8');
  assert.ok(builder.includes('values.name ?? `localhost/certwright:${version}`'));
});
