import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Secret } from '../api/core.ts';
import type { KubeClient } from '../kube/client.ts';
import { ForbiddenError, NotFoundError } from '../kube/errors.ts';
import { issuerContext } from './context.ts';
import { createIssuerTypes } from './registry.ts';

const resolutions: [spec: object, expected: string][] = [
  [{ ca: { secretName: 'x' } }, 'known ca'],
  [{ selfSigned: {} }, 'known selfSigned'],
  [{ acme: {} }, 'known acme'],
  [{ vault: {} }, 'unsupported vault'],
  [{ venafi: {} }, 'unsupported venafi'],
  [{}, 'missing'],
  [{ ca: null }, 'missing'],
  [{ other: {} }, 'missing'],
  // Stored in spite of validation: the order of spec/api.md §11.
  [{ selfSigned: {}, vault: {}, ca: { secretName: 'x' } }, 'known ca'],
  [{ venafi: {}, selfSigned: {} }, 'known selfSigned'],
  [{ ca: { secretName: 'x' }, acme: {} }, 'known acme'],
];
for (const [spec, expected] of resolutions) {
  test(`${JSON.stringify(spec)} is ${expected}`, () => {
    const resolved = createIssuerTypes().resolve({ spec });
    const name =
      resolved.kind === 'known' ? resolved.type.name : resolved.kind === 'unsupported' ? resolved.name : '';
    assert.equal(`${resolved.kind} ${name}`.trim(), expected);
  });
}

test('an object without spec, as only a broken store has it, selects nothing', () => {
  assert.equal(createIssuerTypes().resolve({} as never).kind, 'missing');
});

function sourceOf(answer: Secret | Error, versions = true): Parameters<typeof issuerContext>[0] {
  const client = {
    get: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)),
  } as unknown as KubeClient;
  const base = { client, clusterResourceNamespace: 'pki', now: () => new Date(0) };
  return versions ? { ...base, secretVersion: (_namespace, name) => `v-${name}` } : base;
}

test('the namespace of an issuer tells where its Secrets are', () => {
  const spec = { selfSigned: {} };
  const source = sourceOf({});
  assert.equal(issuerContext(source, { metadata: { namespace: 'shop' }, spec }).resourceNamespace, 'shop');
  assert.equal(issuerContext(source, { metadata: { name: 'x' }, spec }).resourceNamespace, 'pki');
  assert.equal(issuerContext(source, { spec }).secretVersion?.('shop', 'a'), 'v-a');
  assert.equal('secretVersion' in issuerContext(sourceOf({}, false), { spec }), false);
});

test('a Secret that is missing, or hidden from the caches, is not there; other failures are told', async () => {
  const label = 'controller.cert-manager.io/fao';
  const read = (answer: Secret | Error): Promise<Secret | undefined> =>
    issuerContext(sourceOf(answer), { spec: { selfSigned: {} } }).readSecret('shop', 'a');
  const shown: (Record<string, string> | undefined)[] = [undefined, {}, { [label]: 'true' }];
  for (const labels of shown) assert.ok((await read({ metadata: { name: 'a', labels } })) !== undefined);
  for (const value of ['false', '', 'True'])
    assert.equal(await read({ metadata: { name: 'a', labels: { [label]: value } } }), undefined);
  assert.equal(await read(new NotFoundError('no')), undefined);
  await assert.rejects(read(new ForbiddenError('no')), ForbiddenError);
});
