import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { withoutPrivateKeys } from './private-key-text.ts';

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const forms = (['pkcs8', 'sec1'] as const).map((type) => String(key.export({ type, format: 'pem' })));

/** Whether eight characters in a row of the key's base64, plain or encoded again, are still to be seen. */
function shows(text: string, pem: string, encoded: string): boolean {
  const secret = pem.split('\n').slice(1, -2).join('');
  const windows = (of: string): string[] =>
    Array.from({ length: of.length - 8 }, (_, at) => of.slice(at, at + 8));
  return [...windows(secret), ...windows(encoded.slice(48))].some((part) => text.includes(part));
}

test('a key is not shown, whatever stands around it and however it is written', () => {
  for (const pem of forms) {
    for (const before of ['', 'x', 'xy', 'Certificate: no.\n']) {
      const encoded = Buffer.from(before + pem).toString('base64');
      for (const written of [
        before + pem,
        JSON.stringify(before + pem),
        (before + pem).slice(0, before.length + 90),
        encoded,
        encoded.slice(0, 120),
        encoded.replaceAll(/(.{76})/g, '$1\n'),
        JSON.stringify(encoded.replaceAll(/(.{76})/g, '$1\n')),
      ]) {
        const text = withoutPrivateKeys(`spec.request: Invalid value: "${written}": is no CSR`);
        assert.ok(text.includes('<private key, not shown>'), text);
        assert.ok(!shows(text, pem, encoded), text);
        assert.ok(text.startsWith('spec.request'), text);
      }
    }
  }
});

test('what follows a key that ended is kept', () => {
  const [pem = ''] = forms;
  assert.equal(
    withoutPrivateKeys(`a ${pem} b ${pem}: c`),
    'a <private key, not shown>\n b <private key, not shown>\n: c',
  );
});

test('certificates, public keys and words stay as they are', () => {
  for (const text of [
    '',
    'the PRIVATE KEY is missing',
    '-----BEGIN PUBLIC KEY-----\nMFkw\n',
    'LS0tLS1CRUdJTiBDRVJU',
  ])
    assert.equal(withoutPrivateKeys(text), text);
});

test('takes time that grows with the text', () => {
  const begin = '-----BEGIN PRIVATE KEY-----';
  for (const hostile of [begin.repeat(40_000), 'A'.repeat(1_000_000), 'UFJJVkFURSBLRVkt,'.repeat(60_000)]) {
    assert.ok(withoutPrivateKeys(hostile).length <= 60_000 * 30);
  }
});
