/** Whatever cert-manager has stored, our admission admits: on creation, and when it is written back unchanged. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAdmission } from '../../src/admission/create-admission.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import * as resources from '../../src/api/resources.ts';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'shared', 'fixtures');
const { certificateRequests, certificates, challenges, clusterIssuers, issuers, orders } = resources;
const types = [certificateRequests, certificates, challenges, clusterIssuers, issuers, orders];

test('objects that cert-manager stored are admitted', async (t) => {
  if (!existsSync(fixtures)) {
    t.diagnostic('left out: ../shared/fixtures is not here, so no stored objects were reviewed');
    return;
  }
  const admit = createAdmission();
  const user = { username: 'ann', groups: [] };
  let reviewed = 0;
  for (const folder of readdirSync(fixtures)) {
    for (const resource of types) {
      const file = join(fixtures, folder, `${resource.plural}.json`);
      if (!existsSync(file)) continue;
      const { items } = JSON.parse(readFileSync(file, 'utf8')) as { items: KubeObject[] };
      for (const object of items) {
        const created = await admit({ operation: 'CREATE', resource, user, object });
        const updated = await admit({
          operation: 'UPDATE',
          resource,
          user,
          object,
          oldObject: structuredClone(object),
        });
        assert.deepEqual([created.message, updated.message], [undefined, undefined], object.metadata?.name);
        reviewed += 1;
      }
    }
  }
  assert.ok(reviewed > 30);
  t.diagnostic(`${reviewed} stored objects reviewed`);
});
