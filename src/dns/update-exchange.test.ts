import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { DnsClock } from './clock.ts';
import { NoAnswerError, UpdateRefusedError } from './errors.ts';
import { sendUpdate } from './update-exchange.ts';

const change = { zone: 'a.', fqdn: 'b.a.', value: 'v', action: 'add', ttl: 60 } as const;
const patient: DnsClock = { now: () => 0, after: () => ({ cancel: () => undefined }) };

type Reply = (message: Buffer) => Buffer | undefined;
const answer =
  (flags: number, id?: number): Reply =>
  (message) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16BE(id ?? message.readUInt16BE(0), 0);
    bytes.writeUInt16BE(0xa800 | flags, 2);
    return bytes;
  };

/** Says over which transports the server was asked. */
async function sent(
  udp: Reply,
  tcp: Reply,
  clock = patient,
  protocol: 'UDP' | 'TCP' = 'UDP',
): Promise<string[]> {
  const asked: string[] = [];
  const stream = createServer((socket) => {
    socket.once('data', (data) => {
      asked.push('tcp');
      const reply = tcp(data.subarray(2));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply?.length ?? 0);
      if (reply === undefined) socket.end();
      else socket.end(Buffer.concat([length, reply]));
    });
  }).listen(0, '127.0.0.1');
  await once(stream, 'listening');
  const { port } = stream.address() as { port: number };
  const datagrams = createSocket('udp4');
  datagrams.on('message', (message, from) => {
    asked.push('udp');
    const reply = udp(message);
    if (reply !== undefined) datagrams.send(reply, from.port, from.address);
  });
  datagrams.bind(port, '127.0.0.1');
  await once(datagrams, 'listening');
  try {
    await sendUpdate({ clock, randomId: () => 5 }, { address: '127.0.0.1', port, protocol }, change);
    return asked;
  } finally {
    datagrams.close();
    stream.close();
  }
}

const silent: Reply = () => undefined;

test('UDP is enough, TCP where that was asked for, and for what UDP cuts off or does not answer', async () => {
  assert.deepEqual(await sent(answer(0), silent), ['udp']);
  assert.deepEqual(await sent(silent, answer(0), patient, 'TCP'), ['tcp']);
  assert.deepEqual(await sent(answer(0x0200), answer(0)), ['udp', 'tcp']);
  // The time of the first attempt is over when the datagram is there.
  const tasks: (() => void)[] = [];
  const listening: DnsClock = {
    now: () => 0,
    after(_, task) {
      tasks.push(task);
      return { cancel: () => undefined };
    },
  };
  const expire: Reply = () => {
    tasks[0]?.();
    return undefined;
  };
  assert.deepEqual(await sent(expire, answer(0), listening), ['udp', 'tcp']);
});

test('a refusal, nonsense and an answer to another update are told apart', async () => {
  await assert.rejects(
    sent(answer(5), silent),
    (error) => error instanceof UpdateRefusedError && error.rcode === 'REFUSED',
  );
  await assert.rejects(sent(silent, answer(0, 6), patient, 'TCP'), /to another update/u);
  await assert.rejects(sent(silent, silent, patient, 'TCP'), /closed the connection without an answer/u);
  await assert.rejects(
    sent(silent, () => Buffer.alloc(3), patient, 'TCP'),
    /a DNS message of 3 bytes/u,
  );
  await assert.rejects(
    sendUpdate(
      { clock: patient, randomId: () => 5 },
      { address: '127.0.0.1', port: 1, protocol: 'TCP' },
      change,
    ),
    (error) =>
      error instanceof NoAnswerError &&
      /127\.0\.0\.1:1 did not answer the update of b\.a\./u.test(error.message),
  );
});
