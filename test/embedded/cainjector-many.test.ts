/** A thousand targets of one Secret: what that costs in requests, and that a change elsewhere costs none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowDirectInjection, injectCaFromSecret } from '../../src/api/annotations.ts';
import { mutatingWebhookConfigurations as mutating } from '../../src/api/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { ca, InjectionWorld, namespace } from './injection-world.ts';

const targets = 1_000;

test('one Secret is read once, each target is written once, and nothing is written again', async (t) => {
  const world = await InjectionWorld.open(t);
  const direct = { [allowDirectInjection]: 'true' };
  const counts = new Map<string, number>();
  const client = counting(world.client, (what) => counts.set(what, (counts.get(what) ?? 0) + 1));
  const names = Array.from({ length: targets }, (_, index) => `injected-${index}`);
  for (const name of names) await world.target(mutating, name, { [injectCaFromSecret]: `${namespace}/ca` });
  await world.secret('ca', await ca('first'), direct);
  await world.inject({}, { client });
  await world.allHold(mutating, 1);
  assert.deepEqual(asked(counts), { 'get secrets': 1, 'apply mutatingwebhookconfigurations': targets });

  counts.clear();
  await world.secret('ca', await ca('second'), direct);
  await world.allHold(mutating, 2);
  assert.deepEqual(asked(counts), { 'get secrets': 1, 'apply mutatingwebhookconfigurations': targets });

  counts.clear();
  await world.secret('other', await ca('other'), direct);
  await world.target(mutating, 'injected-sentinel', { [injectCaFromSecret]: `${namespace}/other` });
  await world.holds(mutating, 'injected-sentinel', 'other');
  assert.deepEqual(asked(counts), { 'get secrets': 1, 'apply mutatingwebhookconfigurations': 1 });
});

/** Lists come from watches that are begun again, whenever that is. */
function asked(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].filter(([what]) => !what.startsWith('list ')));
}

function counting(client: KubeClient, tell: (what: string) => void): KubeClient {
  return new Proxy(client, {
    get(target, verb: keyof KubeClient) {
      const call = target[verb].bind(target) as (...args: unknown[]) => unknown;
      return (type: { plural: string }, ...rest: unknown[]) => {
        if (verb !== 'watch') tell(`${verb} ${type.plural}`);
        return call(type, ...rest);
      };
    },
  });
}
