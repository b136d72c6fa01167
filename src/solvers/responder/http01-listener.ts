/** Answers HTTP-01 challenges (RFC 8555 §8.3), and nothing else, over plain HTTP. Stands in the open Internet. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ListenOn } from '../settings.ts';
import { bind } from './bind.ts';
import { canonicalHost } from './challenge-answers.ts';

/** Of the table, or of the one answer that a solver Pod was started with. */
export interface Http01Lookup {
  /** The key authorization for a host as canonicalHost makes it; undefined: not ours. */
  http01(host: string, token: string): string | undefined;
}

export interface Http01ListenerOptions {
  address: ListenOn;
  answers: Http01Lookup;
  /** Names the flag in messages. */
  setting: string;
  /** The setting for answers in a folder, for messages; absent: there is none. */
  webroot?: string;
  /** Paths that say 200 to whoever asks whether we are alive. Default: `/healthz`. */
  healthPaths?: readonly string[];
  /** Told of every request for a challenge, answered or not. Nothing of it is secret; texts are bounded. */
  onRequest?: (seen: SeenRequest) => void;
  onError?: (error: Error) => void;
}

export interface SeenRequest {
  host: string;
  token: string;
  answered: boolean;
  remote: string;
}

export interface ChallengeListener {
  /** Where it really listens. */
  readonly address: ListenOn;
  /** No new connections; those that are being answered may end, for five seconds (spec/acme.md §9). */
  close(): Promise<void>;
}

const challengePath = '/.well-known/acme-challenge/';
/** Base64url (RFC 8555 §8.3), the one alphabet of tokens. */
export const tokenPattern = /^[A-Za-z0-9_-]{1,512}$/;
const mostConnections = 1_024;
const closeGraceMs = 5_000;

/** @throws ListenError */
export async function startHttp01Listener(options: Http01ListenerOptions): Promise<ChallengeListener> {
  const server = createServer(
    {
      // A request here is one line and a few headers.
      maxHeaderSize: 8 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => answer(options, request, response),
  );
  server.maxConnections = mostConnections;
  server.maxRequestsPerSocket = 100;
  server.on('clientError', (_error: Error, socket: Socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  const onError = options.onError ?? (() => undefined);
  const { address, port } = await bind(
    server,
    options.setting,
    options.address,
    onError,
    `let it pass /.well-known/acme-challenge/ on to another address and name that one with ${options.setting}${options.webroot === undefined ? '' : `, or have the answers written into the folder that it serves (${options.webroot})`}`,
  );
  return { address: { host: address, port }, close: () => closeGently(server) };
}

function answer(options: Http01ListenerOptions, request: IncomingMessage, response: ServerResponse): void {
  // Nobody has to send a body here, and nobody is listened to while they do.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
    response.setHeader('Connection', 'close');
  const { host, path } = target(request);
  if ((options.healthPaths ?? ['/healthz']).includes(path)) {
    send(response, 200, '');
    return;
  }
  // As it was written: a path with escapes or dots in it is no challenge.
  const token = path.startsWith(challengePath) ? path.slice(challengePath.length) : '';
  if (!tokenPattern.test(token)) {
    send(response, 404, '404 page not found\n');
    return;
  }
  const keyAuthorization = options.answers.http01(host, token);
  options.onRequest?.({
    host: host.slice(0, 253),
    token: token.slice(0, 128),
    answered: keyAuthorization !== undefined,
    remote: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  });
  if (keyAuthorization === undefined) send(response, 404, '404 page not found\n');
  else send(response, 200, keyAuthorization);
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'Content-Type': status === 200 && body !== '' ? 'application/octet-stream' : 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

/** Host without port and brackets; path without query. */
function target({ url = '', headers }: IncomingMessage): { host: string; path: string } {
  // The absolute form, as proxies are asked (RFC 9112 §3.2.2): its host counts.
  const absolute = /^http:\/\/([^/?#]*)(.*)$/i.exec(url);
  const rest = absolute === null ? url : absolute[2] === '' ? '/' : (absolute[2] ?? '/');
  return { host: hostOf(absolute?.[1] ?? headers.host ?? ''), path: rest.split('?', 1)[0] ?? '' };
}

function hostOf(authority: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(authority);
  return canonicalHost(bracketed?.[1] ?? authority.replace(/:\d*$/, ''));
}

function closeGently(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), closeGraceMs);
    force.unref();
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
