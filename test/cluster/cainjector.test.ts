/** CA injection into definitions with conversion webhooks, which only a real API server has (spec/shims-webhook-cainjector.md §20, §21). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowDirectInjection, injectCaFromSecret } from '../../src/api/annotations.ts';
import {
  customResourceDefinitions as definitions,
  mutatingWebhookConfigurations as mutating,
} from '../../src/api/resources.ts';
import { byTest, ca, InjectionWorld, namespace } from '../embedded/injection-world.ts';

const direct = { [allowDirectInjection]: 'true' };
const fromSecret = { [injectCaFromSecret]: `${namespace}/ca` };

test('the rest of the conversion stays as its author wrote it', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('fresh'), direct);
  await world.target(definitions, 'vcs.injected.example.test', fromSecret, await ca('old'));
  await world.inject();
  await world.holds(definitions, 'vcs.injected.example.test', 'old fresh');
  const { spec } = (await world.get(definitions, 'vcs.injected.example.test')) as {
    spec?: { conversion: object };
  };
  assert.partialDeepStrictEqual(spec?.conversion, {
    strategy: 'Webhook',
    webhook: { conversionReviewVersions: ['v1'], clientConfig: { service: { name: 'none' } } },
  });
});

test('a definition without conversion webhook is no target, and becomes one', async (t) => {
  const world = await InjectionWorld.open(t);
  await world.secret('ca', await ca('direct'), direct);
  const name = 'vds.injected.example.test';
  await world.target(definitions, name, fromSecret);
  const conversion = { strategy: 'None', webhook: null };
  await world.client.patch(definitions, { name }, 'merge', { spec: { conversion } }, byTest);
  await world.target(mutating, 'injected-sentinel', fromSecret);
  await world.inject();
  await world.holds(mutating, 'injected-sentinel', 'direct');
  assert.deepEqual(await world.bundles(definitions, name), ['']);
  const webhook = {
    clientConfig: { service: { namespace, name: 'none' } },
    conversionReviewVersions: ['v1'],
  };
  await world.client.patch(
    definitions,
    { name },
    'merge',
    { spec: { conversion: { strategy: 'Webhook', webhook } } },
    byTest,
  );
  await world.holds(definitions, name, 'direct');
});
