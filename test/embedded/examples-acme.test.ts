/** The ACME examples are what the API takes: every field known, every rule kept. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/api/meta.ts';
import { certificates, clusterIssuers, issuers } from '../../src/api/resources.ts';
import { openEmbeddedApi } from '../servers/embedded-api.ts';
import { root } from './docs/documents.ts';

test('examples/acme is taken as it is, with strict field validation', async () => {
  const files = globSync('examples/acme/**/*.yaml', { cwd: root }).toSorted();
  assert.ok(files.includes('examples/acme/kubernetes/issuers.yaml'), files.join());
  const objects = files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(root, file), 'utf8')).map(
      (document) => document.toJS() as KubeObject,
    ),
  );
  const namespaces = [...new Set(objects.flatMap(({ metadata }) => metadata?.namespace ?? []))];
  const api = await openEmbeddedApi({ dataDir: ':memory:', fresh: true, namespaces, now: Date.now });
  try {
    const types = [certificates, issuers, clusterIssuers];
    for (const object of objects) {
      const type = types.find(({ kind }) => kind === object.kind);
      assert.ok(type !== undefined, object.kind);
      // One after the other, and not kept: examples are alternatives, and may share names.
      await api
        .client()
        .create(type, object, { fieldManager: 'test', fieldValidation: 'Strict', dryRun: true });
    }
  } finally {
    await api.close();
  }
});
