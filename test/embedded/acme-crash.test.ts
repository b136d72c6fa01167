import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AcmeTransportError } from '../../src/acme/errors.ts';
import { problem } from '../../src/controllers/testing/fake-ca.ts';
import { AcmeWorld } from './acme-world.ts';
import { namespace } from './standalone-world.ts';

/** The whole way of one certificate; `prepare` decides where the process dies. */
async function throughDeath(
  t: TestContext,
  prepare: (acme: AcmeWorld) => void,
): Promise<{ acme: AcmeWorld; died: boolean }> {
  const acme = await AcmeWorld.start(t, {}, { inMemory: false });
  const { world, ca } = acme;
  await acme.issuer();
  prepare(acme);
  let died = false;
  const again = async (): Promise<void> => {
    if (!world.ours.dead) return;
    died = true;
    ca.afterCall = () => undefined;
    await world.restart();
    await world.clock.advance(10_000);
  };
  await acme.certificate('web', ['a.example.test', 'b.example.test']);
  await again();
  await acme.prove('a.example.test');
  await again();
  await acme.prove('b.example.test');
  await again();
  await world.clock.advance(120_000);
  await again();
  await world.clock.advance(120_000);
  return { acme, died };
}

async function checkOne(acme: AcmeWorld): Promise<void> {
  const { world, ca } = acme;
  assert.equal((await world.condition('web', 'Ready'))?.status, 'True');
  assert.equal((await acme.orders()).length, 1);
  assert.deepEqual(await acme.challenges(), []);
  assert.equal(ca.count('finalize'), 1);
  assert.equal((await world.requests()).length, 1);
  assert.notEqual(await world.secret('web'), undefined, `in ${namespace}`);
}

for (const step of ['newOrder', 'authorization', 'finalize', 'order ', 'certificate ']) {
  test(`killed between the CA's answer to "${step.trim()}" and our noting it down`, async (t) => {
    const { acme, died } = await throughDeath(t, ({ world, ca }) => {
      let killed = false;
      ca.afterCall = (call) => {
        if (killed || !call.startsWith(step)) return;
        killed = true;
        world.ours.dieAfter(0);
      };
    });
    assert.ok(died);
    await checkOne(acme);
    assert.equal(acme.ca.count('newOrder'), 1);
  });
}

test('a CA that lists no orders: what nobody got the answer of is left to expire', async (t) => {
  const { acme, died } = await throughDeath(t, ({ world, ca }) => {
    ca.listsOrders = false;
    ca.afterCall = (call) => {
      if (!call.startsWith('newOrder')) return;
      ca.afterCall = () => undefined;
      world.ours.dieAfter(0);
    };
  });
  assert.ok(died);
  await checkOne(acme);
  assert.equal(acme.ca.count('newOrder'), 2);
});

test('a CA whose list of orders is broken holds nothing up for long', async (t) => {
  const { acme, died } = await throughDeath(t, ({ world, ca }) => {
    ca.onCall = (call) => {
      if (call === 'listOrders') throw problem(500, 'serverInternal', 'oops');
    };
    ca.afterCall = (call) => {
      if (!call.startsWith('newOrder')) return;
      ca.afterCall = () => undefined;
      world.ours.dieAfter(0);
    };
  });
  assert.ok(died);
  assert.deepEqual([acme.ca.count('listOrders'), acme.ca.count('newOrder')], [5, 2]);
});

test('an answer that breaks off does not mean a second order', async (t) => {
  const { acme } = await throughDeath(t, ({ ca }) => {
    ca.afterCall = (call) => {
      if (!call.startsWith('newOrder')) return;
      ca.afterCall = () => undefined;
      throw new AcmeTransportError('cut', 'the connection ended in the middle of the answer');
    };
  });
  await checkOne(acme);
  assert.equal(acme.ca.count('newOrder'), 1);
  assert.equal(acme.ca.count('listOrders'), 1);
});

for (let writes = 0; writes < 16; writes += 3) {
  test(`killed after ${writes} writes`, async (t) => {
    const { acme } = await throughDeath(t, ({ world }) => world.ours.dieAfter(writes));
    await checkOne(acme);
    assert.equal(acme.ca.count('newOrder'), 1);
  });
}
