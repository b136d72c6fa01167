import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkStructural } from '../check-structural.ts';
import { compileSchema } from '../compile-schema.ts';
import type { JsonSchema, ValidationRule } from '../json-schema.ts';

const properties: { [name: string]: JsonSchema } = {
  a: { type: 'integer' },
  d: { type: 'number' },
  s: { type: 'string' },
  t: { type: 'string', format: 'date-time' },
  u: { type: 'string', format: 'duration' },
  l: { type: 'array', items: { type: 'integer' } },
  m: { type: 'object', additionalProperties: { type: 'string' } },
  p: { 'x-kubernetes-int-or-string': true },
  'x-y': { type: 'string' },
  namespace: { type: 'string' },
};

function check(rule: string | ValidationRule, spec: unknown, old?: unknown): string[] {
  const rules = [typeof rule === 'string' ? { rule, message: 'broken' } : rule];
  const compiled = compileSchema({
    type: 'object',
    properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': rules } },
  });
  return compiled
    .validate({ spec }, old === undefined ? undefined : { spec: old })
    .map((error) => `${error.type} ${error.path}: ${error.detail}`);
}

const holding: readonly [string, object][] = [
  ['self.a + 1 == 3', { a: 2 }],
  ['self.d < 2.5 && self.d * 2.0 == 3.0', { d: 1.5 }],
  ['has(self.s) ? self.s.startsWith("x") : true', {}],
  ['!has(self.a) || self.a > 0', {}],
  ['self.l.all(x, x > 0) && self.l.exists(x, x == 2) && self.l.size() == 2', { l: [1, 2] }],
  ['self.l.isSorted() && self.l.sum() == 6 && self.l.min() == 1 && self.l.max() == 3', { l: [1, 2, 3] }],
  ['self.l.indexOf(2) == 1 && self.l.lastIndexOf(2) == 2', { l: [1, 2, 2] }],
  ['self.m.all(k, k.matches("^[a-z]+$") && self.m[k] != "")', { m: { a: 'x' } }],
  ['"a" in self.m', { m: { a: 'x' } }],
  ['self.t > timestamp("2025-01-01T00:00:00Z")', { t: '2026-01-01T00:00:00Z' }],
  ['self.u >= duration("1h")', { u: '90m' }],
  ['type(self.p) == int ? self.p > 1 : self.p.endsWith("%")', { p: '5%' }],
  ['type(self.p) == int ? self.p > 1 : false', { p: 5 }],
  ['self.x__dash__y == "v" && self.__namespace__ == "n"', { 'x-y': 'v', namespace: 'n' }],
  ['self.?s.orValue("none") == "none"', {}],
  [
    'isURL(self.s) && url(self.s).getHost() == "h:8443" && url(self.s).getScheme() == "https"',
    { s: 'https://h:8443/p' },
  ],
  ['isIP(self.s) && ip(self.s).family() == 4 && cidr("10.0.0.0/8").containsIP(self.s)', { s: '10.1.2.3' }],
  ['cidr(self.s).prefixLength() == 24 && cidr("10.0.0.0/8").containsCIDR(self.s)', { s: '10.1.2.0/24' }],
  ['quantity(self.s).isGreaterThan(quantity("1G")) && isQuantity("100m") && !isQuantity("x")', { s: '1Gi' }],
  ['!format.dns1123Label().validate(self.s).hasValue()', { s: 'abc' }],
  ['self.s.find("[0-9]+") == "12" && self.s.findAll("[0-9]+") == ["12", "3"]', { s: 'a12b3' }],
  [
    'self.s.split(",").map(x, x.trim()).join("-") == "a-b" && self.s.replace(",", ";") == "a; b"',
    { s: 'a, b' },
  ],
  ['"%s is %d".format([self.s, self.a]) == "x is 1"', { s: 'x', a: 1 }],
  ['self.s.lowerAscii() == "x" && self.s.charAt(0) == "X"', { s: 'X' }],
];

describe('CEL rules', () => {
  for (const [rule, spec] of holding) {
    it(rule, () => {
      const structural = { type: 'object', 'x-kubernetes-validations': [{ rule }] };
      assert.deepEqual(checkStructural(structural), [], 'a definition may have it');
      assert.deepEqual(check(rule, spec), []);
      assert.deepEqual(check(`!(${rule})`, spec), ['Invalid spec: broken']);
    });
  }

  it('compare with the old value, and wait for one', () => {
    assert.deepEqual(check('self.a >= oldSelf.a', { a: 1 }), []);
    assert.deepEqual(check('self.a >= oldSelf.a', { a: 2 }, { a: 1 }), []);
    assert.deepEqual(check('self.a >= oldSelf.a', { a: 1 }, { a: 2 }), ['Invalid spec: broken']);
    const optional = {
      rule: '!oldSelf.hasValue() || oldSelf.value().a == self.a',
      message: 'fixed',
      optionalOldSelf: true,
    };
    assert.deepEqual(check(optional, { a: 1 }), []);
    assert.deepEqual(check(optional, { a: 1 }, { a: 2 }), ['Invalid spec: fixed']);
  });

  it('leave unchanged values their old verdict', () => {
    assert.deepEqual(check('self.a > 5', { a: 1 }, { a: 1 }), []);
    assert.deepEqual(check('self.a > 5', { a: 2 }, { a: 1 }), ['Invalid spec: broken']);
  });

  it('use messageExpression, reason and fieldPath', () => {
    const rule: ValidationRule = {
      rule: 'self.a < 5',
      messageExpression: '"a is " + string(self.a)',
      message: 'm',
      reason: 'FieldValueForbidden',
      fieldPath: '.a',
    };
    assert.deepEqual(check(rule, { a: 7 }), ['Forbidden spec.a: a is 7']);
    assert.deepEqual(check({ ...rule, messageExpression: 'self.none' }, { a: 7 }), ['Forbidden spec.a: m']);
    assert.deepEqual(check({ rule: 'self.a < 5' }, { a: 7 }), ['Invalid spec: failed rule: self.a < 5']);
  });

  it('see the identity at the root', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {},
      'x-kubernetes-validations': [{ rule: 'self.metadata.name.size() < 3', message: 'long' }],
    };
    assert.equal(compileSchema(schema).validate({ metadata: { name: 'abc' } }).length, 1);
    assert.equal(
      compileSchema(schema, { celRules: false }).validate({ metadata: { name: 'abc' } }).length,
      0,
    );
  });

  it('fail with their reason when they cannot be evaluated, and cannot run away', () => {
    assert.match(check('self.a == 1', {})[0] ?? '', /could not be evaluated/);
    assert.match(check('self.(', {})[0] ?? '', /cannot be used/);
    const l = Array.from({ length: 3000 }, (_, i) => i);
    assert.match(
      check('self.l.all(x, self.l.all(y, self.l.exists(z, x == y + z)))', { l })[0] ?? '',
      /too large/,
    );
    assert.match(check('self.s.matches("^(a+)+$")', { s: `${'a'.repeat(60)}b` })[0] ?? '', /broken/);
  });
});
