import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { compileJsonPath } from './compile-json-path.ts';
import { JsonPathError } from './json-path-error.ts';

const object = {
  metadata: { name: 'n', annotations: { 'a.b/c': 'dotted' } },
  spec: {
    list: [1, 2, 3, 4],
    names: [
      { n: 'x', v: 1 },
      { n: 'y', v: 2 },
    ],
  },
  status: {
    conditions: [
      { type: 'Approved', status: 'False' },
      { type: 'Ready', status: 'True', message: 'it is "so"' },
    ],
  },
};

const cases: readonly [string, unknown[]][] = [
  ['.metadata.name', ['n']],
  ['{.metadata.name}', ['n']],
  ['$.metadata.name', ['n']],
  ['metadata.name', ['n']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ["{.status.conditions[?(@.type=='Ready')].message}", ['it is "so"']],
  ['.status.conditions[?(@.type == "Nope")].status', []],
  ['.status.conditions[?(@.type != "Ready")].type', ['Approved']],
  ['.status.conditions[?(@.message)].type', ['Ready']],
  ['.spec.names[?(@.v > 1)].n', ['y']],
  ['.spec.list[0]', [1]],
  ['.spec.list[-1]', [4]],
  ['.spec.list[9]', []],
  ['.spec.list[1:3]', [2, 3]],
  ['.spec.list[:2]', [1, 2]],
  ['.spec.list[-2:]', [3, 4]],
  ['.spec.list[::2]', [1, 3]],
  ['.spec.list[*]', [1, 2, 3, 4]],
  ['.spec.list[0,2]', [1, 3]],
  ['.spec.names[*].n', ['x', 'y']],
  ["['metadata']['name']", ['n']],
  ['.metadata.annotations.a\\.b/c', ['dotted']],
  ['.metadata.annotations["a.b/c"]', ['dotted']],
  ['..n', ['x', 'y']],
  ['.missing.deeper', []],
  ['.metadata.constructor', []],
  ['.', [object]],
];

describe('JSONPath', () => {
  for (const [path, expected] of cases) {
    it(path, () => assert.deepEqual(compileJsonPath(path)(object), expected));
  }

  for (const path of [
    '.a[',
    '.a[b]',
    '.a[?(@.b)',
    '.a[?(@.b==)]',
    '..',
    '.a..',
    '.a b',
    '.a[1',
    '.a[::0]',
    'a.'.repeat(3000),
  ]) {
    it(`refuses ${path.slice(0, 20)}`, () => assert.throws(() => compileJsonPath(path), JsonPathError));
  }

  it('is bounded on values that branch and nest', () => {
    const wide = { l: Array.from({ length: 3000 }, () => ({ l: [1, 2, 3] })) };
    assert.equal(compileJsonPath('.l[*].l[*]')(wide).length, 1000);
    assert.ok(compileJsonPath('..l..l..l')(wide).length <= 1000);
    const deep = JSON.parse(`${'[{"a":'.repeat(3000)}1${'}]'.repeat(3000)}`) as unknown;
    assert.ok(compileJsonPath('..a')(deep).length <= 1000);
  });

  it('never fails in another way', () => {
    const unit = fc.constantFrom(
      '.',
      'a',
      '[',
      ']',
      '*',
      '?(',
      ')',
      '@',
      '==',
      "'x'",
      '1',
      ':',
      ',',
      '..',
      '{',
      '}',
      '\\',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 10 }), fc.jsonValue(), (path, value) => {
        try {
          compileJsonPath(path)(value);
        } catch (error) {
          assert.ok(error instanceof JsonPathError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
