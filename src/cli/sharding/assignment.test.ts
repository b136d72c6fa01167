/** Every shard has one member, shares differ by one at most, and everybody comes to the same answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { assign, shardOf } from './assignment.ts';

const members = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 });
const shards = fc.integer({ min: 1, max: 64 });

test('each shard has exactly one member, and shares differ by at most one', () => {
  fc.assert(
    fc.property(members, shards, (all, count) => {
      const assigned = assign(all, count);
      assert.equal(assigned.length, count);
      const shares = all.map((member) => assigned.filter((each) => each === member).length);
      assert.equal(
        shares.reduce((sum, share) => sum + share, 0),
        count,
      );
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1, String(shares));
    }),
  );
});

test('the order in which members are seen, and seeing one twice, make no difference', () => {
  fc.assert(
    fc.property(members, shards, (all, count) => {
      assert.deepEqual(assign([...all.toReversed(), ...all], count), assign(all, count));
    }),
  );
});

test('nobody is at work when there is nobody', () => {
  assert.deepEqual(assign([], 3), [undefined, undefined, undefined]);
});

test('a namespace is of one shard, and the shards are used', () => {
  fc.assert(
    fc.property(fc.string(), shards, (namespace, count) => {
      const shard = shardOf(namespace, count);
      assert.ok(Number.isInteger(shard) && shard >= 0 && shard < count);
      assert.equal(shardOf(namespace, count), shard);
    }),
  );
  assert.equal(shardOf(undefined, 7), 0);
  const used = new Set(Array.from({ length: 200 }, (_, index) => shardOf(`team-${index}`, 8)));
  assert.equal(used.size, 8);
});
