/** The configuration files that documentation and examples show are ones that `up` takes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readUpConfig } from '../../src/cli/up/up-config.ts';
import { workspace } from './cli/run-cli.ts';

const root = join(import.meta.dirname, '../..');

test('of docs/standalone-public.md', async (t) => {
  const page = readFileSync(join(root, 'docs/standalone-public.md'), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
  const files = blocks.filter((text) => text.includes('kind: UpConfiguration'));
  assert.equal(files.length, 2);
  const read = await Promise.all(
    files.map((text, index) =>
      readUpConfig(join(workspace(t, { [`${index}.yaml`]: text }), `${index}.yaml`)),
    ),
  );
  assert.deepEqual(
    read[0]?.hooks.map(({ name, timeoutMs }) => [name, timeoutMs]),
    [
      ['reload-nginx', 60_000],
      ['mail', 120_000],
    ],
  );
  assert.deepEqual(Object.keys(read[1]?.programs ?? {}), ['ovh']);
  assert.equal(read[1]?.caLimits[0]?.limits[0]?.allowed, 50);
});

test('of examples/systemd', async (t) => {
  const text = readFileSync(join(root, 'examples/systemd/up.yaml'), 'utf8');
  const { hooks } = await readUpConfig(join(workspace(t, { 'up.yaml': text }), 'up.yaml'));
  assert.deepEqual(hooks[0]?.command, ['touch', '/run/certwright/deploy']);
});
