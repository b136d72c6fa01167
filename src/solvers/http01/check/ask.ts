/** One GET to a place that is given, over a connection of its own, straight or through a proxy. Redirects are the caller's. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Destination } from '../http01-deps.ts';
import type { Proxy } from './proxy.ts';

export function ask(
  url: URL,
  to: Destination,
  userAgent: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return send(url.protocol === 'https:' ? httpsRequest : httpRequest, {
    host: to.address,
    port: to.port,
    path: url.pathname + url.search,
    headers: headers(url, userAgent),
    ...(url.protocol === 'https:' ? unverified(url) : {}),
    signal,
  });
}

export async function askProxy(
  url: URL,
  proxy: Proxy,
  userAgent: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const login: Record<string, string> =
    proxy.authorization === undefined ? {} : { 'Proxy-Authorization': proxy.authorization };
  if (url.protocol === 'http:')
    return send(httpRequest, {
      host: proxy.host,
      port: proxy.port,
      path: url.href,
      headers: { ...headers(url, userAgent), ...login },
      signal,
    });
  const tunnel = await openTunnel(`${url.hostname}:${portOf(url)}`, proxy, login, signal);
  const options: ConnectionOptions = { socket: tunnel, ...unverified(url) };
  return send(httpRequest, {
    path: url.pathname + url.search,
    headers: headers(url, userAgent),
    createConnection: () => tlsConnect(options),
    signal,
  });
}

export function plainHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** RFC 8555 §8.3: redirects lead to sites whose certificate is the one to be replaced. */
function unverified(url: URL): { rejectUnauthorized: false; servername?: string } {
  const name = plainHost(url);
  return { rejectUnauthorized: false, ...(isIP(name) === 0 ? { servername: name } : {}) };
}

function headers(url: URL, userAgent: string): Record<string, string> {
  return { Host: url.host, 'User-Agent': userAgent, Accept: '*/*', Connection: 'close' };
}

/** A connection of its own each time: the next look may reach another replica. */
const once = { method: 'GET', setHost: false, maxHeaderSize: 16 * 1024 } as const;

function send(
  start: typeof httpRequest | typeof httpsRequest,
  options: RequestOptions & { rejectUnauthorized?: boolean; servername?: string },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // An agent, even a fresh one, would not use the tunnel.
    const agent = options.createConnection === undefined ? { agent: false as const } : {};
    const request = start({ ...options, ...once, ...agent });
    request.on('response', resolve);
    request.on('error', reject);
    request.end();
  });
}

/** RFC 9110 §9.3.6. */
function openTunnel(
  target: string,
  { host, port }: Proxy,
  login: Record<string, string>,
  signal: AbortSignal,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...once,
      agent: false,
      method: 'CONNECT',
      host,
      port,
      path: target,
      headers: { Host: target, ...login },
      signal,
    });
    request.on('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(Object.assign(new Error('the proxy refuses a tunnel'), { code: 'PROXY_REFUSED' }));
      }
    });
    request.on('error', reject);
    request.end();
  });
}
