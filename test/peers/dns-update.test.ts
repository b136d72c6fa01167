/** Dynamic updates against a real BIND: every TSIG algorithm, no signature, and each way to be refused. */
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { TsigError, UpdateRefusedError } from '../../src/dns/errors.ts';
import { tsigAlgorithmOf, tsigAlgorithms, type TsigAlgorithm, type TsigKey } from '../../src/dns/tsig.ts';
import { sendUpdate, type UpdateServer } from '../../src/dns/update-exchange.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { startBind, type Bind } from '../../tools/peers/bind/bind.ts';

const algorithms = Object.keys(tsigAlgorithms) as TsigAlgorithm[];
/** `HMACSHA256` to what named.conf says. */
const bindName = (algorithm: TsigAlgorithm): string => algorithm.toLowerCase().replace('hmac', 'hmac-');
const keyFor = (algorithm: TsigAlgorithm): TsigKey => ({
  name: `key-${algorithm.toLowerCase()}`,
  algorithm,
  secret: createHash('sha512').update(algorithm).digest(),
});

suite('updates of a TXT record at BIND', () => {
  let bind: Bind;
  before(async () => {
    const keys = algorithms.map((algorithm) => {
      const key = keyFor(algorithm);
      return {
        name: key.name,
        algorithm: bindName(algorithm),
        secret: Buffer.from(key.secret).toString('base64'),
      };
    });
    bind = await startBind({
      keys,
      zones: [
        {
          name: 'signed.test',
          allowUpdate: keys.map(({ name }) => name),
          records: ['_acme-challenge TXT "foreign"'],
        },
        { name: 'open.test', allowUpdate: ['any'] },
        { name: 'closed.test' },
      ],
    });
  });
  after(() => bind.stop());

  const update = async (
    action: 'add' | 'remove',
    zone: string,
    value: string,
    how: { key?: TsigKey; protocol?: 'UDP' | 'TCP'; skewMs?: number; timeoutMs?: number } = {},
  ): Promise<void> => {
    const server: UpdateServer = { address: bind.address, port: bind.port, protocol: how.protocol ?? 'UDP' };
    if (how.key !== undefined) server.key = how.key;
    const clock = { ...systemClock, now: () => Date.now() + (how.skewMs ?? 0) };
    const change = { action, zone, fqdn: `_acme-challenge.${zone}`, value, ttl: 60 };
    const { timeoutMs = 10_000 } = how;
    await sendUpdate({ clock, randomId: () => randomInt(65_536), timeoutMs }, server, change);
  };
  const texts = (zone: string): Promise<string[]> => bind.dig(`_acme-challenge.${zone}`, 'TXT', '+tcp');

  for (const algorithm of algorithms)
    for (const protocol of ['UDP', 'TCP'] as const)
      test(`${algorithm} over ${protocol} adds and removes one value, twice each, and leaves the other`, async () => {
        const how = { key: keyFor(algorithm), protocol };
        await update('add', 'signed.test.', 'ours', how);
        await update('add', 'signed.test.', 'ours', how);
        assert.deepEqual((await texts('signed.test.')).toSorted(), ['"foreign"', '"ours"']);
        await update('remove', 'signed.test.', 'ours', how);
        await update('remove', 'signed.test.', 'ours', how);
        assert.deepEqual(await texts('signed.test.'), ['"foreign"']);
      });

  test('a value of more than 255 bytes is written as several strings', async () => {
    const value = 'v'.repeat(600);
    await update('add', 'open.test.', value);
    const [line = ''] = await texts('open.test.');
    assert.equal(line.replaceAll(/[" ]/gu, ''), value);
    await update('remove', 'open.test.', value);
    assert.deepEqual(await texts('open.test.'), []);
  });

  test('without a signature: where the server lets everybody, and nowhere else', async () => {
    await update('add', 'open.test.', 'unsigned');
    assert.deepEqual(await texts('open.test.'), ['"unsigned"']);
    await assert.rejects(update('add', 'signed.test.', 'unsigned'), refused('REFUSED'));
    await assert.rejects(
      update('add', 'closed.test.', 'x', { key: keyFor('HMACSHA256') }),
      refused('REFUSED'),
    );
    await assert.rejects(
      update('add', 'elsewhere.test.', 'x', { key: keyFor('HMACSHA256') }),
      refused('NOTAUTH'),
    );
  });

  test('what BIND says about keys and clocks comes out as the words of RFC 8945', async () => {
    const key = keyFor('HMACSHA256');
    const told = (word: string, text: RegExp) => (error: unknown) => {
      assert.ok(error instanceof TsigError);
      assert.equal(error.word, word);
      assert.match(error.message, text);
      return true;
    };
    // What is not signed may be anybody's: over UDP it is passed over until the time is up, and told over TCP.
    const unsigned = { timeoutMs: 2_000 };
    await assert.rejects(
      update('add', 'signed.test.', 'x', {
        key: { ...key, secret: Buffer.from('another secret') },
        ...unsigned,
      }),
      told('BADSIG', /another secret for the key key-hmacsha256/),
    );
    await assert.rejects(
      update('add', 'signed.test.', 'x', { key: { ...key, name: 'nobody' }, ...unsigned }),
      told('BADKEY', /does not know a key nobody/),
    );
    await assert.rejects(
      update('add', 'signed.test.', 'x', { key, skewMs: -3_600_000 }),
      told('BADTIME', /about 60 min apart/),
    );
    assert.deepEqual(await texts('signed.test.'), ['"foreign"']);
  });

  test('records that tests put there at the same time are all there', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `at-once-${index}.open.test.`);
    await Promise.all(names.map((name) => bind.update(`update add ${name} 60 TXT "here"`)));
    for (const name of names) assert.deepEqual(await bind.dig(name, 'TXT'), ['"here"'], name);
  });

  test('algorithms are named as issuers and as name servers name them', () => {
    for (const algorithm of algorithms) assert.equal(tsigAlgorithmOf(bindName(algorithm)), algorithm);
    assert.throws(() => tsigAlgorithmOf('gss-tsig'), /is none of HMACMD5, HMACSHA1/);
  });
});

function refused(rcode: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UpdateRefusedError);
    assert.equal(error.rcode, rcode);
    return true;
  };
}
