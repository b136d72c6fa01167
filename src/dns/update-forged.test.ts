/** Datagrams that anybody could have sent do not decide about an update (RFC 8945 §5.4, RFC 5452 §9.1). */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { DnsClock } from './clock.ts';
import { NoAnswerError, TsigError, UpdateRefusedError } from './errors.ts';
import { signMessage, type TsigKey } from './tsig.ts';
import { sendUpdate } from './update-exchange.ts';

const change = { zone: 'a.', fqdn: 'b.a.', value: 'v', action: 'add', ttl: 60 } as const;
const now = 1_800_000_000_000;
const key: TsigKey = { name: 'key.', algorithm: 'HMACSHA256', secret: Buffer.alloc(32, 7) };
const thief: TsigKey = { ...key, secret: Buffer.alloc(32, 8) };

/** Of an answer: code 5 is REFUSED, 9 NOTAUTH; `id` that of the request when absent. */
function bare(request: Buffer, { rcode = 0, id = request.readUInt16BE(0) } = {}): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE(0xa800 | rcode, 2);
  return bytes;
}

/** RFC 8945 §5.3.2: over the signature of the request, which is in its last record, and the answer. */
function signed(request: Buffer, answer: Buffer, by = key): Buffer {
  // From the end: other (0), its length, error, id.
  const mac = request.subarray(request.length - 6 - 32, request.length - 6);
  const { bytes } = signMessage(answer, by, now);
  const { mac: own } = signMessage(Buffer.concat([Buffer.from([0, 32]), mac, answer]), by, now);
  own.copy(bytes, bytes.length - 6 - 32);
  return bytes;
}

/** An error of the TSIG record itself, without a signature: 16 is BADSIG, 17 BADKEY. */
function unsigned(request: Buffer, error: number): Buffer {
  const whole = signed(request, bare(request, { rcode: 9 }));
  const rest = Buffer.from(whole.subarray(whole.length - 6));
  rest.writeUInt16BE(error, 2);
  const bytes = Buffer.concat([whole.subarray(0, whole.length - 6 - 32), rest]);
  const sizeAt = bytes.length - 8;
  bytes.writeUInt16BE(0, sizeAt);
  const dataLengthAt = sizeAt - 8 - 'hmac-sha256'.length - 2 - 2;
  bytes.writeUInt16BE(whole.readUInt16BE(dataLengthAt) - 32, dataLengthAt);
  return bytes;
}

type Replies = (request: Buffer) => readonly Buffer[];

interface Told {
  asked: string[];
  /** Ends the time of the running attempt. */
  readonly expire: () => void;
}

async function update(
  context: TestContext,
  udp: (request: Buffer, told: Told) => readonly Buffer[],
  tcp?: Replies,
): Promise<string[]> {
  const ends: (() => void)[] = [];
  const told: Told = { asked: [], expire: () => ends.at(-1)?.() };
  const clock: DnsClock = {
    now: () => now,
    after(_, task) {
      ends.push(task);
      return { cancel: () => undefined };
    },
  };
  const stream = createServer((socket) => {
    socket.once('data', (data) => {
      told.asked.push('tcp');
      const [reply = Buffer.alloc(0)] = tcp?.(data.subarray(2)) ?? [];
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.end(Buffer.concat([length, reply]));
    });
  }).listen(0, '127.0.0.1');
  await once(stream, 'listening');
  const { port } = stream.address() as { port: number };
  const datagrams = createSocket('udp4');
  context.after(() => datagrams.close());
  if (tcp === undefined) {
    stream.close();
    await once(stream, 'close');
  } else context.after(() => stream.close());
  datagrams.on('message', (request, from) => {
    told.asked.push('udp');
    for (const reply of udp(request, told)) datagrams.send(reply, from.port, from.address);
  });
  datagrams.bind(port, '127.0.0.1');
  await once(datagrams, 'listening');
  const server = { address: '127.0.0.1', port, protocol: 'UDP', key } as const;
  await sendUpdate({ clock, randomId: () => 5 }, server, change);
  return told.asked;
}

const forgeries: Readonly<Record<string, (request: Buffer) => Buffer>> = {
  'a refusal that is not signed': (request) => bare(request, { rcode: 5 }),
  'a refusal by another key': (request) => signed(request, bare(request, { rcode: 5 }), thief),
  'a success by another key': (request) => signed(request, bare(request), thief),
  'another id': (request) => signed(request, bare(request, { id: 6 })),
  'an unsigned BADKEY': (request) => unsigned(request, 17),
  'three bytes': () => Buffer.alloc(3),
  'a header that promises records': (request) => {
    const bytes = bare(request);
    bytes.writeUInt16BE(9, 6);
    return bytes;
  },
};

for (const [what, forged] of Object.entries(forgeries)) {
  test(`${what} comes first, and the answer of the server counts`, async (context) => {
    const asked = await update(context, (request) => [
      forged(request),
      forged(request),
      signed(request, bare(request)),
    ]);
    assert.deepEqual(asked, ['udp']);
    await assert.rejects(
      update(context, (request) => [forged(request), signed(request, bare(request, { rcode: 5 }))]),
      (error) => error instanceof UpdateRefusedError && error.rcode === 'REFUSED',
    );
  });
}

test('nothing else came: when the time is up it is asked over TCP, and what is said there holds', async (context) => {
  const forgeThenExpire = (request: Buffer, { expire }: Told): readonly Buffer[] => {
    setImmediate(expire);
    return [unsigned(request, 17)];
  };
  assert.deepEqual(await update(context, forgeThenExpire, (request) => [signed(request, bare(request))]), [
    'udp',
    'tcp',
  ]);
  await assert.rejects(
    update(context, forgeThenExpire, (request) => [unsigned(request, 16)]),
    (error) => error instanceof TsigError && error.word === 'BADSIG',
  );
});

test('a flood of them is answered by TCP, too', async (context) => {
  const flood = (request: Buffer): readonly Buffer[] =>
    Array.from({ length: 70 }, () => bare(request, { rcode: 5 }));
  assert.deepEqual(await update(context, flood, (request) => [signed(request, bare(request))]), [
    'udp',
    'tcp',
  ]);
});

test('of a server without TCP, the complaint in the datagram is told, not the closed port', async (context) => {
  const flood = (request: Buffer): readonly Buffer[] =>
    Array.from({ length: 70 }, () => unsigned(request, 17));
  await assert.rejects(
    update(context, flood),
    (error) => error instanceof TsigError && error.word === 'BADKEY' && !(error instanceof NoAnswerError),
  );
});
