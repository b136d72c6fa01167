/** The import rule: each rule refuses its offender by name, and the tree itself keeps to all of them. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { ROOMS } from '../../tools/imports/rules.ts';
import { specifiers } from '../../tools/imports/specifiers.ts';
import { importViolations, violations } from '../../tools/imports/violations.ts';

async function treeOf(files: Record<string, string>): Promise<string[]> {
  const root = await mkdtemp(path.join(tmpdir(), 'certwright-imports-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true });
      await writeFile(path.join(root, file), text);
    }
    return (await violations(root)).map(({ file, line, rule }) => `${file}:${line ?? 0} ${rule}`);
  } finally {
    await rm(root, { recursive: true });
  }
}

test('finds every form of import and no prose', () => {
  const source = [
    `import type { A } from './a.ts';`,
    `import {`,
    `  b,`,
    `} from "./b.ts";`,
    `export * from './c.ts';`,
    `import './d.ts';`,
    `const e = await import('./e.ts');`,
    `type F = import('./f.ts').F;`,
    `// import './no.ts'`,
    `/* from './no.ts' */ const url = 'http://x'; // from './no.ts'`,
  ].join('\n');
  assert.deepEqual(
    specifiers(source).map(({ text, line }) => `${text}:${line}`),
    ['./a.ts:1', './b.ts:4', './c.ts:5', './d.ts:6', './e.ts:7', './f.ts:8'],
  );
});

test('refuses an import that the table does not allow, types included', () => {
  const [found] = importViolations(
    'src/pki/x509/a.ts',
    `\nimport type { Certificate } from '../../api/a.ts';\n`,
  );
  assert.equal(found?.line, 2);
  assert.match(found?.message ?? '', /imports room `api`: `pki` may import nothing of ours/u);
  assert.equal(importViolations('src/controllers/a.ts', `import '../standalone/a.ts';`).length, 1);
  assert.equal(importViolations('src/kube/a.ts', `import '../../tools/a.ts';`).length, 1);
});

test('allows the own room, allowed rooms, packages, and everything to the rooms on top', () => {
  assert.deepEqual(importViolations('src/pki/x509/a.ts', `import '../asn1/b.ts';\nimport 'node:fs';`), []);
  assert.deepEqual(importViolations('src/controllers/a.ts', `import '../issuers/issuer.ts';`), []);
  assert.deepEqual(importViolations('src/cli/a.ts', `import '../standalone/a.ts';`), []);
});

test('the table knows every room it names', () => {
  for (const allowed of Object.values(ROOMS)) {
    if (allowed !== 'all') for (const room of allowed) assert.ok(Object.hasOwn(ROOMS, room), room);
  }
});

test('refuses nameless folders and files, unknown rooms, long files and folders without README', async () => {
  const long = 'x\n'.repeat(401);
  assert.deepEqual(
    await treeOf({
      'src/api/README.md': '',
      'src/api/utils.ts': '',
      'src/api/long.ts': long,
      'src/api/fits.ts': 'x\n'.repeat(400),
      'src/api/long.test.ts': long,
      'src/pki/helpers/README.md': '',
      'src/kube/client.ts': '',
      'src/kube/client.test.ts': `import '../standalone/server.ts';`,
      'src/attic/README.md': '',
    }),
    [
      'src/api/long.ts:0 length',
      'src/api/utils.ts:0 name',
      'src/attic:0 room',
      'src/kube:0 readme',
      'src/pki:0 readme',
      'src/pki/helpers:0 name',
    ],
  );
});

test('the tree keeps to the table', async () => {
  const found = await violations(path.resolve(import.meta.dirname, '../..'));
  assert.deepEqual(
    found.map(({ file, line, rule, message }) => `${file}:${line ?? 0} [${rule}] ${message}`),
    [],
  );
});
