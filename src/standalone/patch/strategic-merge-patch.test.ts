import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { PatchError } from './patch-error.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

const byName = {
  type: 'array',
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': 'name',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      args: { type: 'array', items: { type: 'string' } },
      env: {
        type: 'array',
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
        items: { type: 'object' },
      },
    },
  },
};
const schema = {
  type: 'object',
  properties: {
    list: byName,
    words: { type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: { type: 'string' } },
    plain: { type: 'array', items: { type: 'object' } },
    fresh: { type: 'object', 'x-kubernetes-patch-strategy': 'replace', properties: { a: {}, b: {} } },
    kept: { type: 'object', 'x-kubernetes-patch-strategy': 'retainKeys', properties: { a: {}, b: {} } },
  },
};

const cases: readonly [string, object, object, object | string][] = [
  [
    'merges maps and removes nulls',
    { data: { a: '1', b: '2' } },
    { data: { a: null, c: '3' } },
    { data: { b: '2', c: '3' } },
  ],
  ['replaces lists without a strategy', { plain: [{ a: 1 }] }, { plain: [{ b: 2 }] }, { plain: [{ b: 2 }] }],
  [
    'merges lists by key, below as well',
    { list: [{ name: 'a', args: ['x'], env: [{ name: 'E', value: '1' }] }, { name: 'b' }] },
    { list: [{ name: 'a', args: ['y'], env: [{ name: 'F', value: '2' }] }, { name: 'c' }] },
    {
      list: [
        {
          name: 'a',
          args: ['y'],
          env: [
            { name: 'E', value: '1' },
            { name: 'F', value: '2' },
          ],
        },
        { name: 'b' },
        { name: 'c' },
      ],
    },
  ],
  [
    'deletes an item',
    { list: [{ name: 'a' }, { name: 'b' }] },
    { list: [{ name: 'a', $patch: 'delete' }] },
    { list: [{ name: 'b' }] },
  ],
  [
    'replaces a list',
    { list: [{ name: 'a' }] },
    { list: [{ name: 'b' }, { $patch: 'replace' }] },
    { list: [{ name: 'b' }] },
  ],
  ['replaces a map', { data: { a: 1 } }, { data: { b: 2, $patch: 'replace' } }, { data: { b: 2 } }],
  ['empties a map', { data: { a: 1 } }, { data: { $patch: 'delete' } }, { data: {} }],
  ['replaces a struct by strategy', { fresh: { a: 1 } }, { fresh: { b: 2 } }, { fresh: { b: 2 } }],
  ['unites words', { words: ['a', 'b'] }, { words: ['b', 'c'] }, { words: ['a', 'b', 'c'] }],
  ['takes words out', { words: ['a', 'b'] }, { '$deleteFromPrimitiveList/words': ['a'] }, { words: ['b'] }],
  [
    'unites finalizers of any kind',
    { metadata: { finalizers: ['a'] } },
    { metadata: { finalizers: ['b'] } },
    { metadata: { finalizers: ['a', 'b'] } },
  ],
  [
    'merges owners by uid',
    { metadata: { ownerReferences: [{ uid: '1', name: 'x' }] } },
    { metadata: { ownerReferences: [{ uid: '1', controller: true }] } },
    { metadata: { ownerReferences: [{ uid: '1', name: 'x', controller: true }] } },
  ],
  [
    'sets the order',
    { list: [{ name: 'a' }, { name: 'b' }] },
    { list: [{ name: 'c' }], '$setElementOrder/list': [{ name: 'c' }, { name: 'b' }, { name: 'a' }] },
    { list: [{ name: 'c' }, { name: 'b' }, { name: 'a' }] },
  ],
  [
    'orders words',
    { words: ['a', 'b', 'c'] },
    { '$setElementOrder/words': ['c', 'a'] },
    { words: ['c', 'b', 'a'] },
  ],
  ['retains only the keys', { kept: { a: 1, b: 2 } }, { kept: { $retainKeys: ['a'] } }, { kept: { a: 1 } }],
  [
    'refuses retainKeys that forget a field',
    { kept: {} },
    { kept: { $retainKeys: ['a'], b: 1 } },
    'ERR_PATCH_MALFORMED',
  ],
  ['refuses an item without its key', { list: [] }, { list: [{ args: [] }] }, 'ERR_PATCH_MALFORMED'],
  ['refuses an unknown directive', {}, { data: { $patch: 'explode' } }, 'ERR_PATCH_MALFORMED'],
  [
    'drops nulls and directives that meet nothing',
    {},
    { data: { a: null, b: { $patch: 'delete' } } },
    { data: { b: {} } },
  ],
];

describe('strategic merge patch', () => {
  for (const [name, target, patch, expected] of cases) {
    it(name, () => {
      const before = JSON.stringify(target);
      if (typeof expected === 'string') {
        assert.throws(
          () => strategicMergePatch(target, patch, schema),
          (error: unknown) => error instanceof PatchError && error.code === expected,
        );
      } else assert.deepEqual(strategicMergePatch(target, patch, schema), expected);
      assert.equal(JSON.stringify(target), before);
    });
  }

  it('never fails in another way, and never reaches the prototype', () => {
    const key = fc.constantFrom(
      'list',
      'words',
      'kept',
      '$patch',
      '$retainKeys',
      '$setElementOrder/list',
      '$deleteFromPrimitiveList/words',
      '__proto__',
      'name',
    );
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('replace', 'delete', 'a', null, 1),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(key, tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.dictionary(key, value), (target, patch) => {
        try {
          strategicMergePatch(target, patch, schema);
        } catch (error) {
          assert.ok(error instanceof PatchError, String(error));
        }
      }),
      { numRuns: 300 },
    );
    assert.equal(({} as { list?: unknown }).list, undefined);
  });

  it('merges long lists in time that grows with them, and deletes every item of a key', () => {
    const list = (prefix: string, more = {}): object[] =>
      Array.from({ length: 20_000 }, (_, at) => ({ name: `${prefix}${at}`, ...more }));
    const begun = performance.now();
    const merged = strategicMergePatch(
      { list: [...list('a'), ...list('a'), { other: 1 }] },
      { list: [...list('b'), ...list('a', { $patch: 'delete' }), { name: 'a1', args: ['new'] }] },
      schema,
    );
    assert.deepEqual(merged, { list: [{ other: 1 }, ...list('b'), { name: 'a1', args: ['new'] }] });
    // Looking through the list for each item took ten seconds and more.
    assert.ok(performance.now() - begun < 3000);
  });
});
