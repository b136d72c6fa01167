import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { checkStructural } from './check-structural.ts';
import { compileSchema } from './compile-schema.ts';
import type { JsonSchema } from './json-schema.ts';

function spec(schema: JsonSchema): JsonSchema {
  return { type: 'object', properties: { spec: schema } };
}

const closed: JsonSchema = { type: 'object', properties: { a: { type: 'string' } } };

/** Schema of spec, its value, what is left, and the paths that went. */
const prunings: readonly [string, JsonSchema, unknown, unknown, string[]][] = [
  ['removes unknown fields', closed, { a: 'x', b: 1 }, { a: 'x' }, ['spec.b']],
  ['looks into lists', { type: 'array', items: closed }, [{ b: 1 }], [{}], ['spec[0].b']],
  [
    'looks into maps',
    { type: 'object', additionalProperties: closed },
    { k: { b: 1 } },
    { k: {} },
    ['spec.k.b'],
  ],
  [
    'keeps maps of anything',
    { type: 'object', additionalProperties: true },
    { k: { b: 1 } },
    { k: { b: 1 } },
    [],
  ],
  [
    'keeps unknown fields where it is told, but not below known ones',
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: closed } },
    { z: 1, a: { b: 1 } },
    { z: 1, a: {} },
    ['spec.a.b'],
  ],
  [
    'knows the identity of embedded resources',
    { type: 'object', 'x-kubernetes-embedded-resource': true, properties: {} },
    { apiVersion: 'v1', kind: 'K', metadata: { name: 'n', foo: 1 }, z: 1 },
    { apiVersion: 'v1', kind: 'K', metadata: { name: 'n' } },
    ['spec.metadata.foo', 'spec.z'],
  ],
  ['brackets names with dots', closed, { 'x.y': 1 }, {}, ['spec[x.y]']],
  [
    'takes __proto__ for a name',
    closed,
    JSON.parse('{"__proto__":{"b":1},"constructor":1}'),
    {},
    ['spec[__proto__]', 'spec.constructor'],
  ],
];

describe('pruning', () => {
  for (const [name, schema, value, left, paths] of prunings) {
    it(name, () => {
      const object = { apiVersion: 'v1', kind: 'K', metadata: { name: 'n' }, spec: value };
      const removed = compileSchema(spec(schema)).prune(object);
      assert.deepEqual(
        removed,
        paths.map((path) => path.replace('[__proto__]', '.__proto__')),
      );
      assert.deepEqual(object.spec, left);
    });
  }
});

describe('defaulting', () => {
  it('fills in, below what it filled in too, and drops nulls that are not allowed', () => {
    const schema = spec({
      type: 'object',
      default: {},
      properties: {
        a: { type: 'string', default: 'x' },
        b: { type: 'object', properties: { c: { type: 'integer', default: 3 } } },
        n: { type: 'string', nullable: true },
        o: { type: 'string' },
        l: {
          type: 'array',
          items: { type: 'object', properties: { d: { type: 'boolean', default: true } } },
        },
      },
    });
    const compiled = compileSchema(schema);
    const empty = {};
    compiled.default(empty);
    assert.deepEqual(empty, { spec: { a: 'x' } });
    const object = { spec: { a: null, b: {}, n: null, o: null, l: [{}, { d: false }] } };
    compiled.default(object);
    assert.deepEqual(object, { spec: { a: 'x', b: { c: 3 }, n: null, l: [{ d: true }, { d: false }] } });
    assert.deepEqual(schema.properties?.['spec']?.default, {});
  });
});

/** Schema of spec, a good value, a bad one, and the errors of the bad one. */
const validations: readonly [JsonSchema, unknown, unknown, [string, string, string][]][] = [
  [{ type: 'string' }, 'x', 1, [['Invalid', 'spec', 'spec in body must be of type string: "integer"']]],
  [{ type: 'integer' }, 1, 1.5, [['Invalid', 'spec', 'spec in body must be of type integer: "number"']]],
  [
    { type: 'string', nullable: true },
    null,
    {},
    [['Invalid', 'spec', 'spec in body must be of type string: "object"']],
  ],
  [{ type: 'string' }, '', null, [['Invalid', 'spec', 'spec in body must be of type string: "null"']]],
  [
    { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
    { a: '' },
    {},
    [['Required', 'spec.a', '']],
  ],
  [{ type: 'string', enum: ['a', 'b'] }, 'a', 'c', [['NotSupported', 'spec', 'supported values: "a", "b"']]],
  [{ type: 'string', pattern: '^a+$' }, 'aa', 'b', [['Invalid', 'spec', "spec in body should match '^a+$'"]]],
  [
    { type: 'integer', minimum: 1, maximum: 3 },
    3,
    4,
    [['Invalid', 'spec', 'spec in body should be less than or equal to 3']],
  ],
  [
    { type: 'number', minimum: 1, exclusiveMinimum: true },
    1.1,
    1,
    [['Invalid', 'spec', 'spec in body should be greater than 1']],
  ],
  [
    { type: 'number', multipleOf: 0.1 },
    0.3,
    0.35,
    [['Invalid', 'spec', 'spec in body should be a multiple of 0.1']],
  ],
  [
    { type: 'integer', format: 'int32' },
    5,
    2 ** 31,
    [['Invalid', 'spec', 'spec in body must be of type integer with format int32']],
  ],
  [
    { type: 'string', maxLength: 2 },
    '😀😀',
    'abc',
    [['TooLong', 'spec', 'may not be more than 2 characters']],
  ],
  [
    { type: 'string', minLength: 1 },
    'a',
    '',
    [['Invalid', 'spec', 'spec in body should be at least 1 chars long']],
  ],
  [
    { type: 'array', items: {}, maxItems: 1 },
    [1],
    [1, 2],
    [['Invalid', 'spec', 'spec in body should have at most 1 items']],
  ],
  [
    { type: 'array', 'x-kubernetes-list-type': 'set', items: {} },
    ['a'],
    ['a', 'a'],
    [['Duplicate', 'spec[1]', '']],
  ],
  [
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: { default: 'd' } } },
    },
    [{ k: 'a' }, {}],
    [{ k: 'd' }, {}],
    [['Duplicate', 'spec[1]', '']],
  ],
  [
    { 'x-kubernetes-int-or-string': true },
    '50%',
    true,
    [['Invalid', 'spec', 'spec in body must be of type integer,string: "boolean"']],
  ],
  [
    { type: 'string', format: 'byte' },
    'YQ==',
    'YQ=',
    [['Invalid', 'spec', 'spec in body must be of type byte: give it as base64']],
  ],
  [
    { type: 'string', format: 'date-time' },
    '2026-01-31T00:00:00Z',
    '2026-02-30T00:00:00Z',
    [['Invalid', 'spec', 'spec in body must be of type date-time: "2026-02-30T00:00:00Z"']],
  ],
  [
    { type: 'string', format: 'duration' },
    '1h30m',
    '1 fortnight',
    [['Invalid', 'spec', 'spec in body must be of type duration: "1 fortnight"']],
  ],
  [
    { type: 'string', format: 'nobody-knows' },
    'anything',
    1,
    [['Invalid', 'spec', 'spec in body must be of type string: "integer"']],
  ],
  [
    { type: 'string', anyOf: [{ pattern: '^a' }, { pattern: '^b' }] },
    'b',
    'c',
    [['Invalid', 'spec', '"spec" must validate at least one schema (anyOf)']],
  ],
  [
    { type: 'string', oneOf: [{ pattern: '^a' }, { pattern: 'b$' }] },
    'a',
    'ab',
    [['Invalid', 'spec', '"spec" must validate one and only one schema (oneOf). Found 2 valid alternatives']],
  ],
  [
    { type: 'string', not: { enum: ['a'] } },
    'b',
    'a',
    [['Invalid', 'spec', '"spec" must not validate the schema (not)']],
  ],
  [
    { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    { a: 1 },
    {},
    [['Invalid', 'spec', '"spec" must validate one and only one schema (oneOf). Found none valid']],
  ],
];

describe('validation', () => {
  for (const [schema, good, bad, errors] of validations) {
    it(JSON.stringify(schema).slice(0, 90), () => {
      const compiled = compileSchema(spec(schema));
      assert.deepEqual(compiled.validate({ spec: good }), []);
      assert.deepEqual(
        compiled.validate({ spec: bad }).map((error) => [error.type, error.path, error.detail]),
        errors,
      );
    });
  }

  it('takes patterns that backtrack in linear time', () => {
    const compiled = compileSchema(spec({ type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' }));
    assert.equal(compiled.validate({ spec: 'a'.repeat(5000) }).length, 1);
    assert.deepEqual(compiled.validate({ spec: 'abcXyz' }), []);
  });

  it('stops after a hundred errors', () => {
    const compiled = compileSchema(spec({ type: 'array', items: { type: 'string' } }));
    assert.equal(compiled.validate({ spec: Array.from({ length: 1000 }, () => 1) }).length, 100);
  });

  it('never throws, whatever comes', () => {
    const shapes = fc.constantFrom('string', 'object', 'array', 'integer', undefined, 7, 'null');
    const hostile = fc.letrec((tie) => ({
      node: fc.record(
        {
          type: shapes,
          pattern: fc.constantFrom('(', '(a+)+', '[z-a]', '\\p{Nope}'),
          items: tie('node'),
          properties: fc.dictionary(fc.constantFrom('a', '__proto__', 'constructor'), tie('node'), {
            maxKeys: 2,
          }),
          default: fc.jsonValue({ maxDepth: 2 }),
          'x-kubernetes-list-type': fc.constantFrom('set', 'map', 'other'),
          'x-kubernetes-validations': fc.array(
            fc.record({ rule: fc.constantFrom('self', 'self.a.b == 1', '((', 'self + 1 > 2', '') }),
            { maxLength: 2 },
          ),
        },
        { requiredKeys: [] },
      ),
    })).node;
    fc.assert(
      fc.property(hostile, fc.jsonValue(), (schema, value) => {
        const compiled = compileSchema(spec(schema as JsonSchema));
        const object = { spec: value };
        compiled.prune(object);
        compiled.default(object);
        assert.ok(Array.isArray(compiled.validate(object, object)));
        assert.ok(Array.isArray(checkStructural(spec(schema as JsonSchema))));
        for (const other of [null, 1, 'x', [], value]) compiled.validate(other);
      }),
      { numRuns: 150 },
    );
  });

  it('survives values that no stack holds', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`) as unknown;
    const compiled = compileSchema(
      spec({
        type: 'array',
        'x-kubernetes-list-type': 'set',
        items: { 'x-kubernetes-preserve-unknown-fields': true },
      }),
    );
    assert.match(compiled.validate({ spec: [deep, deep] })[0]?.detail ?? '', /too deeply/);
  });
});

describe('structural schemas', () => {
  const refused: readonly [string, JsonSchema, string][] = [
    ['a missing type', spec({ properties: {} }), 'schema.properties.spec.type'],
    ['an unknown type', spec({ type: 'text' }), 'schema.properties.spec.type'],
    ['a list without items', spec({ type: 'array' }), 'schema.properties.spec.items'],
    ['a reference', spec({ type: 'string', $ref: '#/x' }), 'schema.properties.spec.$ref'],
    [
      'both kinds of fields',
      spec({ type: 'object', properties: {}, additionalProperties: { type: 'string' } }),
      'schema.properties.spec.additionalProperties',
    ],
    [
      'types inside anyOf',
      spec({ type: 'string', anyOf: [{ type: 'number' }] }),
      'schema.properties.spec.anyOf[0].type',
    ],
    ['a pattern that is none', spec({ type: 'string', pattern: '(' }), 'schema.properties.spec.pattern'],
    ['look-around', spec({ type: 'string', pattern: '(?=a)' }), 'schema.properties.spec.pattern'],
    ['a default of the wrong type', spec({ type: 'string', default: 1 }), 'schema.properties.spec.default'],
    [
      'map keys that may be missing',
      spec({
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' } } },
      }),
      'schema.properties.spec.items.properties.k',
    ],
    [
      'a rule that does not parse',
      spec({ type: 'object', 'x-kubernetes-validations': [{ rule: 'self.(' }] }),
      'schema.properties.spec.x-kubernetes-validations[0].rule',
    ],
  ];
  for (const [name, schema, path] of refused) {
    it(`refuse ${name}`, () => {
      assert.equal(checkStructural(schema, { path: 'schema' })[0]?.path, path);
    });
  }

  it('may be deep, but not bottomless', () => {
    let schema: JsonSchema = { type: 'string' };
    for (let i = 0; i < 150; i++) schema = { type: 'array', items: schema };
    assert.match(checkStructural(spec(schema))[0]?.detail ?? '', /nested deeper/);
  });
});
