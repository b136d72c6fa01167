import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { DnsProviderError } from '../errors.ts';
import type { ProviderEnvironment, TxtRecord } from '../../provider.ts';
import { nameserverOf, rfc2136Type, type Rfc2136Config } from './provider.ts';

const record: TxtRecord = {
  fqdn: '_acme-challenge.example.com.',
  zone: 'example.com.',
  value: 'value',
  domain: 'example.com',
};
const type = rfc2136Type({
  randomId: () => 77,
  addressOf: (host) =>
    host === 'ns.example' ? Promise.resolve('127.0.0.1') : Promise.reject(new Error('ENOTFOUND')),
});

function environment(secrets: Record<string, string> = {}): ProviderEnvironment {
  return {
    secret: ({ name, key = '' }) => Promise.resolve(secrets[`${name}/${key}`] ?? ''),
    serviceAccountToken: () => Promise.reject(new Error('none')),
    ambient: false,
    environment: {},
    zoneOf: () => Promise.reject(new Error('none')),
    http: { request: () => Promise.reject(new Error('none')) },
    now: () => 1_800_000_000_000,
    wait: () => new Promise(() => undefined),
    programs: {},
  };
}

const fails =
  (code: string, why: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DnsProviderError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, why);
    return true;
  };

function answerTo(update: Buffer, rcode: number): Buffer {
  const answer = Buffer.alloc(12);
  update.copy(answer, 0, 0, 2);
  answer.writeUInt16BE(0xa800 | rcode, 2);
  return answer;
}

/** Answers every update with one rcode, unsigned. */
async function withServer(
  rcode: number,
  run: (port: number, received: Buffer[]) => Promise<void>,
  at = 0,
): Promise<void> {
  const socket = createSocket('udp4');
  const received: Buffer[] = [];
  socket.on('message', (message, from) => {
    received.push(message);
    socket.send(answerTo(message, rcode), from.port, from.address);
  });
  socket.bind(at, '127.0.0.1');
  await once(socket, 'listening');
  try {
    await run(socket.address().port, received);
  } finally {
    socket.close();
  }
}

suite('updates without a key', () => {
  test('add with class IN and 60 s, remove with class NONE and 0 s, to a host by name', () =>
    withServer(0, async (port, received) => {
      const provider = await type.create({ nameserver: `ns.example:${port}` }, environment());
      await provider.present(record);
      await provider.cleanUp(record);
      const tail = `001000010000003c000605${Buffer.from('value').toString('hex')}`;
      assert.ok(received[0]?.toString('hex').endsWith(tail));
      assert.ok(received[1]?.toString('hex').endsWith(tail.replace('001000010000003c', '001000fe00000000')));
    }));

  for (const [rcode, code, why] of [
    [5, 'dns-provider/denied', /^DNS update failed\. Server replied: REFUSED: .*set tsigKeyName/u],
    [9, 'dns-provider/zone-not-found', /Server replied: NOTAUTH: .*not authoritative/u],
    [10, 'dns-provider/zone-not-found', /Server replied: NOTZONE/u],
    [2, 'dns-provider/unavailable', /Server replied: SERVFAIL/u],
    [4, 'dns-provider/refused', /Server replied: NOTIMP/u],
  ] as const)
    test(`rcode ${rcode} is ${code}`, () =>
      withServer(rcode, async (port) => {
        const provider = await type.create({ nameserver: `127.0.0.1:${port}` }, environment());
        await assert.rejects(provider.present(record), fails(code, why));
      }));

  test('an answer without a signature is not taken where there is a key, of the server itself over TCP neither', async () => {
    const stream = createServer((socket) => {
      socket.once('data', (data) => {
        socket.end(Buffer.concat([Buffer.from([0, 12]), answerTo(data.subarray(2), 0)]));
      });
    }).listen(0, '127.0.0.1');
    await once(stream, 'listening');
    // Time passes once: the datagram may be anybody's, so another one is waited for; the connection answers.
    let waits = 0;
    const wait = (): Promise<void> =>
      waits++ === 0 ? Promise.resolve() : new Promise<void>(() => undefined);
    const run = async (port: number): Promise<void> => {
      const config: Rfc2136Config = {
        nameserver: `127.0.0.1:${port}`,
        tsigKeyName: 'k',
        tsigSecretSecretRef: { name: 's', key: 'k' },
      };
      const provider = await type.create(config, { ...environment({ 's/k': ' c2VjcmV0\n' }), wait });
      await assert.rejects(
        provider.present(record),
        fails('dns-provider/denied', /^DNS update failed: .*not signed/u),
      );
      assert.equal(waits, 2, 'one for UDP, one for TCP');
    };
    await withServer(0, run, (stream.address() as AddressInfo).port).finally(() => stream.close());
  });

  test('a closed port and an unknown host are trouble that may pass', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    await once(socket, 'close');
    const closed = await type.create({ nameserver: `127.0.0.1:${port}` }, environment());
    await assert.rejects(
      closed.present(record),
      fails('dns-provider/unavailable', /did not answer the update/u),
    );
    const unknown = await type.create({ nameserver: 'nobody.example' }, environment());
    await assert.rejects(
      unknown.present(record),
      fails('dns-provider/unavailable', /cannot resolve the name of the DNS server nobody\.example/u),
    );
  });
});

suite('configuration', () => {
  test('servers with and without port', () => {
    assert.deepEqual(nameserverOf('ns1.example.com'), { host: 'ns1.example.com', port: 53 });
    assert.deepEqual(nameserverOf('192.0.2.1:5353'), { host: '192.0.2.1', port: 5353 });
    assert.deepEqual(nameserverOf('[2001:db8::1]:54'), { host: '2001:db8::1', port: 54 });
    assert.deepEqual(nameserverOf('[2001:db8::1]'), { host: '2001:db8::1', port: 53 });
    assert.deepEqual(nameserverOf('2001:db8::1'), { host: '2001:db8::1', port: 53 });
    for (const text of ['', 'a b', 'ns:0', 'ns:99999', '[ns]:53', 'http://ns', 'ns/../x'])
      assert.throws(() => nameserverOf(text), fails('dns-provider/configuration', /is not host, host:port/u));
  });

  test('a key needs its name, its Secret, base64 and an algorithm that there is', async () => {
    const reference = { name: 's', key: 'k' };
    const create = (config: Partial<Rfc2136Config>, secret = 'c2VjcmV0'): Promise<unknown> =>
      type.create({ nameserver: '192.0.2.1', ...config }, environment({ 's/k': secret }));
    await assert.rejects(
      create({ tsigKeyName: 'k' }),
      fails('dns-provider/configuration', /belong together/u),
    );
    await assert.rejects(
      create({ tsigSecretSecretRef: reference }),
      fails('dns-provider/configuration', /belong together/u),
    );
    const whole = { tsigKeyName: 'k', tsigSecretSecretRef: reference };
    for (const secret of ['not base64!', 'abcde', '===='])
      await assert.rejects(
        create(whole, secret),
        fails('dns-provider/credentials', /Secret s, entry k, is not base64/u),
      );
    await assert.rejects(
      create({ ...whole, tsigAlgorithm: 'gss' }),
      fails('dns-provider/configuration', /none of HMACMD5/u),
    );
    await create({ ...whole, tsigAlgorithm: 'hmac-sha384' });
    assert.deepEqual(type.secretReferences({ nameserver: 'x', ...whole }), [reference]);
    assert.deepEqual(type.secretReferences({ nameserver: 'x' }), []);
  });
});
