import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginAs, refusals } from './sample-review.ts';
import { secretCases } from './testing/certificate-secret-cases.ts';

for (const each of secretCases) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}
