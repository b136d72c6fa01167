/** A small HTTP(S) server of ours (metrics, health): GET and HEAD only, everything bounded. */
import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTls, type Server as TlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServingCertificate } from '../../serving/certificate-source.ts';
import type { Endpoint } from '../option-values.ts';
import { listen } from './listen.ts';

export interface Answer {
  status: number;
  contentType: string;
  body: string | AsyncIterable<string>;
}

/** What HTTPS needs of a certificate; both kinds of `src/serving` are one. */
export interface DoorCertificate {
  readonly current: ServingCertificate | undefined;
  onChange(listener: (certificate: ServingCertificate) => void): () => void;
}

export interface DoorOptions {
  /** Names the setting in messages: `--metrics-listen-address`. */
  setting: string;
  address: Endpoint;
  /** Of a GET; `target` is path and query. */
  answer: (target: string) => Answer;
  /** Told of connections that could not be accepted: their clients ask again. */
  onError?: (error: Error) => void;
  tls?: { certificate: DoorCertificate; options: Pick<ServerOptions, 'ciphers' | 'minVersion'> };
}

export interface Door {
  /** `http://host:port`. */
  url: string;
  close(): Promise<void>;
}

/** Scrapers and probes are few: what is beyond is an accident or ill will. */
const mostConnections = 64;
const patienceMs = 15_000;

/** @throws EnvironmentError naming the setting when the address is taken or not ours */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const { address, setting, tls } = options;
  const limits = { requestTimeout: patienceMs, headersTimeout: patienceMs, maxHeaderSize: 8 * 1024 };
  const listener: RequestListener = (request, response) => void serve(options, request, response);
  const server: Server | TlsServer =
    tls === undefined
      ? createPlain(limits, listener)
      : createTls({ ...limits, ...tls.options, ...tls.certificate.current }, listener);
  server.maxConnections = mostConnections;
  server.keepAliveTimeout = 65_000;
  // A scrape that nobody reads must not be held for ever.
  server.setTimeout(2 * 60_000);
  const forget = tls?.certificate.onChange((certificate) => {
    if ('setSecureContext' in server) server.setSecureContext({ ...tls.options, ...certificate });
  });
  const where = address.host.includes(':') ? `[${address.host}]` : address.host;
  await listen(server, setting, address, options.onError ?? (() => undefined));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${where}:${port}`,
    async close() {
      forget?.();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  options: DoorOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-type': 'text/plain' }).end('GET only\n');
    return;
  }
  const { status, contentType, body } = options.answer(request.url ?? '/');
  response.writeHead(status, {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  if (typeof body === 'string') {
    response.end(body);
    return;
  }
  // Whoever hangs up in the middle of an answer has no more interest in it, and nobody else has.
  await pipeline(Readable.from(body), response).catch(() => response.destroy());
}
