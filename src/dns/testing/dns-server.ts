/** A name server of a test: answers over UDP and TCP with what dns-packet, written by others, makes of the records. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import packet, { type Answer, type DecodedPacket, type Packet } from 'dns-packet';

export interface Asked {
  name: string;
  type: string;
  transport: 'udp' | 'tcp';
  recursionDesired: boolean;
}

/** Undefined: it stays silent. A buffer goes out as it is. */
export type Reply = (Omit<Packet, 'flags'> & { rcode?: number; flags?: number }) | Buffer | undefined;

export interface TestDnsServer extends AsyncDisposable {
  readonly server: string;
  readonly port: number;
  readonly asked: Asked[];
}

export async function startDnsServer(
  reply: (asked: Asked, query: DecodedPacket) => Reply | readonly Reply[],
): Promise<TestDnsServer> {
  const asked: Asked[] = [];
  const answer = (message: Buffer, transport: Asked['transport']): Buffer[] => {
    const query = packet.decode(message);
    const [question] = query.questions ?? [];
    const one: Asked = {
      name: question?.name ?? '',
      type: question?.type ?? '',
      transport,
      recursionDesired: query.flag_rd,
    };
    asked.push(one);
    const replies = [reply(one, query)].flat();
    return replies.flatMap((each) => {
      if (each === undefined || Buffer.isBuffer(each)) return each ?? [];
      const { rcode = 0, flags = 0, ...rest } = each;
      return packet.encode({
        id: query.id,
        type: 'response',
        questions: query.questions,
        ...rest,
        flags: flags | rcode,
      });
    });
  };
  const udp = createSocket('udp4');
  udp.on('message', (message, from) => {
    for (const each of answer(message, 'udp')) udp.send(each, from.port, from.address);
  });
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => {
      for (const each of answer(data.subarray(2), 'tcp')) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(each.length);
        // In pieces, as networks deliver.
        socket.write(length.subarray(0, 1));
        socket.write(Buffer.concat([length.subarray(1), each]));
      }
    });
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as { port: number };
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    server: `127.0.0.1:${port}`,
    port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
}

export function txt(name: string, data: string | string[]): Answer {
  return { type: 'TXT', name, ttl: 60, data };
}
