import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { DerError, NameError, PkiError, TooLargeError } from '../errors.ts';
import { DerReader, readSequence } from './der-reader.ts';
import { decodeString, isPrintable } from './der-strings.ts';
import { decodeTime, encodeTime } from './der-time.ts';
import {
  bitString,
  boolean,
  directoryString,
  element,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  smallInteger,
  unsignedInteger,
} from './der-writer.ts';
import { decodeOid, encodeOid } from './oid.ts';
import { tags } from './tags.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const read = (text: string): DerReader => DerReader.over(hex(text));

describe('what is not DER is refused with its offset', () => {
  const refused: [string, string, (reader: DerReader) => unknown, number][] = [
    ['indefinite length', '30 80 00 00', (r) => r.sequence(), 0],
    ['length in long form below 128', '04 81 01 00', (r) => r.octetString(), 0],
    ['length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`, (r) => r.octetString(), 0],
    ['length of five bytes', '04 85 01 00 00 00 00', (r) => r.octetString(), 0],
    ['cut inside the header', '30', (r) => r.sequence(), 0],
    ['cut inside the length', '30 82 01', (r) => r.sequence(), 0],
    ['longer than its parent', '30 03 04 02 00', (r) => r.sequence().octetString(), 2],
    [
      'longer than its parent, into what follows',
      '30 03 04 02 00 05 00',
      (r) => r.sequence().octetString(),
      2,
    ],
    ['high tag number', '1f 81 00 00', (r) => r.raw(), 0],
    ['BOOLEAN 01', '01 01 01', (r) => r.boolean(), 0],
    ['BOOLEAN of two bytes', '01 02 ff ff', (r) => r.boolean(), 0],
    ['FALSE written out as a default', '01 01 00', (r) => r.flag(), 0],
    ['empty INTEGER', '02 00', (r) => r.integerBytes(), 0],
    ['INTEGER padded with 00', '02 02 00 7f', (r) => r.integerBytes(), 0],
    ['INTEGER padded with ff', '02 02 ff 80', (r) => r.integerBytes(), 0],
    ['negative where none may be', '02 01 ff', (r) => r.smallInteger(9), 0],
    ['INTEGER above its maximum', '02 01 0a', (r) => r.smallInteger(9), 0],
    ['big INTEGER above its size', '02 03 01 00 00', (r) => r.bigInteger(1), 0],
    ['OID arc with a leading zero', '06 03 55 80 01', (r) => r.oid(), 3],
    ['OID ending inside an arc', '06 02 55 84', (r) => r.oid(), 3],
    ['empty OID', '06 00', (r) => r.oid(), 2],
    ['NULL with content', '05 01 00', (r) => r.null(), 0],
    ['BIT STRING with unused bits set', '03 02 01 01', (r) => r.bitString(), 0],
    ['BIT STRING with 8 unused bits', '03 02 08 00', (r) => r.bitString(), 0],
    ['BIT STRING without first byte', '03 00', (r) => r.bitString(), 0],
    ['trailing bytes', '05 00 00', (r) => (r.null(), r.end()), 2],
    ['another tag', '04 00', (r) => r.sequence(), 0],
    ['the end', '', (r) => r.sequence(), 0],
  ];
  for (const [name, bytes, act, offset] of refused) {
    test(name, () => {
      assert.throws(
        () => act(read(bytes)),
        (error: unknown) =>
          error instanceof DerError && error.offset === offset && error.code === 'ERR_PKI_DER',
      );
    });
  }

  test('nesting beyond 32 levels', () => {
    let bytes = sequence();
    for (let depth = 0; depth < 40; depth++) bytes = sequence(bytes);
    const descend = (reader: DerReader): void => {
      if (!reader.atEnd) descend(reader.sequence());
    };
    assert.throws(() => descend(DerReader.over(bytes)), DerError);
  });

  test('input beyond the size limit, before it is read', () => {
    assert.throws(
      () => DerReader.over(Buffer.alloc(11), { maxBytes: 10 }),
      (error: unknown) => error instanceof TooLargeError && error.limit === 10 && error.actual === 11,
    );
  });
});

describe('object identifiers', () => {
  test('X.690 §8.19 examples and the edges of the first two arcs', () => {
    for (const [dotted, bytes] of [
      ['2.999.3', '883703'],
      ['1.2.840.113549.1.1.11', '2a864886f70d01010b'],
      ['0.0', '00'],
      ['0.39', '27'],
      ['1.39', '4f'],
      ['2.0', '50'],
      [
        '2.25.329800735698586629295641978511506172918',
        '69 83 f0 8f d5 92 c7 cd b4 87 d8 dd b8 89 bb a5 c3 eb a4 f9 d3 6c',
      ],
    ] as const) {
      if (!dotted.startsWith('2.25')) assert.equal(encodeOid(dotted).toString('hex'), bytes);
      assert.equal(decodeOid(encodeOid(dotted), 0), dotted);
    }
  });

  test('round trip', () => {
    const arcs = fc.array(fc.bigInt({ min: 0n, max: 2n ** 130n }), { minLength: 0, maxLength: 6 });
    const first = fc.oneof(
      fc.tuple(fc.constantFrom(0, 1), fc.nat(39)),
      fc.tuple(fc.constant(2), fc.nat(100_000)),
    );
    fc.assert(
      fc.property(first, arcs, ([a, b], rest) => {
        const dotted = [a, b, ...rest].join('.');
        assert.equal(decodeOid(encodeOid(dotted), 0), dotted);
      }),
    );
  });

  test('text that is none', () => {
    for (const text of ['', '1', '3.1', '1.40', '1..2', '1.02', 'a.b', '1.2 ', `1.2.${'9'.repeat(600)}`]) {
      assert.throws(() => encodeOid(text), NameError, text);
    }
  });
});

describe('values', () => {
  test('integers round trip in shortest form', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), (value) => {
        const digits = value.toString(16);
        const magnitude = Buffer.from(digits.padStart(digits.length + (digits.length % 2) + 4, '0'), 'hex');
        const reader = DerReader.over(unsignedInteger(magnitude));
        assert.equal(reader.bigInteger(64), value);
        reader.end();
      }),
    );
  });

  test('lengths of one to three bytes round trip', () => {
    for (const size of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const reader = DerReader.over(octetString(Buffer.alloc(size, 7)));
      assert.equal(reader.octetString().length, size);
      reader.end();
    }
  });

  test('times: 1950-2049 as UTCTime, others as GeneralizedTime, to the second', () => {
    assert.equal(encodeTime(Date.UTC(2049, 11, 31, 23, 59, 59, 999)).toString('latin1', 2), '491231235959Z');
    assert.equal(encodeTime(Date.UTC(2050, 0, 1)).toString('latin1', 2), '20500101000000Z');
    assert.equal(encodeTime(Date.UTC(1949, 0, 1)).toString('latin1', 2), '19490101000000Z');
    const seconds = fc.integer({ min: -30_000_000_000, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (second) => {
        assert.equal(DerReader.over(encodeTime(second * 1000)).time(), second * 1000);
      }),
    );
    assert.throws(() => encodeTime(Date.UTC(10_000, 0, 1)), PkiError);
    assert.throws(() => encodeTime(Number.NaN), PkiError);
  });

  test('times that are refused', () => {
    for (const text of [
      '250229000000Z',
      '251301000000Z',
      '250101240000Z',
      '2501010000Z',
      '250101000000+0000',
      '25010100000aZ',
    ]) {
      assert.throws(() => decodeTime(tags.utcTime, Buffer.from(text), 0), DerError, text);
    }
    assert.throws(() => decodeTime(tags.generalizedTime, Buffer.from('20250101000000.5Z'), 0), DerError);
  });

  test('named bits drop trailing zeros (X.690 §11.2.2)', () => {
    assert.equal(namedBits(0).toString('hex'), '030100');
    assert.equal(namedBits(0b101).toString('hex'), '030205a0');
    assert.equal(namedBits(1 << 8).toString('hex'), '0303070080');
  });

  test('SET OF is sorted by encoding (X.690 §11.6)', () => {
    const sorted = setOf([utf('b'), utf('aa'), utf('a')]);
    assert.equal(
      sorted.toString('hex'),
      `310a${utf('a').toString('hex')}${utf('b').toString('hex')}${utf('aa').toString('hex')}`,
    );
  });

  test('strings: each type, its alphabet and its bad bytes', () => {
    assert.equal(directoryString("Az 09'()+,-./:=?")[0], tags.printableString);
    for (const text of ['*', '&', '@', '_', 'ü']) assert.equal(directoryString(text)[0], tags.utf8String);
    assert.throws(() => directoryString('\ud800'), NameError);
    assert.equal(decodeString(tags.bmpString, hex('00e4'), 0), 'ä');
    assert.equal(decodeString(tags.universalString, hex('0001f600'), 0), '😀');
    assert.equal(decodeString(tags.teletexString, hex('e4'), 0), 'ä');
    for (const [tag, bytes] of [
      [tags.utf8String, 'ff'],
      [tags.ia5String, '80'],
      [tags.numericString, '41'],
      [tags.printableString, '25'],
      [tags.bmpString, '00'],
      [tags.bmpString, 'd800'],
      [tags.universalString, '00110000'],
      [tags.null, ''],
    ] as const) {
      assert.throws(() => decodeString(tag, hex(bytes), 0), DerError);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = directoryString(text);
        assert.equal(bytes[0] === tags.printableString, isPrintable(text));
        assert.equal(DerReader.over(bytes).string(), text);
      }),
    );
  });

  test('a nested structure comes back as it went in', () => {
    const bytes = sequence(
      boolean(true),
      smallInteger(300),
      objectIdentifier('1.2.3'),
      undefined,
      bitString(hex('a0'), 5),
    );
    readSequence(bytes, (reader) => {
      assert.equal(reader.flag(), true);
      assert.equal(reader.smallInteger(300), 300);
      assert.equal(reader.oid(), '1.2.3');
      assert.deepEqual(reader.bitString(), { unusedBits: 5, bytes: hex('a0') });
    });
  });
});

function utf(text: string): Buffer {
  return element(tags.utf8String, Buffer.from(text));
}
