import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseFieldSelector } from './field-selector.ts';
import { labelSelectorFrom, parseLabelSelector } from './label-selector.ts';
import { SelectorError } from './selector-error.ts';

const labels = { app: 'web', 'example.com/tier': 'front', empty: '', size: '10' };

const labelCases: readonly [string, boolean][] = [
  ['', true],
  ['app=web', true],
  ['app==web', true],
  ['app = web , size!=9', true],
  ['app!=web', false],
  ['missing!=web', true],
  ['app in (api, web)', true],
  ['app notin (api,web)', false],
  ['missing notin (a)', true],
  ['missing in (a)', false],
  ['app', true],
  ['!app', false],
  ['!missing,example.com/tier=front', true],
  ['empty=', true],
  ['empty in ()', true],
  ['missing=', false],
  ['size>9', true],
  ['size<10', false],
  ['app>1', false],
  ['constructor', false],
];

describe('label selectors', () => {
  for (const [text, expected] of labelCases) {
    it(`${text || 'empty'} is ${expected}`, () =>
      assert.equal(parseLabelSelector(text).matches(labels), expected));
  }

  for (const text of [
    '=',
    'a=b,',
    ',a',
    'a b',
    'a in b',
    'a in (b',
    'a=b=c',
    '-a',
    'a=$',
    '/a',
    'A.b/ c',
    'a>x',
    'a!',
    `${'x'.repeat(64)}=a`,
  ]) {
    it(`refuses ${text.slice(0, 20)}`, () => assert.throws(() => parseLabelSelector(text), SelectorError));
  }

  it('compiles meta/v1 selectors: nothing selects nothing, the empty one everything', () => {
    assert.equal(labelSelectorFrom(undefined).matches(labels), false);
    assert.equal(labelSelectorFrom({}).matches(undefined), true);
    const expressions = [
      { key: 'app', operator: 'In', values: ['web'] },
      { key: 'missing', operator: 'DoesNotExist' },
    ];
    assert.equal(
      labelSelectorFrom({ matchLabels: { size: '10' }, matchExpressions: expressions }).matches(labels),
      true,
    );
    assert.throws(
      () => labelSelectorFrom({ matchExpressions: [{ key: 'a', operator: 'In' }] }),
      SelectorError,
    );
    assert.throws(
      () => labelSelectorFrom({ matchExpressions: [{ key: 'a', operator: 'toString' }] }),
      SelectorError,
    );
  });

  it('never fails in another way', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', 'in', '(', ')', ',', '=', '!', ' ', '/', '.', 'é'),
          maxLength: 12,
        }),
        (text) => {
          try {
            parseLabelSelector(text).matches(labels);
          } catch (error) {
            assert.ok(error instanceof SelectorError);
          }
        },
      ),
    );
  });
});

describe('field selectors', () => {
  const fields = new Map([
    ['metadata.name', 'a'],
    ['type', 'x,y'],
  ]);
  const matches = (text: string): boolean => parseFieldSelector(text).matches((field) => fields.get(field));

  it('match by = == and !=, and unescape', () => {
    assert.equal(matches('metadata.name=a'), true);
    assert.equal(matches('metadata.name==a,other!=z'), true);
    assert.equal(matches('metadata.name!=a'), false);
    assert.equal(matches('type=x\\,y'), true);
    assert.equal(matches('missing='), true);
    assert.equal(parseFieldSelector('').empty, true);
    assert.equal(parseFieldSelector('metadata.name=a,b!=c').exact('metadata.name'), 'a');
    assert.equal(parseFieldSelector('b!=c').exact('b'), undefined);
  });

  for (const text of ['a', '=b', 'a=b=c', 'a=\\x', 'a!b']) {
    it(`refuses ${text}`, () => assert.throws(() => parseFieldSelector(text), SelectorError));
  }
});
