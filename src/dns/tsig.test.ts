import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { DnsConfigurationError, DnsError, TsigError } from './errors.ts';
import {
  signMessage,
  tsigAlgorithmOf,
  tsigAlgorithms,
  verifyAnswer,
  type TsigAlgorithm,
  type TsigKey,
} from './tsig.ts';
import { decodeUpdateAnswer, encodeUpdate } from './update.ts';

/** Made by dnspython 2.7.0 for the key 00 01 … 1f named key.example at second 1800000000. */
const update =
  '123428000001000000010000076578616d706c6503636f6d00000600010f5f61636d652d6368616c6c656e6765c00c001000010000003c00060576616c7565';
const signatures: Readonly<Record<TsigAlgorithm, string>> = {
  HMACMD5:
    '036b6579076578616d706c650000fa00ff00000000003a08686d61632d6d6435077369672d616c670372656703696e740000006b49d200012c00100e8d370200d6d50cbb1b884c5bbf3244123400000000',
  HMACSHA1:
    '036b6579076578616d706c650000fa00ff00000000002f09686d61632d736861310000006b49d200012c0014ae4fbf9ab957d71dae6c0bf43d60a4b633120c49123400000000',
  HMACSHA224:
    '036b6579076578616d706c650000fa00ff0000000000390b686d61632d7368613232340000006b49d200012c001c2ac7d4ce02e55e145ec661e51c2c835021fb189510647980d5deb871123400000000',
  HMACSHA256:
    '036b6579076578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006b49d200012c0020df1dd9a4e44ddf0a44e00e996ee8fe52cc7d1e454ba4b3e9f03821a035afe9c0123400000000',
  HMACSHA384:
    '036b6579076578616d706c650000fa00ff00000000004d0b686d61632d7368613338340000006b49d200012c003054e74bd4484d830636094c263cbe56fd981a91e04b0ee5765a73116480b249587321dc1081059d81d94b46fcfa293f09123400000000',
  HMACSHA512:
    '036b6579076578616d706c650000fa00ff00000000005d0b686d61632d7368613531320000006b49d200012c00407ff5b01f8e5385f2dc6b75b182eb72468153a0675f960b7a2c5ef9964af34457bdc31496328731dd0628a8676cbb6d9d08346cf9640b0c5ea06a1d4fbb6c8153123400000000',
};
/** The answers of a server to the one with HMAC-SHA256, by the same hand. */
const accepted =
  '1234a8000001000000000001076578616d706c6503636f6d0000060001036b6579076578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006b49d201012c00209db68104f10a9f98906aeb3426bdc8affe23e82a65246b1d1295cd0441afad18123400000000';
const badTime =
  '1234a8090001000000000001076578616d706c6503636f6d0000060001036b6579076578616d706c650000fa00ff0000000000430b686d61632d7368613235360000006b49d201012c0020f68f959667cf6617807540042899a13c05ce1d55074512de4cfc2ee7fe2f151b12340012000600006b49e010';

const now = 1_800_000_000_000;
const keyOf = (algorithm: TsigAlgorithm): TsigKey => ({
  name: 'Key.Example',
  algorithm,
  secret: Uint8Array.from({ length: 32 }, (_, index) => index),
});
const key = keyOf('HMACSHA256');
const { mac } = signMessage(Buffer.from(update, 'hex'), key, now);

const says =
  (word: string, text = /./u) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof TsigError, String(error));
    assert.equal(error.word, word);
    assert.match(error.message, text);
    return true;
  };

suite('signing', () => {
  for (const algorithm of Object.keys(tsigAlgorithms) as TsigAlgorithm[])
    test(`${algorithm} as dnspython does it`, () => {
      const { bytes } = signMessage(Buffer.from(update, 'hex'), keyOf(algorithm), now);
      const counted = Buffer.from(update, 'hex');
      counted.writeUInt16BE(1, 10);
      assert.equal(bytes.toString('hex'), counted.toString('hex') + signatures[algorithm]);
    });

  test('algorithms by the names of issuers and of name servers', () => {
    assert.equal(tsigAlgorithmOf('hmacsha512'), 'HMACSHA512');
    assert.equal(tsigAlgorithmOf('hmac-sha224'), 'HMACSHA224');
    for (const text of ['', 'toString', 'HMACSHA3', 'gss-tsig'])
      assert.throws(() => tsigAlgorithmOf(text), DnsConfigurationError);
  });
});

suite('the answer of the server', () => {
  const message = (): Buffer => Buffer.from(accepted, 'hex');

  test('holds as dnspython signed it, within the time that both agree on', () => {
    verifyAnswer(message(), key, mac, now);
    verifyAnswer(message(), key, mac, now + 301_000);
    assert.throws(
      () => verifyAnswer(message(), key, mac, now + 302_000),
      says('BADTIME', /one of the two clocks/u),
    );
    assert.throws(() => verifyAnswer(message(), key, mac, now - 300_000), says('BADTIME'));
  });

  test('holds for five minutes whatever the server says of how long it holds', () => {
    const long = message();
    // From the end: other (0), its length, error, id, 32 of signature, its length, fudge, time.
    const timeAt = long.length - 48;
    long.writeUInt16BE(65_535, timeAt + 6);
    const nameLength = 13;
    const start = timeAt - 13 - 10 - nameLength;
    const bare = Buffer.from(long.subarray(0, start));
    bare.writeUInt16BE(0, 10);
    const [size, classAndTtl, end] = [
      Buffer.from([0, mac.length]),
      Buffer.from('00ff00000000', 'hex'),
      Buffer.alloc(4),
    ];
    const name = long.subarray(start, start + nameLength);
    const timers = long.subarray(timeAt - 13, timeAt + 8);
    createHmac('sha256', key.secret)
      .update(Buffer.concat([size, mac, bare, name, classAndTtl, timers, end]))
      .digest()
      .copy(long, timeAt + 10);
    verifyAnswer(long, key, mac, now + 299_000);
    assert.throws(() => verifyAnswer(long, key, mac, now + 302_000), says('BADTIME'));
  });

  test('with one bit changed anywhere holds no more', () => {
    const whole = message();
    fc.assert(
      fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
        const bytes = message();
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        // Upper and lower case are the same name; the id is compared where the answer is taken.
        if (bytes.toString('latin1').toLowerCase() === whole.toString('latin1').toLowerCase() || bit < 16)
          return;
        assert.throws(() => verifyAnswer(bytes, key, mac, now), DnsError);
      }),
    );
  });

  test('to another update, with another key, or without a signature', () => {
    assert.throws(() => verifyAnswer(message(), key, Buffer.alloc(32), now), says('BADSIG'));
    assert.throws(
      () => verifyAnswer(message(), { ...key, secret: Buffer.from('no') }, mac, now),
      says('BADSIG'),
    );
    assert.throws(
      () => verifyAnswer(message(), { ...key, name: 'other' }, mac, now),
      says('BADKEY', /another key or algorithm/u),
    );
    assert.throws(() => verifyAnswer(message(), keyOf('HMACSHA512'), mac, now), says('BADKEY'));
    const bare = Buffer.from(
      encodeUpdate({ id: 1, zone: 'a.', fqdn: 'b.a.', value: 'v', action: 'add', ttl: 1 }),
    );
    assert.throws(() => verifyAnswer(bare, key, mac, now), says('MISSING', /not signed/u));
  });

  test('that is about the clock says how far apart it is, and is signed itself', () => {
    assert.throws(
      () => verifyAnswer(Buffer.from(badTime, 'hex'), key, mac, now),
      says('BADTIME', /about 60 min apart/u),
    );
    assert.throws(
      () => verifyAnswer(Buffer.from(badTime, 'hex'), { ...key, secret: Buffer.from('x') }, mac, now),
      says('BADSIG'),
    );
  });
});

suite('updates', () => {
  test('remove exactly one record, as dnspython writes it but for compression', () => {
    const bytes = encodeUpdate({
      id: 0x1234,
      zone: 'example.com.',
      fqdn: '_acme-challenge.example.com.',
      value: 'value',
      action: 'remove',
      ttl: 60,
    });
    const compressed =
      '123428000001000000010000076578616d706c6503636f6d00000600010f5f61636d652d6368616c6c656e6765c00c001000fe0000000000060576616c7565';
    assert.equal(bytes.toString('hex'), compressed.replace('c00c', '076578616d706c6503636f6d00'));
  });

  test('answers to other updates, to queries, and questions are none', () => {
    const reply = (flags: number, id = 7): Buffer => {
      const bytes = Buffer.alloc(12);
      bytes.writeUInt16BE(id, 0);
      bytes.writeUInt16BE(flags, 2);
      return bytes;
    };
    assert.deepEqual(decodeUpdateAnswer(reply(0xa805), 7), { rcode: 'REFUSED', truncated: false });
    assert.deepEqual(decodeUpdateAnswer(reply(0xaa00), 7), { rcode: 'NOERROR', truncated: true });
    for (const other of [reply(0xa800, 8), reply(0x8000), reply(0x2800)])
      assert.equal(decodeUpdateAnswer(other, 7), undefined);
  });

  test('whatever comes is an answer, none, or an error of this room', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(), to: fc.nat(255) }), { maxLength: 5 }),
        fc.nat(),
        (changes, cut) => {
          const bytes = Buffer.from(accepted, 'hex');
          for (const { at, to } of changes) bytes[2 + (at % (bytes.length - 2))] = to;
          const message = cut % 2 === 0 ? bytes : bytes.subarray(0, cut % bytes.length);
          try {
            if (decodeUpdateAnswer(message, 0x1234) !== undefined) verifyAnswer(message, key, mac, now);
          } catch (error) {
            assert.ok(error instanceof DnsError, String(error));
          }
        },
      ),
    );
  });
});
