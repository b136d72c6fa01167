import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StringPool } from './string-pool.ts';

test('changes nothing that can be seen', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 6 })), (values) => {
      const pool = new StringPool();
      for (const value of values) {
        const copy = structuredClone(value);
        pool.share(copy);
        assert.deepEqual(copy, value);
      }
    }),
  );
});

test('leaves alone what is frozen, deep, or not plain', () => {
  const pool = new StringPool();
  const bytes = Buffer.from('bytes');
  const map = new Map([['key', 'value']]);
  const frozen = Object.freeze({ text: 'frozen' });
  const value = { bytes, map, frozen, list: Object.freeze(['one']) };
  pool.share(value);
  assert.equal(value.bytes, bytes);
  assert.deepEqual(value.map, new Map([['key', 'value']]));
  assert.deepEqual(value.frozen, { text: 'frozen' });
  let nested: unknown = 'end';
  for (let depth = 0; depth < 100_000; depth++) nested = [nested];
  pool.share(nested);
});
