import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beginAs, refusals, refusalsOf, review, user } from './sample-review.ts';
import { requestBase, requestCases, requestUpdateCases } from './testing/certificate-request-cases.ts';

for (const each of [...requestCases, ...requestUpdateCases]) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}

describe('certificate request: creation', () => {
  test('the value shown is cut after 97 characters', async () => {
    const [found = ''] = await refusalsOf('CertificateRequest', { ...requestBase, isCA: true });
    assert.match(
      found,
      /^spec\.request: Invalid value: "-----BEGIN CERTIFICATE REQUEST-----\\n[^"]{61}\.\.\.": encoded CSR error: the KeyUsages \[ 'digital signature', 'key encipherment' \] do not match the expected KeyUsages \[ 'digital signature', 'key encipherment', 'cert sign' \]/,
    );
  });
});

describe('certificate request: identity', () => {
  test('is that of the requester, whatever the object says', async () => {
    const claimed = {
      ...requestBase,
      username: 'root',
      uid: '0',
      groups: ['system:masters'],
      extra: { a: ['b'] },
    };
    const object = { spec: claimed };
    const answer = await review({ kind: 'CertificateRequest', object });
    assert.ok(answer.allowed);
    assert.deepEqual((answer.object as { spec?: unknown }).spec, {
      ...requestBase,
      username: 'ann',
      uid: 'u-1',
      groups: ['dev', 'system:authenticated'],
    });
    assert.deepEqual(object.spec, claimed);
  });

  test('has the extra attributes of the requester', async () => {
    const extra = { 'example.com/scope': ['a', 'b'] };
    const answer = await review({
      kind: 'CertificateRequest',
      object: { spec: requestBase },
      user: { ...user, extra },
    });
    assert.deepEqual((answer.object as { spec?: { extra?: unknown } }).spec?.extra, extra);
  });

  for (const [field, value] of Object.entries({
    username: 'eve',
    uid: 'u-2',
    groups: ['dev'],
    extra: { a: ['b'] },
  })) {
    test(`${field} cannot change later`, async () => {
      const before = {
        spec: { ...requestBase, username: 'ann', uid: 'u-1', groups: ['dev', 'ops'], extra: {} },
      };
      const after = { spec: { ...before.spec, [field]: value } };
      const found = await refusals({ kind: 'CertificateRequest', object: after, oldObject: before });
      assert.ok(
        beginAs(found, [
          `spec.${field}: Forbidden: ${field} identity cannot be changed once set`,
          'spec: Forbidden: ',
        ]),
      );
    });
  }
});
