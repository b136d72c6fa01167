import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import packet, { type Answer } from 'dns-packet';
import * as fc from 'fast-check';
import { MalformedMessageError } from './errors.ts';
import { layoutOf, readName } from './message-layout.ts';
import { decodeAnswer, encodeQuery, udpPayloadSize, type Question } from './message.ts';

const question: Question = { id: 4711, name: '_acme-challenge.example.com.', type: 'TXT' };

function answer(
  answers: Answer[],
  more: { flags?: number; id?: number; name?: string; type?: string } = {},
): Buffer {
  return packet.encode({
    type: 'response',
    id: more.id ?? question.id,
    flags: more.flags ?? 0,
    questions: [{ name: more.name ?? question.name, type: (more.type ?? 'TXT') as 'TXT' }],
    answers,
  });
}

suite('queries', () => {
  test('are what another implementation reads', () => {
    for (const recursionDesired of [true, false]) {
      const decoded = packet.decode(encodeQuery(question, recursionDesired));
      assert.equal(decoded.id, 4711);
      assert.equal(decoded.flag_rd, recursionDesired);
      assert.deepEqual(decoded.questions, [
        { name: '_acme-challenge.example.com', type: 'TXT', class: 'IN' },
      ]);
      const [opt] = decoded.additionals ?? [];
      assert.ok(opt?.type === 'OPT' && opt.udpPayloadSize === udpPayloadSize);
    }
  });
});

suite('answers', () => {
  test('records of every type that is read', () => {
    const name = question.name;
    const decoded = decodeAnswer(
      answer(
        [
          { type: 'TXT', name, ttl: 5, data: ['two ', 'strings'] },
          { type: 'A', name, ttl: 5, data: '192.0.2.1' },
          { type: 'AAAA', name, ttl: 5, data: '2001:db8::1' },
          { type: 'CNAME', name, ttl: 5, data: 'Target.Example.net' },
          { type: 'NS', name, ttl: 5, data: 'ns.example.net' },
          {
            type: 'SOA',
            name,
            ttl: 5,
            data: {
              mname: 'ns.example.net',
              rname: 'h.example.net',
              serial: 7,
              refresh: 1,
              retry: 2,
              expire: 3,
              minimum: 99,
            },
          },
          { type: 'CAA', name, ttl: 5, data: { issuerCritical: true, tag: 'issue', value: 'ca.example' } },
          { type: 'MX', name, ttl: 5, data: { preference: 1, exchange: 'mx.example.net' } },
        ],
        { flags: packet.AUTHORITATIVE_ANSWER },
      ),
      question,
    );
    assert.deepEqual(decoded, {
      rcode: 'NOERROR',
      truncated: false,
      authoritative: true,
      authorities: [],
      answers: [
        { type: 'TXT', name, ttl: 5, text: 'two strings' },
        { type: 'A', name, ttl: 5, address: '192.0.2.1' },
        { type: 'AAAA', name, ttl: 5, address: '2001:db8::1' },
        { type: 'CNAME', name, ttl: 5, target: 'target.example.net.' },
        { type: 'NS', name, ttl: 5, target: 'ns.example.net.' },
        { type: 'SOA', name, ttl: 5, primary: 'ns.example.net.', serial: 7, minimum: 99 },
        { type: 'CAA', name, ttl: 5, critical: true, tag: 'issue', value: 'ca.example' },
        { type: 'OTHER', name, ttl: 5, code: 'TYPE15' },
      ],
    });
  });

  test('to somebody else are none', () => {
    assert.equal(decodeAnswer(answer([], { id: 1 }), question), undefined);
    assert.equal(decodeAnswer(answer([], { name: 'evil.example' }), question), undefined);
    assert.equal(decodeAnswer(answer([], { type: 'A' }), question), undefined);
    assert.equal(decodeAnswer(encodeQuery(question, true), question), undefined);
    const ofChaos = answer([]);
    ofChaos.writeUInt16BE(3, ofChaos.length - 2);
    assert.equal(decodeAnswer(ofChaos, question), undefined);
    const bare = (rcode: number): Buffer =>
      packet.encode({ type: 'response', id: question.id, flags: rcode });
    assert.equal(decodeAnswer(bare(3), question), undefined);
    assert.equal(decodeAnswer(bare(1), question)?.rcode, 'FORMERR');
  });

  test('an owner name whose label has a dot is another name than the one that was asked for', () => {
    const evil = Buffer.concat([Buffer.from([11]), Buffer.from('example.com'), Buffer.from([0])]);
    const head = Buffer.alloc(12);
    head.writeUInt16BE(question.id, 0);
    head.writeUInt16BE(0x8000, 2);
    head.writeUInt16BE(1, 4);
    const message = Buffer.concat([head, evil, Buffer.from([0, 16, 0, 1])]);
    assert.equal(layoutOf(message).questions[0]?.name, String.raw`example\046com.`);
    assert.equal(decodeAnswer(message, { ...question, name: 'example.com.' }), undefined);
  });

  test('strings are joined as others wrote them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 }), { minLength: 1, maxLength: 5 }), (strings) => {
        const [record] =
          decodeAnswer(answer([{ type: 'TXT', name: question.name, data: strings }]), question)?.answers ??
          [];
        assert.ok(record?.type === 'TXT');
        assert.equal(record.text, Buffer.concat(strings.map((text) => Buffer.from(text))).toString('utf8'));
      }),
    );
  });
});

suite('hostile bytes', () => {
  const header = (counts: readonly [number, number, number, number]): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16BE(question.id, 0);
    bytes.writeUInt16BE(0x8000, 2);
    for (const [index, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * index);
    return bytes;
  };
  const record = (name: number[], type: number, data: Buffer, length = data.length): Buffer => {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(type, 0);
    fixed.writeUInt16BE(1, 2);
    fixed.writeUInt16BE(length, 8);
    return Buffer.concat([Buffer.from(name), fixed, data]);
  };

  for (const [what, message, why] of [
    ['too short', Buffer.alloc(11), /of 11 bytes/u],
    [
      'a pointer at itself',
      Buffer.concat([header([0, 1, 0, 0]), record([0xc0, 12], 16, Buffer.alloc(0))]),
      /points at itself/u,
    ],
    [
      'a pointer forward',
      Buffer.concat([header([0, 1, 0, 0]), record([0xc0, 40], 16, Buffer.alloc(40))]),
      /points at itself/u,
    ],
    [
      'a pointer into the header',
      Buffer.concat([header([0, 1, 0, 0]), record([0xc0, 4], 16, Buffer.alloc(0))]),
      /points at itself/u,
    ],
    [
      'a label of a reserved type',
      Buffer.concat([header([0, 1, 0, 0]), record([0x80], 16, Buffer.alloc(0))]),
      /unknown label type/u,
    ],
    ['more records than bytes', header([0, 65_535, 0, 0]), /announces more records/u],
    ['two questions', header([2, 0, 0, 0]), /announces more records/u],
    [
      'a record longer than the message',
      Buffer.concat([header([0, 1, 0, 0]), record([0], 16, Buffer.alloc(4), 400)]),
      /ends too early/u,
    ],
    ['bytes after the end', Buffer.concat([header([0, 0, 0, 0]), Buffer.alloc(3)]), /after its end/u],
    [
      'a name of 300 bytes',
      Buffer.concat([
        header([0, 1, 0, 0]),
        record(
          [...Array.from({ length: 5 }, () => [60, ...Buffer.alloc(60, 'a')]).flat(), 0],
          16,
          Buffer.alloc(0),
        ),
      ]),
      /longer than 255/u,
    ],
  ] as const)
    test(what, () => {
      assert.throws(
        () => layoutOf(message),
        (error) => error instanceof MalformedMessageError && why.test(error.message),
      );
    });

  test('a name that goes back and then forward again', () => {
    // At 12 a label and a pointer to 16, which is nearer to the end, and at 18 a pointer to 12.
    const message = Buffer.alloc(18);
    message.set([0x01, 0x61, 0xc0, 0x10, 0x00, 0x00], 12);
    assert.throws(
      () => readName(Buffer.concat([message, Buffer.from([0xc0, 12])]), 18),
      MalformedMessageError,
    );
    assert.equal(
      readName(Buffer.concat([message.subarray(0, 14), Buffer.from([0, 0xc0, 12])]), 15).name,
      'a.',
    );
  });

  test('data that does not fill its record, or reads on behind it', () => {
    for (const [type, data] of [
      [16, Buffer.from([200, 65, 66])],
      [1, Buffer.from([1, 2, 3])],
      [28, Buffer.alloc(15)],
      [5, Buffer.from([1, 65, 0, 7])],
      [2, Buffer.from([5, 65])],
      [6, Buffer.alloc(10)],
      [257, Buffer.from([0, 9, 65])],
    ] as const) {
      const message = Buffer.concat([answerHead(), record([0], type, data)]);
      assert.throws(() => decodeAnswer(message, question), MalformedMessageError, `type ${type}`);
    }
    function answerHead(): Buffer {
      const head = answer([]);
      head.writeUInt16BE(1, 6);
      return head;
    }
  });

  test('whatever comes is an answer, none for us, or malformed, and never anything else', () => {
    const seeds = [
      answer([
        { type: 'TXT', name: question.name, ttl: 1, data: 'x' },
        { type: 'CNAME', name: question.name, data: 'a.b.c' },
      ]),
      packet.encode({
        type: 'response',
        id: question.id,
        flags: 3,
        questions: [{ name: question.name, type: 'TXT' }],
        authorities: [{ type: 'SOA', name: 'com', data: { mname: 'a', rname: 'b' } }],
        additionals: [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: 512,
            flags: 0,
            options: [],
            extendedRcode: 1,
            ednsVersion: 0,
            flag_do: false,
          },
        ],
      }),
    ];
    const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { maxLength: 6 }),
        fc.nat(),
        (seed, changes, cut) => {
          const bytes = Buffer.from(seed);
          for (const { at, to } of changes) bytes[2 + (at % (bytes.length - 2))] = to;
          const message = cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
          try {
            decodeAnswer(message, question);
          } catch (error) {
            assert.ok(error instanceof MalformedMessageError, String(error));
          }
        },
      ),
    );
  });
});
