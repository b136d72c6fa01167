import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { admissionFolder, fileName, render } from '../../../tools/generate/admission.ts';
import type { PolicyBinding } from './admission-policy.ts';
import { policies } from './policies.ts';

test('deploy/admission is what the code says: npm run generate', async () => {
  const files = (await readdir(admissionFolder)).filter((name) => name.endsWith('.yaml')).toSorted();
  assert.deepEqual(files, policies().map(fileName).toSorted());
  for (const bound of policies()) {
    const text = await readFile(join(admissionFolder, fileName(bound)), 'utf8');
    assert.ok(text === render(bound), `${bound.name} is out of date: npm run generate`);
  }
});

test('each policy fails closed, has a binding of its own name, and survives being written down', () => {
  for (const bound of policies()) {
    assert.equal(bound.policy.spec.failurePolicy, 'Fail');
    assert.match(bound.name, /^certwright-[a-z-]+$/u);
    assert.equal(bound.binding.spec.policyName, bound.name);
    assert.equal(bound.binding.kind, `${bound.policy.kind}Binding`);
    const read = parseAllDocuments(render(bound)).map((document): unknown => document.toJS());
    assert.deepEqual(read, [bound.policy, bound.binding]);
  }
});

test('who asked and who approves is guarded in every namespace, the rest where validation is not disabled', () => {
  const everywhere = policies().filter(({ binding }) => binding.spec.matchResources === undefined);
  assert.deepEqual(
    everywhere.map(({ name }) => name),
    ['certwright-certificaterequest-guard', 'certwright-certificaterequest-identity'],
  );
  const selector = {
    matchExpressions: [{ key: 'cert-manager.io/disable-validation', operator: 'NotIn', values: ['true'] }],
  };
  const others: PolicyBinding[] = policies()
    .filter((one) => !everywhere.some(({ name }) => name === one.name))
    .map(({ binding }) => binding);
  for (const { spec } of others) assert.deepEqual(spec.matchResources?.namespaceSelector, selector);
});

test('no policy looks at deletions, so that garbage collection and the end of a namespace are never held up', () => {
  for (const { policy } of policies())
    for (const { operations } of policy.spec.matchConstraints.resourceRules)
      assert.ok(operations.every((operation) => operation === 'CREATE' || operation === 'UPDATE'));
});

test('no expression is longer than the parser of the API server reads', () => {
  for (const { policy } of policies())
    for (const { expression } of policy.spec.variables) assert.ok(expression.length < 50_000);
});
