import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beginAs, refusals, review } from './sample-review.ts';
import { certificateBase, certificateCases } from './testing/certificate-cases.ts';

for (const each of certificateCases) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}

describe('certificate: writes', () => {
  test('the same rules hold on updates', async () => {
    const object = { spec: { ...certificateBase, secretName: '' } };
    assert.equal((await refusals({ kind: 'Certificate', object, oldObject: object })).length, 1);
  });

  test('a status write is not held up by a spec that is already there', async () => {
    const object = { spec: {} };
    const answer = await review({ kind: 'Certificate', object, oldObject: object, subresource: 'status' });
    assert.equal(answer.allowed, true);
  });

  test('a refusal is 403 with the aggregate text', async () => {
    const answer = await review({
      kind: 'Certificate',
      object: { spec: { ...certificateBase, secretName: '', commonName: 'x'.repeat(65) } },
    });
    assert.equal(answer.code, 403);
    assert.match(
      answer.message ?? '',
      /^\[spec\.secretName: Required value: .*, spec\.commonName: Too long: .*\]$/,
    );
  });

  test('defaults are not written into the object', async () => {
    assert.equal(
      (await review({ kind: 'Certificate', object: { spec: certificateBase } })).object,
      undefined,
    );
  });
});
