/**
 * One look for the answer as a CA does it (RFC 8555 §8.3): GET over plain HTTP, redirects followed, certificates not checked.
 * URLs come from users and from whatever answers there, so this is a place for SSRF: only http and https, every address is
 * looked at before it is connected to and then connected to (no second look-up), a body is only compared and never told.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Destination } from '../http01-deps.ts';
import { urlHost } from '../identity.ts';
import { ask, askProxy, plainHost, portOf } from './ask.ts';
import { match, type Outcome } from './outcome.ts';
import type { Proxy } from './proxy.ts';
import { isForbidden, isLoopback } from './special-addresses.ts';

export const mostRedirects = 10;
/** Key authorizations have less than 100 bytes; a longer body cannot be one. */
const mostBodyBytes = 1024;
const timeoutMs = 10_000;

export interface Look {
  host: string;
  path: string;
  expected: string;
  /** Connected to, whatever the name leads to. */
  to: Destination;
}

export interface FetchDeps {
  userAgent: string;
  /** For the hosts of redirects. Rejects when there is no address. */
  resolve: (host: string, signal: AbortSignal) => Promise<readonly string[]>;
  dial?: (at: Destination) => Destination;
}

/** Never rejects. At most ten seconds for all hops. */
export function fetchAnswer(look: Look, deps: FetchDeps, stop?: AbortSignal): Promise<Outcome> {
  const startedLocal = isLoopback(look.to.address);
  return follow(look, stop, async (url, hop, signal) => {
    const to = hop === 0 ? look.to : { address: await addressOf(url, deps, signal), port: portOf(url) };
    if (isForbidden(to.address))
      return refused(hop, `${to.address} is link-local or a metadata server: it is never asked`);
    // Somebody outside must not be able to make us ask what listens on this machine only.
    if (hop > 0 && isLoopback(to.address) && !startedLocal)
      return refused(hop, `${url.hostname} is this machine itself`);
    return ask(url, deps.dial?.(to) ?? to, deps.userAgent, signal);
  });
}

/** The same through a proxy, which does the looking up. */
export function fetchThroughProxy(
  look: Omit<Look, 'to'>,
  proxy: Proxy,
  deps: Pick<FetchDeps, 'userAgent' | 'dial'>,
  stop?: AbortSignal,
): Promise<Outcome> {
  const at = { address: proxy.host, port: proxy.port };
  const { address: host, port } = deps.dial?.(at) ?? at;
  const dialled = { ...proxy, host, port };
  return follow(look, stop, async (url, hop, signal) => {
    const name = plainHost(url);
    if (isForbidden(name) || isLoopback(name))
      return refused(hop, `${name} is link-local, a metadata server or the proxy itself`);
    return askProxy(url, dialled, deps.userAgent, signal);
  });
}

type Hop = (url: URL, hop: number, signal: AbortSignal) => Promise<IncomingMessage | Outcome>;

async function follow(look: Omit<Look, 'to'>, stop: AbortSignal | undefined, hopTo: Hop): Promise<Outcome> {
  const signals = [AbortSignal.timeout(timeoutMs), ...(stop === undefined ? [] : [stop])];
  const signal = AbortSignal.any(signals);
  let url = urlOf(look);
  if (url === undefined) return notAHost;
  try {
    for (let hop = 0; ; hop++) {
      const answer = await hopTo(url, hop, signal);
      if ('kind' in answer) return answer;
      const next = redirectOf(answer, url);
      if (next === undefined) return await compare(answer, look.expected);
      answer.destroy();
      if (hop === mostRedirects) return wrong('redirects', `redirects more than ${mostRedirects} times`);
      if (next === 'unreadable' || !['http:', 'https:'].includes(next.protocol))
        return wrong('refused-redirect', 'redirects to something that is neither http nor https');
      url = next;
    }
  } catch (error) {
    return failure(error, url, signal);
  }
}

/** Undefined for what is no host: it would be asked for as something else. */
function urlOf({ host, path }: Omit<Look, 'to'>): URL | undefined {
  const url = URL.parse(`http://${urlHost(host)}${path}`);
  if (url === null) return undefined;
  const isSame = isIP(host) !== 0 || url.hostname === host.toLowerCase();
  return isSame && url.pathname === path && url.port === '' && url.username === '' ? url : undefined;
}

const notAHost: Outcome = {
  kind: 'wrong',
  what: 'refused-address',
  detail: 'cannot be asked: the name of the Challenge is no host, or its token no path',
};

function redirectOf(answer: IncomingMessage, from: URL): URL | 'unreadable' | undefined {
  const { statusCode = 0, headers: received } = answer;
  if (![301, 302, 303, 307, 308].includes(statusCode) || received.location === undefined) return undefined;
  return URL.parse(received.location, from.href) ?? 'unreadable';
}

async function compare(answer: IncomingMessage, expected: string): Promise<Outcome> {
  const status = answer.statusCode ?? 0;
  if (status !== 200) {
    answer.destroy();
    return wrong('status', `answers ${status} instead of 200`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    // Leaving the loop destroys the stream: the rest is not read.
    if (size > mostBodyBytes)
      return wrong('body', `answers with more than ${mostBodyBytes} bytes, which is not the challenge`);
  }
  // RFC 8555 §8.3: white space at the end of the body is to be ignored.
  const text = Buffer.concat(chunks).toString('latin1').trimEnd();
  return text === expected ? match : wrong('body', 'answers 200 with something that is not the challenge');
}

async function addressOf(url: URL, deps: FetchDeps, signal: AbortSignal): Promise<string> {
  const host = plainHost(url);
  if (isIP(host) !== 0) return host;
  const [first] = await deps.resolve(host, signal);
  if (first === undefined) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
  return first;
}

function wrong(what: Extract<Outcome, { kind: 'wrong' }>['what'], detail: string): Outcome {
  return { kind: 'wrong', what, detail };
}

function refused(hop: number, why: string): Outcome {
  return hop === 0
    ? wrong('refused-address', `is not asked: ${why}`)
    : wrong('refused-redirect', `redirects to an address that is not asked: ${why}`);
}

/** By code, never by message: messages change with OpenSSL and libuv. */
function failure(error: unknown, url: URL, signal: AbortSignal): Outcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const where = url.protocol === 'https:' ? ` (after a redirect to https://${url.host.slice(0, 260)})` : '';
  const gone = (why: Extract<Outcome, { kind: 'unreachable' }>['why'], detail: string): Outcome => ({
    kind: 'unreachable',
    why,
    detail: detail + where,
  });
  if (signal.aborted || code === 'ETIMEDOUT')
    return gone('timeout', `did not answer within ${timeoutMs / 1000} s`);
  if (code === 'ECONNREFUSED') return gone('refused', 'refuses the connection');
  if (['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'].includes(code))
    return gone('no-route', 'cannot be reached from here');
  if (['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(code))
    return {
      kind: 'wrong',
      what: 'redirects',
      detail: `redirects to ${url.hostname.slice(0, 253)}, which has no address`,
    };
  if (code === 'PROXY_REFUSED') return gone('proxy', 'is a proxy that refuses a tunnel');
  if (code.startsWith('HPE_')) return wrong('not-http', 'answers with something that is not HTTP');
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return gone('tls', 'answers no TLS handshake');
  return gone('closed', 'closes the connection without an answer');
}
