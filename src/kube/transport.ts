/** HTTP to one API server: credentials, bounded bodies, stalls, Retry-After, typed failures. Knows no resource. */
import type { Dispatcher } from 'undici';
import type { Status } from '../api/meta.ts';
import type { Auth } from './auth/auth.ts';
import type { Clock } from './clock.ts';
import { pause } from './clock.ts';
import { errorFromStatus, KubeError, ProtocolError, TimeoutError, TransportError } from './errors.ts';
import { exchange, type Exchange } from './exchange.ts';
import type { Purpose, RequestObserver } from './observe.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** How to reach one API server. Made from a kubeconfig, from the pod's environment, or for an embedded server. */
export interface KubeConnection {
  /** `https://host:port`, with a path prefix when the server has one. */
  baseUrl: string;
  /** For requests that end. One for the life of the connection: a dispatcher per request is a handshake per request. */
  dispatcher: Dispatcher;
  /** For watches, so that they do not occupy the request connections; `dispatcher` when absent. */
  watchDispatcher?: Dispatcher;
  auth?: Auth;
  /** The User-Agent of a component; see user-agent.ts. */
  userAgent?: (component: string) => string;
  /** Shared by every client of the connection; absent: no limit. */
  limiter?: RateLimiter;
  clock: Clock;
  /** 0 <= random() < 1. */
  random: () => number;
  /** A server that says nothing for this long, or takes this long in all, has failed; 60 s when absent. */
  requestTimeoutMs?: number;
  /** Answers longer than this are refused; 64 MiB when absent (a page of 500 Secrets of 1 MiB is not expected). */
  maxBodyBytes?: number;
  /** The server sends the initial state as watch events when asked (Kubernetes 1.34 and later). */
  streamingList?: boolean;
  observer?: RequestObserver;
}

export interface TransportRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, starting with `/`. */
  path: string;
  body?: string;
  contentType?: string;
  accept?: string;
  /** Whether a second identical request does no harm; decides what is retried. True for GET, HEAD, PUT and DELETE. */
  idempotent?: boolean;
  signal?: AbortSignal;
  purpose?: Purpose;
  /**
   * Asked before each attempt, the repeated ones too, and again when its turn on a connection has come: with many requests
   * waiting for few connections, that may be long after. What it throws ends the request.
   */
  permit?: () => void;
}

export interface TransportAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface Transport {
  /** Resolves for 2xx only; rejects with a KubeError. */
  request(request: TransportRequest): Promise<TransportAnswer>;
  /** Opens an endless answer. Silence of `idleMs` ends it with a TimeoutError. */
  stream(request: TransportRequest, options: { idleMs: number }): Promise<AsyncIterable<Buffer>>;
}

/** A request is sent at most this often. */
const maxAttempts = 4;
/** A server that wants to be left alone for longer than this is left alone: the caller's queue waits, not we. */
const longestWaitMs = 30_000;

export function createTransport(connection: KubeConnection, component: string): Transport {
  const { clock, random, auth, limiter, observer } = connection;
  const base = new URL(connection.baseUrl);
  // A getter that puts the text together anew each time.
  const { origin } = base;
  const prefix = base.pathname.replace(/\/+$/, '');
  const timeoutMs = connection.requestTimeoutMs ?? 60_000;
  const maxBytes = connection.maxBodyBytes ?? 64 * 1024 * 1024;
  const agent = connection.userAgent?.(component) ?? component;

  const open = async (
    request: TransportRequest,
    how: { dispatcher: Dispatcher; bodyTimeoutMs: number; deadlineMs?: number },
  ): Promise<Exchange> => {
    const headers: Record<string, string> = {
      accept: request.accept ?? 'application/json',
      'user-agent': agent,
    };
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    if (auth !== undefined) Object.assign(headers, await auth.headers());
    const { permit } = request;
    return exchange(how.dispatcher, {
      origin,
      path: prefix + request.path,
      method: request.method,
      headers,
      body: request.body,
      headersTimeoutMs: timeoutMs,
      bodyTimeoutMs: how.bodyTimeoutMs,
      deadlineMs: how.deadlineMs,
      signal: request.signal,
      permit:
        permit === undefined
          ? undefined
          : () => {
              try {
                permit();
              } catch (error) {
                throw new UnsentError(error);
              }
            },
    });
  };

  const fail = async (request: TransportRequest, response: Exchange): Promise<KubeError> => {
    const body = await response.collect(1024 * 1024);
    return errorFromStatus(statusOf(body, response.status), {
      status: response.status,
      request: describe(request),
      retryAfterMs: retryAfterOf(response.headers['retry-after'], clock.now()),
    });
  };

  /** Runs `attempt` until it succeeds or trying again makes no sense. */
  const persist = async <T extends { status: number }>(
    request: TransportRequest,
    attempt: () => Promise<T>,
  ): Promise<T> => {
    const idempotent = request.idempotent ?? !['POST', 'PATCH'].includes(request.method);
    let refreshed = false;
    for (let count = 1; ; count++) {
      if (limiter !== undefined) await limiter.acquire(request.signal);
      request.permit?.();
      const startedMs = clock.now();
      const told = (code: number): void => {
        const { purpose } = request;
        if (purpose !== undefined)
          observer?.request(purpose.verb, purpose.resource, code, Math.max(0, clock.now() - startedMs));
      };
      try {
        const answer = await attempt();
        told(answer.status);
        return answer;
      } catch (error) {
        if (error instanceof UnsentError) throw error.cause;
        // A deadline that the caller set is an answer that did not come; what nobody wants any more tells nothing.
        if (request.signal?.reason instanceof TimeoutError) told(0);
        request.signal?.throwIfAborted();
        const failure = asKubeError(error, request);
        told(failure.status);
        if (failure.status === 401 && !refreshed && auth !== undefined && (await auth.refused())) {
          refreshed = true;
          continue;
        }
        const waitMs = count < maxAttempts ? retryDelay(failure, idempotent, count) : undefined;
        if (waitMs === undefined) throw failure;
        // Spread, so that many clients that were refused together do not come back together.
        await pause(clock, waitMs * (1 + 0.1 * random()), request.signal);
      }
    }
  };

  return {
    request: (request) =>
      persist(request, async () => {
        const response = await open(request, {
          dispatcher: connection.dispatcher,
          bodyTimeoutMs: timeoutMs,
          deadlineMs: timeoutMs,
        });
        if (response.status >= 300) throw await fail(request, response);
        return { status: response.status, headers: response.headers, body: await response.collect(maxBytes) };
      }),
    async stream(request, { idleMs }) {
      const { chunks } = await persist(request, async () => {
        const response = await open(request, {
          dispatcher: connection.watchDispatcher ?? connection.dispatcher,
          bodyTimeoutMs: idleMs,
        });
        if (response.status >= 300) throw await fail(request, response);
        return { status: response.status, chunks: translate(response.chunks(), request) };
      });
      return chunks;
    },
  };
}

/** Carries what a permit threw past those who take every failure for one of the connection. */
class UnsentError extends Error {
  constructor(cause: unknown) {
    super('not sent', { cause });
    this.name = 'UnsentError';
  }
}

/** How long to wait before the next attempt; undefined: do not try again. */
function retryDelay(error: KubeError, idempotent: boolean, count: number): number | undefined {
  const { retryAfterMs, status } = error;
  // 429: the server did not look at the request. 5xx with Retry-After: it may have.
  if (status === 429 || (status >= 500 && idempotent && retryAfterMs !== undefined)) {
    const waitMs = retryAfterMs ?? 1000;
    return waitMs <= longestWaitMs ? waitMs : undefined;
  }
  // A kept-alive connection that the server closed just as we used it: at once, and only when harmless.
  if (error instanceof TransportError && idempotent && count === 1) return 0;
  return undefined;
}

async function* translate(chunks: AsyncIterable<Buffer>, request: TransportRequest): AsyncIterable<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    request.signal?.throwIfAborted();
    throw asKubeError(error, request);
  }
}

function describe(request: TransportRequest): string {
  return `${request.method} ${request.path.split('?', 1)[0]}`;
}

function asKubeError(error: unknown, request: TransportRequest): KubeError {
  if (error instanceof KubeError) return error;
  const where = describe(request);
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'CERTWRIGHT_DEADLINE')
    return new TimeoutError(`${where}: the API server did not answer in time`, {
      cause: error,
      request: where,
    });
  if (code === 'CERTWRIGHT_BODY_TOO_LONG')
    return new ProtocolError(`${where}: the answer is longer than we accept`, {
      cause: error,
      request: where,
    });
  const why = error instanceof Error && error.message !== '' ? error.message : code;
  return new TransportError(`${where}: the API server could not be reached: ${why}`, {
    cause: error,
    request: where,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Proxies and load balancers answer with HTML: then the HTTP code is all we know. */
function statusOf(body: Buffer, status: number): Status {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status')
      return parsed as Status;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const text = body.toString('utf8', 0, 200).trim();
  return { code: status, message: `HTTP ${status}${text === '' || text.startsWith('<') ? '' : `: ${text}`}` };
}

/** RFC 9110 §10.2.3: seconds or an HTTP date. */
function retryAfterOf(value: string | string[] | undefined, nowMs: number): number | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
