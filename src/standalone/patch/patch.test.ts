import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { PatchError } from './patch-error.ts';

/** Target, operations, and the result or the code of the refusal. */
const jsonPatches: readonly [string, unknown, unknown, unknown][] = [
  ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['adds over a member', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
  ['inserts', { l: [1, 3] }, [{ op: 'add', path: '/l/1', value: 2 }], { l: [1, 2, 3] }],
  ['appends', { l: [1] }, [{ op: 'add', path: '/l/-', value: 2 }], { l: [1, 2] }],
  ['appends by index', { l: [1] }, [{ op: 'add', path: '/l/1', value: 2 }], { l: [1, 2] }],
  [
    'refuses to insert beyond the end',
    { l: [1] },
    [{ op: 'add', path: '/l/3', value: 2 }],
    'ERR_PATCH_FAILED',
  ],
  [
    'refuses an index with a leading zero',
    { l: [1] },
    [{ op: 'add', path: '/l/00', value: 2 }],
    'ERR_PATCH_FAILED',
  ],
  ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
  ['removes an item', { l: [1, 2] }, [{ op: 'remove', path: '/l/0' }], { l: [2] }],
  ['refuses to remove what is not there', {}, [{ op: 'remove', path: '/a' }], 'ERR_PATCH_FAILED'],
  ['refuses - where a value is read', { l: [1] }, [{ op: 'remove', path: '/l/-' }], 'ERR_PATCH_FAILED'],
  ['replaces', { a: [1] }, [{ op: 'replace', path: '/a/0', value: null }], { a: [null] }],
  ['refuses to replace nothing', {}, [{ op: 'replace', path: '/a', value: 1 }], 'ERR_PATCH_FAILED'],
  ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
  ['moves', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
  ['moves within a list', { l: [1, 2, 3] }, [{ op: 'move', from: '/l/0', path: '/l/2' }], { l: [2, 3, 1] }],
  [
    'refuses to move into itself',
    { a: { b: 1 } },
    [{ op: 'move', from: '/a', path: '/a/b' }],
    'ERR_PATCH_FAILED',
  ],
  [
    'copies',
    { a: { b: 1 } },
    [
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'add', path: '/c/b', value: 2 },
    ],
    { a: { b: 1 }, c: { b: 2 } },
  ],
  [
    'tests deeply',
    { a: { x: [1, { y: 2 }] } },
    [{ op: 'test', path: '/a', value: { x: [1, { y: 2 }] } }],
    { a: { x: [1, { y: 2 }] } },
  ],
  ['tells a number from its text', { a: '10' }, [{ op: 'test', path: '/a', value: 10 }], 'ERR_PATCH_FAILED'],
  [
    'escapes',
    { 'a/b': 1, 'm~n': 2 },
    [
      { op: 'remove', path: '/a~1b' },
      { op: 'remove', path: '/m~0n' },
    ],
    {},
  ],
  ['unescapes ~01 to ~1', { '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '~1': 10 }],
  ['reaches the empty name', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
  [
    'ignores members that it does not know',
    { a: 1 },
    [{ op: 'add', path: '/b', value: 1, xyz: 1 }],
    { a: 1, b: 1 },
  ],
  ['refuses an unknown operation', {}, [{ op: 'spam', path: '/a' }], 'ERR_PATCH_MALFORMED'],
  ['refuses a missing value', {}, [{ op: 'add', path: '/a' }], 'ERR_PATCH_MALFORMED'],
  ['refuses a pointer without slash', {}, [{ op: 'add', path: 'a', value: 1 }], 'ERR_PATCH_MALFORMED'],
  ['refuses a bad escape', {}, [{ op: 'add', path: '/~2', value: 1 }], 'ERR_PATCH_MALFORMED'],
  ['refuses what is no list', {}, { op: 'add' }, 'ERR_PATCH_MALFORMED'],
  [
    'refuses to reach into the prototype',
    {},
    [{ op: 'add', path: '/__proto__/polluted', value: 1 }],
    'ERR_PATCH_FAILED',
  ],
  [
    'refuses too many operations',
    {},
    Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} })),
    'ERR_PATCH_TOO_LARGE',
  ],
];

describe('JSON Patch', () => {
  for (const [name, target, operations, expected] of jsonPatches) {
    it(name, () => {
      const before = JSON.stringify(target);
      if (typeof expected === 'string') {
        assert.throws(
          () => jsonPatch(target, operations),
          (error: unknown) => error instanceof PatchError && error.code === expected,
        );
      } else assert.deepEqual(jsonPatch(target, operations), expected);
      assert.equal(JSON.stringify(target), before);
    });
  }

  it('bounds copies that double', () => {
    const operations = Array.from({ length: 60 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    assert.throws(
      () => jsonPatch({ a: ['x'.repeat(1000)] }, operations),
      (error: unknown) => error instanceof PatchError && error.status === 413,
    );
  });

  it('sets __proto__ as data', () => {
    const result = jsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: 1 } }]) as {
      polluted?: number;
    };
    assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":1}}');
    assert.equal(result.polluted, undefined);
  });

  it('never fails in another way', () => {
    const pointer = fc.constantFrom('', '/', '/a', '/a/0', '/a/-', '/b/c', '/~', 'x');
    const op = fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'none');
    const operation = fc.oneof(
      fc.record({ op, path: pointer, from: pointer, value: fc.jsonValue() }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(operation, { maxLength: 5 }), (target, operations) => {
        try {
          jsonPatch(target, operations);
        } catch (error) {
          assert.ok(error instanceof PatchError);
        }
      }),
    );
  });
});

/** The cases of RFC 7386 appendix A in our own words, and prototypes. */
const mergePatches: readonly [unknown, unknown, unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [['a'], ['c'], ['c']],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'b' }, null, null],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('JSON Merge Patch', () => {
  for (const [target, patch, expected] of mergePatches) {
    it(`${JSON.stringify(target)} + ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(mergePatch(target, patch), expected);
    });
  }

  it('keeps its laws: it is idempotent, and the empty patch changes no object', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
        fc.jsonValue(),
        (target, patch) => {
          const once = mergePatch(target, patch);
          assert.deepEqual(mergePatch(once, patch), once);
          assert.deepEqual(mergePatch(target, {}), target);
        },
      ),
    );
  });

  it('does not reach the prototype, and refuses depths that no stack holds', () => {
    mergePatch({}, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'));
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as unknown;
    assert.throws(() => mergePatch({}, deep), PatchError);
  });
});
