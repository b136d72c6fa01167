import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Authorize } from '../api/admission.ts';
import { beginAs, refusals, user } from './sample-review.ts';
import { approvalCases, approved, ready, request } from './testing/approval-cases.ts';

for (const each of approvalCases) {
  test(`${each.group}: ${each.title}`, async () => {
    const found = await refusals(each);
    assert.ok(beginAs(found, each.expected), found.join('\n'));
  });
}

describe('approvers', () => {
  /** Allows exactly these resource names and keeps what was asked. */
  function authorizer(...names: string[]): { authorize: Authorize; asked: string[] } {
    const asked: string[] = [];
    const authorize: Authorize = ({ user: who, verb, group, resource, namespace, name = '' }) => {
      asked.push(`${who.username} ${verb} ${resource}.${group} ${namespace ?? '-'} ${name}`);
      return names.includes(name);
    };
    return { authorize, asked };
  }

  async function approve(names: string[], issuerRef?: object, subresource = 'status') {
    const { authorize, asked } = authorizer(...names);
    const options = {
      authorize,
      signerExists: (group: string, kind: string) =>
        group === 'example.com' && kind === 'Signer' ? { plural: 'signers', namespaced: true } : undefined,
    };
    const found = await refusals({
      kind: 'CertificateRequest',
      object: request([approved], issuerRef),
      oldObject: request(undefined, issuerRef),
      subresource,
      options: issuerRef === undefined || !('group' in issuerRef) ? { authorize } : options,
    });
    return { found, asked };
  }

  test('may approve one issuer', async () => {
    const { found, asked } = await approve(['issuers.cert-manager.io/ns.ca']);
    assert.deepEqual(found, []);
    assert.deepEqual(asked, [
      'ann approve signers.cert-manager.io - issuers.cert-manager.io/*',
      'ann approve signers.cert-manager.io - issuers.cert-manager.io/ns.ca',
    ]);
  });

  test('may approve all issuers', async () => {
    const { found, asked } = await approve(['issuers.cert-manager.io/*']);
    assert.deepEqual([found.length, asked.length], [0, 1]);
  });

  test('may approve a cluster issuer by its name alone', async () => {
    const { found } = await approve(['clusterissuers.cert-manager.io/ca'], {
      name: 'ca',
      kind: 'ClusterIssuer',
    });
    assert.deepEqual(found, []);
  });

  test('may approve an external signer', async () => {
    const issuerRef = { name: 's', kind: 'Signer', group: 'example.com' };
    assert.deepEqual((await approve(['signers.example.com/ns.s'], issuerRef)).found, []);
  });

  test('may not approve without permission', async () => {
    const { found } = await approve(['issuers.cert-manager.io/other.ca']);
    const start =
      'status.conditions: Forbidden: user "ann" does not have permissions to set approved/denied conditions for issuer {ca Issuer cert-manager.io}';
    assert.ok(beginAs(found, [start]), found.join());
  });

  test('may not approve without permission when the request has other conditions already', async () => {
    const { authorize } = authorizer();
    const denied = { type: 'Denied', status: 'True' };
    for (const added of [approved, denied]) {
      const found = await refusals({
        kind: 'CertificateRequest',
        object: request([ready, added]),
        oldObject: request([ready]),
        subresource: 'status',
        options: { authorize },
      });
      assert.ok(beginAs(found, ['status.conditions: Forbidden: user "ann"']), found.join());
    }
  });

  test('may not approve for a signer that does not exist', async () => {
    const { found } = await approve(['*'], { name: 's', kind: 'Other', group: 'example.com' });
    assert.deepEqual(found, [
      'spec.issuerRef: Forbidden: referenced signer resource does not exist: {s Other example.com}',
    ]);
  });

  test('are asked about only when an approval is added', async () => {
    const { authorize, asked } = authorizer();
    const common = { kind: 'CertificateRequest', subresource: 'status', options: { authorize }, user };
    assert.deepEqual(
      await refusals({ ...common, object: request([approved, ready]), oldObject: request([approved]) }),
      [],
    );
    assert.deepEqual(await refusals({ ...common, object: request([ready]), oldObject: request() }), []);
    assert.deepEqual(asked, []);
  });
});
