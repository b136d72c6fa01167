/** One exchange of datagrams with one server (RFC 1035 §4.2.1, RFC 5452). */
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';

/** A forger has to guess; one who floods us with guesses ends the attempt instead of getting more of them. */
const mostStrangers = 64;

/** Somebody sends datagrams that answer nothing of ours, again and again: only a connection can tell who answers. */
export class TooManyStrangersError extends Error {
  constructor() {
    super('too many datagrams that answer something else');
    this.name = 'TooManyStrangersError';
  }
}

export interface PlainServer {
  address: string;
  port: number;
}

/**
 * Sends the message from a port that the system picks at random, and resolves with the first datagram that `accept`
 * makes something of. The socket is connected: the kernel drops what comes from elsewhere. Rejects with the socket's error
 * (a closed port shows as ECONNREFUSED), with what `accept` throws, or with the signal's reason.
 */
export function exchangeUdp<T>(
  server: PlainServer,
  message: Buffer,
  accept: (datagram: Buffer) => T | undefined,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = createSocket(isIP(server.address) === 6 ? 'udp6' : 'udp4');
    let strangers = 0;
    let over = false;
    const finish = (settle: () => void): void => {
      if (over) return;
      over = true;
      signal.removeEventListener('abort', abort);
      socket.close();
      settle();
    };
    const abort = (): void => finish(() => reject(signal.reason as Error));
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', (error) => finish(() => reject(error)));
    socket.on('message', (datagram) => {
      try {
        const answer = accept(datagram);
        if (answer !== undefined) finish(() => resolve(answer));
        else if (++strangers > mostStrangers) finish(() => reject(new TooManyStrangersError()));
      } catch (error) {
        finish(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    });
    socket.connect(server.port, server.address, (error?: Error) => {
      if (over) return;
      if (error !== undefined && error !== null) {
        finish(() => reject(error));
        return;
      }
      socket.send(message, (failure) => {
        if (failure !== null && failure !== undefined) finish(() => reject(failure));
      });
    });
  });
}
