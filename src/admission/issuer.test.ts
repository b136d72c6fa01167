import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beginAs, refusals, review } from './sample-review.ts';
import { acmeIssuer, issuerCases } from './testing/issuer-cases.ts';

for (const each of issuerCases) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}

describe('issuer: writes', () => {
  test('the deprecated key algorithm is a warning, not a refusal', async () => {
    const binding = { keyID: 'k', keySecretRef: { name: 'n', key: 'k' }, keyAlgorithm: 'HS256' };
    const answer = await review({
      kind: 'Issuer',
      object: { spec: acmeIssuer({ externalAccountBinding: binding }) },
    });
    assert.equal(answer.allowed, true);
    assert.deepEqual(answer.warnings, [
      "ACME issuer spec field 'externalAccount.keyAlgorithm' is deprecated: leave it out unless the CA asks for another algorithm than HS256. Unlike cert-manager, Certwright signs the binding with it.",
    ]);
  });

  test('a status write is not held up by a spec that is already there', async () => {
    const object = { spec: {} };
    assert.ok((await review({ kind: 'Issuer', object, oldObject: object, subresource: 'status' })).allowed);
  });
});
