/** One exchange with one server over a connection of its own (RFC 1035 §4.2.2, RFC 7766). */
import { connect } from 'node:net';
import { MalformedMessageError } from './errors.ts';
import type { PlainServer } from './udp.ts';

/**
 * Sends one message and resolves with the one that comes back. Its length is announced in two bytes, so nothing that a
 * server sends takes more than 64 KiB. Rejects with the socket's error or the signal's reason.
 */
export function exchangeTcp(server: PlainServer, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: server.address, port: server.port });
    // A server may send byte by byte: what has come is copied once.
    let answer = Buffer.alloc(2);
    let received = 0;
    let hasLength = false;
    const finish = (settle: () => void): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      settle();
    };
    const abort = (): void => finish(() => reject(signal.reason as Error));
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', (error) => finish(() => reject(error)));
    socket.on('close', () =>
      finish(() => reject(new MalformedMessageError('the server closed the connection without an answer'))),
    );
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.on('data', (chunk: Buffer) => {
      for (let rest = chunk; rest.length > 0 && received < answer.length;) {
        const taken = rest.copy(answer, received);
        received += taken;
        rest = rest.subarray(taken);
        if (received < 2 || hasLength) continue;
        hasLength = true;
        answer = Buffer.concat([answer], 2 + answer.readUInt16BE(0));
      }
      if (hasLength && received === answer.length) finish(() => resolve(answer.subarray(2)));
    });
  });
}
