import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ProtocolError } from './errors.ts';
import { decodeLines } from './watch-stream.ts';

async function* cut(bytes: Buffer, at: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const to of [...at, bytes.length].map((x) => x % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.subarray(from, to);
    from = Math.max(from, to);
  }
  yield bytes.subarray(from);
}

describe('watch stream', () => {
  it('gives the same values however the bytes are cut', async () => {
    const values = fc.array(
      fc.record({ a: fc.string({ unit: 'grapheme' }), b: fc.integer() }, { noNullPrototype: true }),
      {
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(values, fc.array(fc.nat(2000)), async (expected, at) => {
        const bytes = Buffer.from(expected.map((value) => `${JSON.stringify(value)}\n`).join(''), 'utf8');
        const got: unknown[] = [];
        for await (const value of decodeLines(cut(bytes, at), 10_000)) got.push(value);
        assert.deepEqual(got, expected);
      }),
      { numRuns: 200 },
    );
  });

  it('parses only the lines for which nothing stands instead, however the bytes are cut', async () => {
    const bytes = Buffer.from('{"a":1}\nnever parsed \u00e9\n{"a":2}\n');
    const instead = (line: Buffer): unknown => (line.toString().startsWith('never') ? 'left' : undefined);
    for (let at = 0; at <= bytes.length; at++) {
      const got: unknown[] = [];
      for await (const value of decodeLines(cut(bytes, [at]), 10_000, instead)) got.push(value);
      assert.deepEqual(got, [{ a: 1 }, 'left', { a: 2 }]);
    }
  });

  it('refuses a line without end', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield Buffer.alloc(1000, 'x');
    }
    await assert.rejects(decodeLines(endless(), 5_000).next(), ProtocolError);
  });

  it('does not quote a broken line', async () => {
    const broken = decodeLines(cut(Buffer.from('{"token": hunter2}\n'), []), 1000);
    await assert.rejects(broken.next(), (error) => {
      assert.ok(error instanceof ProtocolError);
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter2/);
      return true;
    });
  });
});
