/** Carries DNS from an address of 127.0.0.0/8 that no interface has, where BIND does not listen, to one where it does. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Relay {
  close(): Promise<void>;
}

interface Place {
  address: string;
  port: number;
}

export async function startRelay(from: Place, to: Place): Promise<Relay> {
  const udp = createSocket('udp4');
  udp.on('message', (question, client) => {
    // One socket for each question: what comes back on it can only be for who asked.
    const upstream = createSocket('udp4');
    const end = setTimeout(() => upstream.close(), 5000);
    upstream.once('message', (answer) => {
      clearTimeout(end);
      upstream.close();
      udp.send(answer, client.port, client.address);
    });
    upstream.send(question, to.port, to.address);
  });
  const sockets = new Set<Socket>();
  const tcp = createServer((client) => {
    const upstream = connect(to.port, to.address);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.once('close', () => sockets.delete(one));
    }
    client.pipe(upstream).pipe(client);
  });
  udp.bind(from.port, from.address);
  tcp.listen(from.port, from.address);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
}
