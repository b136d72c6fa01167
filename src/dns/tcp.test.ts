/** One message over TCP, whatever pieces it comes in, and nothing that outlives it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { MalformedMessageError } from './errors.ts';
import { exchangeTcp } from './tcp.ts';

/** A server that hands each connection to `talk` once the question is there. */
async function withServer(
  talk: (socket: Socket, question: Buffer) => void,
  run: (server: { address: string; port: number }) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true).on('error', () => undefined);
    socket.once('data', (question) => talk(socket, question));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await run({ address: '127.0.0.1', port: (server.address() as AddressInfo).port });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
}
const framed = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body]);
const never = new AbortController().signal;

test('an answer byte by byte is whole, and what comes after it is not read', async () => {
  const body = Buffer.from(Array.from({ length: 300 }, (_, index) => index & 255));
  const bytes = Buffer.concat([framed(body), Buffer.from('more')]);
  const talk = (socket: Socket): void => {
    let at = 0;
    const next = (): void => {
      if (at < bytes.length && !socket.destroyed)
        socket.write(bytes.subarray(at, (at += 1)), () => setImmediate(next));
    };
    next();
  };
  await withServer(talk, async (server) => {
    assert.deepEqual(await exchangeTcp(server, Buffer.from('question'), never), body);
  });
});

test('the question carries its length; the longest answer there can be arrives', async () => {
  const body = Buffer.alloc(65_535, 7);
  let asked = '';
  await withServer(
    (socket, question) => {
      asked = question.toString('latin1');
      socket.write(Buffer.concat([framed(body), Buffer.alloc(100_000)]));
    },
    async (server) => {
      assert.deepEqual(await exchangeTcp(server, Buffer.from('question'), never), body);
    },
  );
  assert.equal(asked, '\u0000\u0008question');
});

test('a server that stops in the middle, and a caller that has had enough', async () => {
  await withServer(
    (socket) => socket.end(Buffer.from([0, 50, 1, 2])),
    (server) => assert.rejects(exchangeTcp(server, Buffer.from('q'), never), MalformedMessageError),
  );
  const stop = new AbortController();
  const reason = new Error('enough');
  await withServer(
    () => stop.abort(reason),
    (server) =>
      assert.rejects(exchangeTcp(server, Buffer.from('q'), stop.signal), (error) => error === reason),
  );
});
