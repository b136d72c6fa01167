import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginAs, refusals } from './sample-review.ts';
import { solverCases } from './testing/solver-cases.ts';

for (const each of solverCases) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}
