import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fuzz, pkiTargets, runOne, type Target } from '../../tools/fuzz/pki.ts';
import { seededRandom } from '../kube/testing/seeded-random.ts';

const clock = (): number => performance.now();
let targets: Target[];
before(async () => {
  targets = await pkiTargets();
});

test('every seed is understood', () => {
  for (const target of targets) {
    for (const seed of target.seeds)
      assert.deepEqual(runOne(target, seed, clock), { accepted: true }, target.name);
  }
});

test('every truncation of every seed gives a typed error or a result', () => {
  for (const target of targets) {
    for (const seed of target.seeds.slice(0, 2)) {
      for (let length = 0; length < seed.length; length += seed.length > 1000 ? 3 : 1) {
        assert.equal(
          runOne(target, seed.subarray(0, length), clock).failure,
          undefined,
          `${target.name} at ${length}`,
        );
      }
    }
  }
});

test('every flipped bit of a certificate and of a request gives a typed error or a result', () => {
  for (const target of targets.slice(0, 2)) {
    const seed = target.seeds[0];
    assert.ok(seed);
    for (let bit = 0; bit < seed.length * 8; bit += 3) {
      const input = Buffer.from(seed);
      input[bit >> 3] = (input[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { failure, accepted } = runOne(target, input, clock);
      assert.equal(failure, undefined, `bit ${bit}`);
      // The request is self-signed, so no changed bit of it can pass.
      if (target.name === 'csr') assert.equal(accepted, false, `bit ${bit}`);
    }
  }
});

test('a seeded run of mutations finds nothing', () => {
  const result = fuzz(targets, { random: seededRandom(7), clock, milliseconds: 20_000, maxExecutions: 6000 });
  assert.equal(result.failure?.input.toString('hex'), undefined, result.failure?.why);
  assert.equal(result.executions, 6000);
});
