/** One HTTP request to a CA and its answer: bounded in size and time, measured, its faults typed. */
import type { Connections } from './connections.ts';
import { AcmeProtocolError, AcmeTransportError } from './errors.ts';
import type { AcmeAction, RoundTrip } from './create-client.ts';
import { exchange, type WholeAnswer } from './exchange.ts';

export interface Outgoing {
  method: 'GET' | 'HEAD' | 'POST';
  url: string;
  action: AcmeAction;
  accept?: string;
  body?: string;
  maxBytes: number;
  signal: AbortSignal;
}

export type Answer = WholeAnswer;

export interface TripContext {
  connections: Connections;
  userAgent: string;
  observe?: (trip: RoundTrip) => void;
  /** Milliseconds of a clock that does not jump, for `seconds`. */
  steady: () => number;
}

/** What metrics show where there was no answer (acme.md §14). */
const noAnswer = 999;
const silenceMs = 60_000;

/** @throws AcmeTransportError; AcmeProtocolError for a body that is too long */
export async function roundTrip(context: TripContext, outgoing: Outgoing): Promise<Answer> {
  const url = new URL(outgoing.url);
  const begin = context.steady();
  let status = noAnswer;
  try {
    const answer = await send(context, outgoing, url);
    ({ status } = answer);
    return answer;
  } finally {
    context.observe?.({
      scheme: url.protocol.slice(0, -1),
      host: url.host,
      action: outgoing.action,
      method: outgoing.method,
      status,
      seconds: (context.steady() - begin) / 1000,
    });
  }
}

async function send(context: TripContext, outgoing: Outgoing, url: URL): Promise<Answer> {
  const { method, signal } = outgoing;
  try {
    const options = {
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: {
        'user-agent': context.userAgent,
        accept: outgoing.accept ?? 'application/json, application/problem+json',
        'accept-language': 'en',
        ...(outgoing.body === undefined ? {} : { 'content-type': 'application/jose+json' }),
      },
      body: outgoing.body ?? null,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
    };
    const tooLong = (status: number): AcmeProtocolError =>
      new AcmeProtocolError(
        `${method} ${shown(url)}: the CA's answer is longer than ${outgoing.maxBytes} bytes`,
        { status },
      );
    const { maxBytes } = outgoing;
    return await exchange(context.connections.dispatcherFor(url), options, { signal, maxBytes, tooLong });
  } catch (cause) {
    if (cause instanceof AcmeProtocolError) throw cause;
    throw transportError(cause, `${method} ${shown(url)}`, signal);
  }
}

/** Without query: CAs put identifiers there. Bounded. */
const shown = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, 300);

const connectCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);
const timeoutCodes = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
const certificateCodes =
  /^(?:ERR_SSL|ERR_TLS|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/u;

/** What Node would have its own user do, who is not the one who reads this. */
const nodeAdvice = /; if the root CA is installed locally, .*$/u;

export function transportError(cause: unknown, request: string, signal: AbortSignal): AcmeTransportError {
  if (signal.aborted)
    return isTimeout(signal.reason)
      ? new AcmeTransportError('timeout', `${request}: the CA took too long`, { cause })
      : new AcmeTransportError('aborted', `${request}: given up by the caller`, { cause });
  const code = codeOf(cause);
  const message = `${request}: ${cause instanceof Error ? firstLine(cause.message) : 'failed'}`;
  if (timeoutCodes.has(code)) return new AcmeTransportError('timeout', message, { cause });
  if (connectCodes.has(code)) return new AcmeTransportError('connect', message, { cause });
  if (certificateCodes.test(code))
    return new AcmeTransportError(
      'tls',
      `${message.replace(nodeAdvice, '')} (${code}; a private CA needs its root in spec.acme.caBundle)`,
      { cause },
    );
  return new AcmeTransportError('cut', message, { cause });
}

const isTimeout = (reason: unknown): boolean => reason instanceof Error && reason.name === 'TimeoutError';
const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').slice(0, 300);

/** Of the error or of what it was made of: `connect` tries several addresses and gathers their errors. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}
