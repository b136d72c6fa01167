import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { PemError, TooLargeError } from './errors.ts';
import { decodeFirstPem, decodePem, encodePem } from './pem.ts';

describe('PEM', () => {
  test('round trip, lines of 64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const text = encodePem('CERTIFICATE', bytes);
        assert.ok(text.split('\n').every((line) => line.length <= 64));
        assert.deepEqual(decodePem(text, 1e6), [
          { label: 'CERTIFICATE', der: Buffer.from(bytes), hasHeaders: false },
        ]);
      }),
    );
  });

  test('several blocks, text around them, CRLF', () => {
    const text = `subject=x\r\n${encodePem('A', Buffer.from('1')).replaceAll('\n', '\r\n')}# note\n${encodePem('B B', Buffer.from('2'))}end`;
    assert.deepEqual(
      decodePem(text, 1000).map(({ label, der }) => [label, der.toString()]),
      [
        ['A', '1'],
        ['B B', '2'],
      ],
    );
  });

  test('headers are skipped and reported', () => {
    const text =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n';
    assert.deepEqual(decodeFirstPem(text, 1000), {
      label: 'RSA PRIVATE KEY',
      der: Buffer.alloc(3),
      hasHeaders: true,
    });
  });

  test('damage is an error, not a silent skip', () => {
    for (const text of [
      '-----BEGIN A-----\nAAAA\n',
      '-----BEGIN A-----\nAAAA\n-----END B-----\n',
      '-----BEGIN A-----\nAA!A\n-----END A-----\n',
      '-----BEGIN A-----\nAAA\n-----END A-----\n',
      '-----BEGIN A-----\n-----END A-----\n',
      '-----BEGIN A\nAAAA\n-----END A-----\n',
      '-----BEGIN A-----\nAA=A\n-----END A-----\n',
    ]) {
      assert.throws(() => decodePem(text, 1000), PemError, text);
    }
    assert.throws(() => decodeFirstPem('nothing here', 1000), PemError);
    assert.deepEqual(decodePem('nothing here', 1000), []);
  });

  test('size is refused before parsing, counted in bytes', () => {
    assert.throws(
      () => decodePem('ä'.repeat(6), 11),
      (error: unknown) => error instanceof TooLargeError && error.actual === 12 && error.limit === 11,
    );
  });

  test('a bomb of BEGIN lines, dashes or spaces costs linear time', () => {
    const size = 2_000_000;
    for (const piece of [
      '-----BEGIN A-----\n',
      'x-----BEGIN ',
      '-----',
      '-----BEGIN A-----\na: b\n  ',
      '-----BEGIN A-----\n \n:',
    ]) {
      const start = performance.now();
      try {
        decodePem(piece.repeat(Math.ceil(size / piece.length)), 2 * size);
      } catch (error) {
        assert.ok(error instanceof PemError);
      }
      // Quadratic work on 2 MB would take minutes.
      assert.ok(performance.now() - start < 3000, piece);
    }
  });
});
