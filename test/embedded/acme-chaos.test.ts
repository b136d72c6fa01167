import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcmeProtocolError, AcmeTransportError } from '../../src/acme/errors.ts';
import { problem } from '../../src/controllers/testing/fake-ca.ts';
import { seededRandom } from '../../src/kube/testing/seeded-random.ts';
import { AcmeWorld } from './acme-world.ts';
import { hour } from './standalone-world.ts';

const faults: ((now: number) => Error)[] = [
  () => new AcmeTransportError('connect', 'connection refused'),
  () => new AcmeTransportError('cut', 'the connection ended in the middle of the answer'),
  () => new AcmeProtocolError('the answer is no JSON'),
  (now) => problem(429, 'rateLimited', 'slow down', now + 90_000),
  () => problem(429, 'rateLimited', 'slow down, and nobody says until when'),
  () => problem(500, 'serverInternal', 'oops'),
  (now) => problem(503, 'serverInternal', 'maintenance', now + 300_000),
  () => problem(400, 'badNonce', 'again and again'),
];

for (const seed of [1, 2, 3]) {
  test(`every other answer of the CA is a fault, before or after it did what was asked (seed ${seed})`, async (t) => {
    const acme = await AcmeWorld.start(t);
    const { world, ca } = acme;
    const random = seededRandom(seed);
    await acme.issuer([]);
    const maybeFail = (): void => {
      if (random() < 0.3) throw faults[Math.floor(random() * faults.length)]!(world.clock.now());
    };
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) ca.validNames.add(`${name}.example.test`).add(`www.${name}.example.test`);
    ca.onCall = maybeFail;
    ca.afterCall = maybeFail;
    for (const name of names)
      await acme.certificate(name, [`${name}.example.test`, `www.${name}.example.test`]);
    await world.clock.advance(12 * hour);
    for (const name of names) assert.equal((await world.condition(name, 'Ready'))?.status, 'True', name);
    const orders = await acme.orders();
    assert.equal(orders.length, names.length);
    for (const { status } of orders) {
      assert.equal(status?.state, 'valid');
      assert.deepEqual(
        [status.reason, status.problem, status.nextAttemptAt],
        [undefined, undefined, undefined],
      );
    }
    // No certificate was asked for twice: the CA would have counted it.
    assert.equal(ca.orders.filter(({ csr }) => csr !== undefined).length, names.length);
    assert.ok(ca.calls.length < 40 * names.length, `${ca.calls.length} calls`);
    assert.deepEqual(world.problems, []);
  });
}
