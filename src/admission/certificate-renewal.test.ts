import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginAs, refusals, review } from './sample-review.ts';
import { certificateBase } from './testing/certificate-cases.ts';
import { renewalCases } from './testing/certificate-renewal-cases.ts';

for (const each of renewalCases) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}

test('a duration that cannot be read is a bad request, not a refusal', async () => {
  const answer = await review({
    kind: 'Certificate',
    object: { spec: { ...certificateBase, duration: '90d' } },
  });
  assert.equal(answer.allowed, false);
  assert.equal(answer.code, 400);
});
