import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSchema } from '../compile-schema.ts';

function holds(rule: string, spec: object): boolean {
  const list = { type: 'array', maxItems: 10, items: { type: 'string' } } as const;
  const errors = compileSchema({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: { a: list, b: list },
        'x-kubernetes-validations': [{ rule, message: 'broken' }],
      },
    },
  }).validate({ spec }, undefined);
  for (const { detail } of errors) assert.equal(detail, 'broken');
  return errors.length === 0;
}

for (const [rule, yes, no] of [
  ['sets.contains(self.a, self.b)', { a: ['x', 'y'], b: ['y', 'y'] }, { a: ['x'], b: ['y'] }],
  ['sets.equivalent(self.a, self.b)', { a: ['x', 'x'], b: ['x'] }, { a: ['x', 'y'], b: ['x'] }],
  ['sets.intersects(self.a, self.b)', { a: ['x', 'y'], b: ['y'] }, { a: [], b: ['y'] }],
  ['sets.contains(["x", "y"], self.a.map(v, v))', { a: ['x'] }, { a: ['z'] }],
  ['[self.a, self.b].flatten() == ["x", "y"]', { a: ['x'], b: ['y'] }, { a: ['y'], b: ['x'] }],
  ['!format.named("dns1123Label").value().validate(self.a[0]).hasValue()', { a: ['x'] }, { a: ['X_'] }],
  ['!format.named(self.a[0]).hasValue()', { a: ['nothing'] }, { a: ['uuid'] }],
] as const) {
  test(`rules may say ${rule}`, () => {
    assert.equal(holds(rule, yes), true);
    assert.equal(holds(rule, no), false);
  });
}
