import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainNameError } from './errors.ts';
import { absoluteName, encodeName, isWithin, parentName } from './names.ts';

test('names become absolute and lower-case', () => {
  assert.equal(absoluteName('_Acme-Challenge.Example.COM'), '_acme-challenge.example.com.');
  assert.equal(absoluteName('*.example.com.'), '*.example.com.');
  assert.equal(absoluteName('.'), '.');
});

test('what cannot be a name is refused in words', () => {
  for (const [text, why] of [
    ['', /is empty/u],
    ['a..b', /empty label/u],
    [`${'a'.repeat(64)}.com`, /has 64 characters/u],
    [`${'a.'.repeat(127)}com`, /has 257 characters/u],
    ['a b.com', /no host name has/u],
    ['bücher.example', /A-labels/u],
    [String.raw`a\046b.com`, /no host name has/u],
    ['../../x', /empty label/u],
  ] as const)
    assert.throws(
      () => absoluteName(text),
      (error) => error instanceof DomainNameError && !error.retryable && why.test(error.message),
      text,
    );
});

test('parents end at the root, and zones hold what is below them', () => {
  assert.equal(parentName('a.b.'), 'b.');
  assert.equal(parentName('b.'), '.');
  assert.equal(parentName('.'), undefined);
  assert.ok(isWithin('a.b.', 'b.') && isWithin('b.', 'b.') && isWithin('b.', '.'));
  assert.ok(!isWithin('ab.', 'b.'));
});

test('the wire form has a length before each label', () => {
  assert.deepEqual(encodeName('Ab.c.'), Buffer.from('\x02ab\x01c\x00', 'latin1'));
  assert.deepEqual(encodeName('.'), Buffer.from([0]));
  // 192 and up would be a pointer, 256 the end of the name.
  for (const length of [64, 192, 256])
    assert.throws(() => encodeName(`${'a'.repeat(length)}.example.`), DomainNameError);
});
