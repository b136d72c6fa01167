import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policies } from '../../admission/policies/policies.ts';
import { ForbiddenError } from '../../kube/errors.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { admissionMode } from './admission-mode.ts';

async function put(client: MemoryClient, object: object): Promise<void> {
  const { kind } = object as { kind: string };
  const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  const type = {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind,
    plural: plural.toLowerCase(),
    singular: kind.toLowerCase(),
    namespaced: false,
  };
  await client.create(type, structuredClone(object), { fieldManager: 'test' });
}

const configuration = (kind: string, caBundle?: string) => ({
  kind,
  metadata: { name: 'certwright-webhook' },
  webhooks: [{ name: 'webhook.cert-manager.io', clientConfig: { caBundle } }],
});

test('policies: every policy and every binding is there', async () => {
  const client = new MemoryClient();
  for (const { policy, binding } of policies()) {
    assert.equal((await admissionMode(client)).mode, 'none');
    await put(client, policy);
    assert.equal((await admissionMode(client)).mode, 'none');
    await put(client, binding);
  }
  assert.equal((await admissionMode(client)).mode, 'policies');
});

test('webhook: both configurations have a CA', async () => {
  const client = new MemoryClient();
  await put(client, configuration('ValidatingWebhookConfiguration', 'AAAA'));
  assert.match((await admissionMode(client)).detail, /there is no MutatingWebhookConfiguration/u);
  await put(client, configuration('MutatingWebhookConfiguration', 'AAAA'));
  assert.equal((await admissionMode(client)).mode, 'webhook');
});

test('none: a webhook without CA serves nobody, and half of the policies is none', async () => {
  const client = new MemoryClient();
  const [first] = policies();
  assert.ok(first);
  await put(client, first.policy);
  await put(client, configuration('ValidatingWebhookConfiguration'));
  const { mode, detail } = await admissionMode(client);
  assert.equal(mode, 'none');
  assert.match(detail, /no CA is injected .* of the policies .* are missing/u);
});

test('unknown: whoever may not look says so', async () => {
  const client = new MemoryClient();
  client.failure = new ForbiddenError('no');
  assert.deepEqual((await admissionMode(client)).mode, 'unknown');
});

test('unknown: without our policies, and without the right to look for a webhook', async () => {
  const client = new MemoryClient();
  const { mode, detail } = await admissionMode(client, []);
  assert.equal(mode, 'unknown');
  assert.match(detail, /is missing\), and whether there is a webhook we may not look up/u);
  for (const { policy, binding } of policies())
    await Promise.all([put(client, policy), put(client, binding)]);
  assert.equal((await admissionMode(client, [])).mode, 'policies');
});
