/** An HTTPS proxy in front of Pebble that refuses, loses, cuts, delays or changes what a test tells it to, and counts. */

import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as forward } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Pebble } from './pebble.ts';
import { certificateOf, makeRoot, makeSigned } from './test-pki.ts';

/** What is asked for; by Pebble's addresses. */
const kinds = {
  directory: /^\/dir$/u,
  nonce: /^\/nonce-plz$/u,
  newAccount: /^\/sign-me-up$/u,
  account: /^\/my-account\//u,
  listOrders: /^\/list-orderz\//u,
  newOrder: /^\/order-plz$/u,
  order: /^\/my-order\//u,
  authorization: /^\/authZ\//u,
  challenge: /^\/chalZ\//u,
  finalize: /^\/finalize-order\//u,
  certificate: /^\/certZ\//u,
  renewalInfo: /renewalInfo\//u,
} as const;
export type CaCall = keyof typeof kinds | 'other';
export const caCalls = Object.keys(kinds) as CaCall[];

export interface CaRequest {
  readonly call: CaCall;
  readonly method: string;
  readonly path: string;
}

export interface CaAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: string | Buffer;
}

/**
 * What becomes of one request. `answer`: Pebble never hears of it. `cut`: it never hears of it, and the connection breaks;
 * `cut-after`: it is carried out, and half of the answer arrives. `change`: it is carried out, and something else is said.
 * `hold`: it is carried out, and nothing is ever answered.
 */
export type CaFault =
  | 'none'
  | 'cut'
  | 'cut-after'
  | 'hold'
  | { readonly answer: CaAnswer }
  | { readonly change: (answer: Required<CaAnswer>) => CaAnswer }
  | { readonly delayMs: number };

export interface CaProxy {
  readonly directoryUrl: string;
  readonly caBundle: string;
  /** Asked for each request, and waited for; nothing happens without it. */
  fault: (request: CaRequest) => CaFault | Promise<CaFault>;
  /** Told once Pebble has answered, before anybody else is. */
  after: (request: CaRequest) => void | Promise<void>;
  /** Everything that came. */
  readonly requests: CaRequest[];
  count(call: CaCall): number;
  stop(): Promise<void>;
}

/** Pebble names everything by the host that it was asked at, and so by the proxy. */
export async function startCaProxy(pebble: Pebble): Promise<CaProxy> {
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-ca-proxy-'));
  await makeRoot(folder, 'ca');
  await makeSigned(folder, 'ca', 'server', ['127.0.0.1']);
  const [key, cert, caBundle] = await Promise.all([
    readFile(path.join(folder, 'server.key')),
    readFile(path.join(folder, 'server.crt')),
    certificateOf(folder, 'ca'),
  ]);
  const agent = new Agent({ keepAlive: true, ca: pebble.caBundle });
  const sockets = new Set<Socket>();
  const requests: CaRequest[] = [];

  const ask = (incoming: IncomingMessage, body: Buffer): Promise<Required<CaAnswer>> =>
    new Promise((resolve, reject) => {
      const { method, url, headers } = incoming;
      const onward = forward(
        { host: '127.0.0.1', port: pebble.port, path: url, method, headers, agent },
        (answer) => {
          collect(answer).then(
            (bytes) =>
              resolve({ status: answer.statusCode ?? 502, headers: { ...answer.headers }, body: bytes }),
            reject,
          );
        },
      );
      onward.once('error', reject);
      onward.end(body);
    });

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = incoming;
    const call = caCalls.find((each) => each !== 'other' && kinds[each].test(url)) ?? 'other';
    const request = { call, method, path: url };
    requests.push(request);
    const body = await collect(incoming);
    const fault = await proxy.fault(request);
    if (fault === 'cut') return void response.destroy();
    if (typeof fault === 'object' && 'answer' in fault) return send(response, fault.answer);
    if (typeof fault === 'object' && 'delayMs' in fault)
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    const answer = await ask(incoming, body);
    await proxy.after(request);
    if (fault === 'hold') return;
    if (fault === 'cut-after') {
      response.writeHead(answer.status, { 'content-length': '100000' });
      response.write(answer.body.slice(0, 20));
      setImmediate(() => response.destroy());
      return;
    }
    send(response, typeof fault === 'object' && 'change' in fault ? fault.change(answer) : answer);
  };

  const server = createServer({ key, cert }, (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const proxy: CaProxy = {
    directoryUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}/dir`,
    caBundle,
    fault: () => 'none',
    after: () => undefined,
    requests,
    count: (call) => requests.filter((each) => each.call === call).length,
    async stop() {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return proxy;
}

/** A problem document (RFC 8555 §6.7), with the headers that go with it. */
export function problemAnswer(
  status: number,
  type: string,
  detail: string,
  headers: Record<string, string> = {},
): CaAnswer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail, status }),
  };
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: CaAnswer): void {
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = headers;
  const given = Object.entries(rest).filter(
    (one): one is [string, string | string[]] => one[1] !== undefined,
  );
  response.writeHead(status, { ...Object.fromEntries(given), 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
