/** The generated CRD files are what the schemas say today. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { crds } from '../../src/api/crds.ts';
import { crdFolder, fileName, render } from '../../tools/generate/crds.ts';

test('deploy/crds is up to date; `npm run generate` makes it so', () => {
  assert.deepEqual(
    readdirSync(crdFolder)
      .filter((name) => name.endsWith('.yaml'))
      .toSorted(),
    crds.map(fileName).toSorted(),
  );
  for (const crd of crds) {
    const text = readFileSync(join(crdFolder, fileName(crd)), 'utf8');
    assert.ok(text === render(crd), `${fileName(crd)} is out of date`);
    assert.deepEqual(parse(text), crd);
  }
});
