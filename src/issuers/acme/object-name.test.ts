import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fnv1, goStruct, goValue, nameAfter } from './object-name.ts';

test('FNV-1 of 32 bits, by the vectors of its authors', () => {
  // Fowler, Noll, Vo: test vectors of FNV-1, in decimal.
  assert.equal(fnv1(''), String(0x811c9dc5));
  assert.equal(fnv1('a'), String(0x050c5d7e));
  assert.equal(fnv1('foobar'), String(0x31f0b262));
});

test('JSON as Go writes it: escapes, sorted maps, empty fields left out', () => {
  assert.equal(goValue({ b: '<&>', a: [1, true] }), '{"a":[1,true],"b":"\\u003c\\u0026\\u003e"}');
  assert.equal(goValue('\u2028'), '"\\u2028"');
  const shape = {
    z: true,
    a: 'kept',
    inner: { x: true },
    value: { always: { n: true } },
    list: { each: { k: true } },
  } as const;
  assert.equal(goStruct({ a: '', z: '', inner: {}, list: [] }, shape), '{"a":"","inner":{},"value":{}}');
  assert.equal(
    goStruct({ list: [{ k: 1, other: 2 }], z: ['q'], value: { n: 'v' }, unknown: 1 }, shape),
    '{"z":["q"],"value":{"n":"v"},"list":[{"k":1}]}',
  );
});

test('names end in a letter or digit before the hash, and fit an object name', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9]([-.a-z0-9]{0,250}[a-z0-9])?$/u),
      fc.string(),
      (owner, hashed) => {
        const name = nameAfter(owner, hashed);
        assert.match(name, /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?-\d{1,10}$/u);
        assert.ok(name.length <= 63);
      },
    ),
  );
});
