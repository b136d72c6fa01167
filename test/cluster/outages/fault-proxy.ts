/** An HTTPS proxy in front of the API server that refuses, loses, cuts or holds back what a test tells it to. */
import { readFile } from 'node:fs/promises';
import { Agent, request as forward, type RequestOptions } from 'node:https';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { LAYOUT } from '../../../tools/apiserver/access.ts';
import type { Cluster } from '../../../tools/apiserver/start.ts';

/**
 * What becomes of one request. `lose`: the API server carries it out, and the client hears 500. `cut`: it is carried
 * out, and the connection breaks before the answer. A number: that status, and the API server never hears of it.
 */
export type Fault = 'none' | 'lose' | 'cut' | number;

export interface FaultProxy {
  readonly url: string;
  /** Asked for each request (watches too); none without it. */
  fault: (request: { method: string; path: string }) => Fault;
  /** How many requests met each fault. */
  readonly counts: Map<Fault, number>;
  /** No byte passes in either direction, and nothing is closed, until `resume`. */
  stall(): void;
  resume(): void;
  close(): Promise<void>;
}

/** Shows the API server's own certificate; requests pass with the bearer token that they carry. */
export async function startFaultProxy(cluster: Cluster): Promise<FaultProxy> {
  const pki = join(cluster.folder, LAYOUT.pki);
  const [key, cert] = await Promise.all(
    ['server.key', 'server.crt'].map((file) => readFile(join(pki, file))),
  );
  const agent = new Agent({ keepAlive: true, ca: cluster.ca });
  const sockets = new Set<Socket>();
  const counts = new Map<Fault, number>();
  let stalled: Promise<void> | undefined;
  let resume = (): void => undefined;

  const server = createServer({ key, cert }, (request, response) => {
    void handle(request, response);
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url: path = '/' } = request;
    const fault = proxy.fault({ method, path });
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    await stalled;
    if (typeof fault === 'number') return refuse(response, fault);
    const target: RequestOptions = { method, headers: { ...request.headers }, agent };
    const upstream = forward(cluster.url + path, target, (answer) => {
      if (fault === 'cut' || fault === 'lose') {
        const instead = (): void => void (fault === 'cut' ? response.destroy() : refuse(response, 500));
        answer.resume().once('end', instead);
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('data', (chunk: Buffer) => {
        if (stalled === undefined) {
          response.write(chunk);
          return;
        }
        answer.pause();
        void stalled.then(() => {
          response.write(chunk);
          answer.resume();
        });
      });
      answer.once('end', () => void (stalled ?? Promise.resolve()).then(() => response.end()));
      answer.once('error', () => response.destroy());
    });
    upstream.once('error', () => response.destroy());
    response.once('close', () => upstream.destroy());
    request.pipe(upstream);
  };

  const proxy: FaultProxy = {
    url: `https://127.0.0.1:${await listen(server)}`,
    fault: () => 'none',
    counts,
    stall() {
      const held = Promise.withResolvers<void>();
      stalled = held.promise;
      resume = () => {
        stalled = undefined;
        held.resolve();
      };
    },
    resume: () => resume(),
    async close() {
      resume();
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function refuse(response: ServerResponse, code: number): void {
  const reason = code === 429 ? 'TooManyRequests' : 'InternalError';
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: 'as the test asked',
  };
  const headers = { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) };
  response.writeHead(code, headers).end(JSON.stringify(status));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
