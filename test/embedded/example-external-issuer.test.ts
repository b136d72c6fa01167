/** The example of docs/external-issuers.md signs, and its page quotes it as it is. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { start, workspace } from './cli/run-cli.ts';
import { page, root } from './docs/documents.ts';

const example = join(root, 'examples/external-issuer');

test('the example issues what its manifests ask for', async (t) => {
  const data = join(workspace(t), 'data');
  const run = start(t, [
    'up',
    '--manifests',
    join(example, 'manifests'),
    '--data-dir',
    data,
    '--listen',
    '127.0.0.1:0',
    '--once',
    '--timeout',
    '20s',
    '-o',
    'json',
  ]);
  await run.seen(/the API answers/u);
  const issuer = spawn(process.execPath, [join(example, 'main.ts'), join(data, 'kubeconfig')], {
    stdio: 'ignore',
  });
  t.after(() => issuer.kill());
  const { code, out, err } = await run.ended;
  assert.equal(code, 0, err);
  const { certificates } = JSON.parse(out) as {
    certificates: { name: string; issuer: string; chain: string[] }[];
  };
  assert.deepEqual(
    certificates.map(({ name, issuer, chain }) => ({ name, issuer, chain })),
    [
      {
        name: 'outside',
        issuer: 'SampleIssuer/sample',
        chain: ['DNS:outside.example.com (no subject)', 'CN=Sample CA'],
      },
    ],
  );
});

test('the page quotes the example', () => {
  const source = readFileSync(join(example, 'main.ts'), 'utf8').replaceAll(/\s+/gu, '');
  const quotes = [...page('docs/external-issuers.md').text.matchAll(/```ts\n([\s\S]*?)```/gu)];
  assert.ok(quotes.length > 0);
  for (const [, quote = ''] of quotes) assert.ok(source.includes(quote.replaceAll(/\s+/gu, '')), quote);
});
