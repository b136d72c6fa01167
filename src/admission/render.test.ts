import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { FieldError } from '../api/admission.ts';
import { goQuote, renderAggregate, renderFieldError } from './render.ts';

describe('field errors', () => {
  const cases: [FieldError, string][] = [
    [
      { type: 'Required', path: 'spec.a', detail: 'must be specified' },
      'spec.a: Required value: must be specified',
    ],
    [{ type: 'Invalid', path: 'spec.a', value: 'x"y', detail: 'no' }, 'spec.a: Invalid value: "x\\"y": no'],
    [
      { type: 'Invalid', path: 'spec.a', value: 1800000000000n, detail: 'no' },
      'spec.a: Invalid value: 1800000000000: no',
    ],
    [{ type: 'Invalid', path: 'spec.a', value: true, detail: 'no' }, 'spec.a: Invalid value: true: no'],
    [{ type: 'Invalid', path: 'spec.a', value: undefined, detail: 'no' }, 'spec.a: Invalid value: null: no'],
    [
      { type: 'Invalid', path: 'spec.a', value: { b: [1] }, detail: 'no' },
      'spec.a: Invalid value: {"b":[1]}: no',
    ],
    [
      { type: 'NotSupported', path: 'spec.a', value: 7, detail: 'supported values: "256", "384"' },
      'spec.a: Unsupported value: 7: supported values: "256", "384"',
    ],
    [{ type: 'Duplicate', path: 'spec.a', value: 'DER', detail: '' }, 'spec.a: Duplicate value: "DER"'],
    [{ type: 'Forbidden', path: 'spec', value: 'hidden', detail: 'no' }, 'spec: Forbidden: no'],
    [{ type: 'TooLong', path: 'spec.a', value: 'hidden', detail: 'no' }, 'spec.a: Too long: no'],
  ];
  for (const [error, text] of cases) test(text, () => assert.equal(renderFieldError(error), text));

  test('several are one list without repeats', () => {
    const [a, b] = [cases[0]![0], cases[8]![0]];
    assert.equal(renderAggregate([a]), 'spec.a: Required value: must be specified');
    assert.equal(
      renderAggregate([a, b, a]),
      '[spec.a: Required value: must be specified, spec: Forbidden: no]',
    );
    assert.equal(renderAggregate([a, a]), 'spec.a: Required value: must be specified');
  });

  test('strings are quoted as Go quotes them', () => {
    assert.equal(
      goQuote('a\tb\u0000\u007f\u00a0é\u{1f600}\u200b\ud800'),
      '"a\\tb\\x00\\x7f\\u00a0é😀\\u200b�"',
    );
  });

  test('long and bottomless values do not swamp or break the message', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    assert.match(
      renderFieldError({ type: 'Invalid', path: 'a', value: deep, detail: 'no' }),
      /^a: Invalid value: .*: no$/,
    );
    const long = renderFieldError({ type: 'Invalid', path: 'a', value: 'x'.repeat(1_000_000), detail: 'no' });
    assert.ok(long.length < 600);
  });

  test('any value can be rendered', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true }), (value) => {
        assert.equal(typeof renderFieldError({ type: 'Invalid', path: 'a', value, detail: '' }), 'string');
      }),
    );
  });
});
