/** An API that refuses every write for a while, as with a full disk: what waited is done soon after, whatever path it was on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSecret } from '../../src/controllers/testing/check-secret.ts';
import { errorFromStatus } from '../../src/kube/errors.ts';
import { answerAll, createExampleIssuer, installDefinitions } from './external-issuer/example-issuer.ts';
import { issuerRef, renewByHand } from './external-issuer/fleet.ts';
import { StandaloneWorld } from './standalone-world.ts';

const minute = 60_000;
const noSpace = (): Error => {
  const message = 'no space left for the database';
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: 503,
    reason: 'ServiceUnavailable',
    message,
  } as const;
  return errorFromStatus(status);
};

for (const minutes of [1, 60]) {
  test(`${minutes} min without a single write: half a minute later all is as it should be`, async (t) => {
    const world = await StandaloneWorld.start(t);
    await world.clusterIssuer('selfsigned', { selfSigned: {} });
    await installDefinitions(world);
    await createExampleIssuer(world, issuerRef.name, 'sign');
    await world.certificate('renewed', {});
    world.ours.outage = noSpace;
    await world.certificate('new', {});
    await world.certificate('external', { issuerRef });
    await renewByHand(world, 'renewed');
    await world.clock.advance(minutes * minute);
    assert.equal(await world.secret('new'), undefined);
    checkSecret(await world.secret('renewed'));
    world.ours.outage = undefined;
    await world.clock.advance(31_000);
    await answerAll(world);
    await world.clock.advance(1000);
    for (const [name, revision] of Object.entries({ new: 1, external: 1, renewed: 2 })) {
      const { status } = await world.get(name);
      const ready = await world.condition(name, 'Ready');
      assert.deepEqual([status?.revision, ready?.status], [revision, 'True'], `${name}: ${ready?.message}`);
      checkSecret(await world.secret(name));
    }
    assert.equal((await world.requests()).length, 3);
    assert.deepEqual(await world.nextKeys(), []);
  });
}
