/** The MAC key of an external account binding, as CAs hand it out and people paste it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { externalAccountIn } from './external-account.ts';

const binding = { keyID: 'kid-1', keySecretRef: { name: 'eab', key: 'mac' } };
const secret = (text: string) => ({
  metadata: { name: 'eab' },
  data: { mac: Buffer.from(text).toString('base64') },
});

test('base64url without padding is decoded, line ends and all; the algorithm is that of the issuer', () => {
  assert.deepEqual(externalAccountIn(binding, secret('-_8\r\nA\n')), {
    keyId: 'kid-1',
    key: Buffer.from([0xfb, 0xff, 0x00]),
    algorithm: 'HS256',
  });
  for (const keyAlgorithm of ['HS256', 'HS384', 'HS512'] as const) {
    const account = externalAccountIn({ ...binding, keyAlgorithm }, secret('AAAA'));
    assert.equal(typeof account === 'string' ? account : account.algorithm, keyAlgorithm);
  }
});

test('what cannot be a key is told of without being quoted', () => {
  const cases: [string, RegExp][] = [
    ['+/8=', /failed to decode external account binding key data: .*padding, or with \+ or \//u],
    ['AAA=', /write it as base64url without padding/u],
    ['A', /it is no base64url/u],
    ['AA AA', /it is no base64url/u],
    ['', /it is no base64url/u],
    ['A'.repeat(4100), /it is no base64url/u],
  ];
  for (const [text, expected] of cases) {
    const problem = externalAccountIn(binding, secret(text));
    assert.ok(typeof problem === 'string', text);
    assert.match(problem, expected);
    if (text.length > 2) assert.ok(!problem.includes(text), problem);
  }
});

test('a missing Secret and a missing entry are told apart', () => {
  const missing = externalAccountIn(binding, undefined);
  assert.ok(typeof missing === 'string');
  assert.match(missing, /secret "eab" not found/u);
  assert.equal(
    externalAccountIn(binding, { metadata: { name: 'eab' }, data: { other: 'AAAA' } }),
    'failed to find external account binding key data in Secret "eab" at index "mac"',
  );
});
