/** The schema library is for build time: nothing that runs may load a module that needs it (crds.ts is carried as JSON). */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const source = join(import.meta.dirname, '..');
const files = globSync('**/*.ts', { cwd: source }).filter((file) => !file.endsWith('.test.ts'));

/** Modules that stay imports at run time: `import type` is erased, `import { type X }` is not. */
function imports(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const found = text.matchAll(/^(?:import|export)\s(?!type\s)(?:[^;'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm);
  return [...found].map(([, target = '']) => (target.startsWith('.') ? join(dirname(file), target) : target));
}

test('only crds.ts and the schemas need typebox', () => {
  const graph = new Map(files.map((file) => [relative('.', file), imports(file)]));
  const needing = new Set(['typebox']);
  for (let size = 0; size !== needing.size;) {
    size = needing.size;
    for (const [file, targets] of graph) {
      // The bundle replaces this module by its JSON.
      if (targets.some((target) => needing.has(target) && target !== 'api/crds.ts')) needing.add(file);
    }
  }
  assert.ok(needing.has('api/certificate.ts'));
  assert.deepEqual(
    [...needing].filter((file) => file !== 'typebox' && !file.startsWith('api/')),
    [],
  );
  const plain = [
    'annotations',
    'cron',
    'duration',
    'enumerations',
    'labels',
    'limits',
    'reasons',
    'resources',
  ];
  for (const name of [...plain, 'components', 'secret-entries', 'time-zone', 'admission', 'core', 'meta']) {
    assert.ok(!needing.has(`api/${name}.ts`), name);
  }
});
