import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkStructural } from '../check-structural.ts';
import type { ValidationRule } from '../json-schema.ts';

function complaints(rule: ValidationRule): string[] {
  const spec = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    'x-kubernetes-validations': [rule],
  };
  return checkStructural({ type: 'object', properties: { spec } }, { path: 'schema' }).map(
    ({ type, path, detail }) => `${type} ${path}: ${detail}`,
  );
}

const at = 'schema.properties.spec.x-kubernetes-validations[0]';
const refused: readonly (readonly [string, string])[] = [
  ['self.items.all(i, v, v > 0)', 'all is not supported with these arguments'],
  ['self.items.exists(i, v, v > 0)', 'exists is not supported with these arguments'],
  ['self.items.transformList(i, v, v + 1).size() > 0', 'transformList is not supported here'],
  ['self.map.transformMap(k, v, v).size() > 0', 'transformMap is not supported here'],
  ['self.items.sortBy(x, x.name)[0] == 1', 'sortBy is not supported here'],
  ['semver(self.version).major() > 1', 'semver is not supported here'],
  ['isSemver(self.version)', 'isSemver is not supported here'],
  ['math.greatest(self.a, self.b) > 1', 'math.greatest is not supported here'],
  ['self.a == limit', 'there is no variable limit'],
  ['self.items.map(x, x + y).size() > 0', 'there is no variable y'],
  ['self.items.size()', 'must evaluate to bool, not to int'],
];
for (const [rule, expected] of refused) {
  test(`a definition is refused with what cannot be evaluated: ${rule}`, () => {
    const found = complaints({ rule });
    assert.equal(found.length, 1, found.join('\n'));
    const begin = `Invalid ${at}.rule: compilation failed: ${expected}`;
    assert.equal(found[0]?.slice(0, begin.length), begin);
  });
}

test('a message expression is checked as well, at its own path', () => {
  const rule = { rule: 'self.a > 0', messageExpression: 'semver(self.a)' };
  assert.match(complaints(rule)[0] ?? '', /\.messageExpression: compilation failed: semver is not supported/);
  assert.match(
    complaints({ ...rule, messageExpression: '1 + 1' })[0] ?? '',
    /\.messageExpression: compilation failed: must evaluate to string, not to int/,
  );
  assert.deepEqual(complaints({ ...rule, messageExpression: '"a is " + string(self.a)' }), []);
});

test('what depends on the values passes: nothing is known of them yet', () => {
  for (const rule of [
    'self.a',
    'self.a + 1 == self.b',
    'self.a.map(x, x.name == "a" && self.b.exists(y, y == x))[0]',
    'cel.bind(x, self.a, x > 1 && x < 5)',
    'oldSelf.a == self.a',
    'type(self.a) == int ? self.a > 0 : self.a.endsWith("%")',
  ])
    assert.deepEqual(complaints({ rule }), [], rule);
  assert.deepEqual(
    complaints({ rule: '!oldSelf.hasValue() || oldSelf.value().a == self.a', optionalOldSelf: true }),
    [],
  );
});
