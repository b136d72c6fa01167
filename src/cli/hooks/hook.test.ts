import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { array, assert as check, constantFrom, property } from 'fast-check';
import { isFor } from './hook.ts';

suite('which Certificates a hook is for', () => {
  test('a star stands for any text, and for no slash', () => {
    const cases: [pattern: string, namespace: string, name: string, expected: boolean][] = [
      ['*/*', 'shop', 'web', true],
      ['shop/*', 'shop', 'web', true],
      ['shop/*', 'shopping', 'web', false],
      ['*/web', 'shop', 'webmail', false],
      ['*/web*', 'shop', 'webmail', true],
      ['s*p/w*b', 'shop', 'web', true],
      ['a*a/x', 'a', 'x', false],
      ['a*a/x', 'aa', 'x', true],
      ['*a*b*/x', 'cacbc', 'x', true],
      ['*b*a*/x', 'ab', 'x', false],
      ['shop/web', 'shop', 'web', true],
    ];
    for (const [pattern, namespace, name, expected] of cases)
      assert.equal(isFor({ certificates: [pattern] }, namespace, name), expected, pattern);
    assert.equal(isFor({ certificates: ['a/a', 'b/b'] }, 'b', 'b'), true);
  });

  test('as a regular expression would say it', () => {
    const text = array(constantFrom('a', 'b', '-'), { maxLength: 8 }).map((all) => all.join(''));
    const pattern = array(constantFrom('a', 'b', '-', '*'), { maxLength: 6 }).map((all) => all.join(''));
    check(
      property(pattern, text, (wanted, name) => {
        const expected = new RegExp(`^${wanted.replaceAll('*', '.*')}$`, 'u').test(name);
        assert.equal(isFor({ certificates: [`*/${wanted}`] }, 'any', name), expected);
      }),
    );
  });
});
