/** Carries HTTP requests over a Node server to the API handler and answers back, with back-pressure. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserInfo } from '../../api/admission.ts';
import { tooLarge, unauthorized, type ApiError } from '../rest/api-error.ts';
import { isStreaming, MAX_BODY_BYTES, type ApiResponse } from '../rest/exchange.ts';
import { refusal, type Handle } from './in-process-dispatcher.ts';

/** How long a watch that has ended waits for its client to read the rest. */
const UNREAD_MS = 30_000;

export interface HttpFront {
  onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** Ends the watches of this front; later ones end at once. */
  endStreams: () => void;
}

export function serveHttp(
  handle: Handle,
  authenticate: (request: IncomingMessage) => UserInfo | undefined,
): HttpFront {
  const streams = new Set<() => void>();
  let ending = false;
  return {
    onRequest: (request, response) => {
      response.on('error', () => request.destroy()); // The peer went away.
      answer(request, handle, authenticate)
        .then((result) => {
          if (ending) response.setHeader('connection', 'close');
          send(result, request, response, streams);
          if (ending) for (const stop of streams) stop();
        })
        .catch(() => request.destroy()); // The body could not be read, or the answer not sent: there is nobody to tell.
    },
    endStreams: () => {
      ending = true;
      for (const stop of streams) stop();
    },
  };
}

async function answer(
  request: IncomingMessage,
  handle: Handle,
  authenticate: (request: IncomingMessage) => UserInfo | undefined,
): Promise<ApiResponse> {
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  const user = authenticate(request);
  if (user === undefined && !['/healthz', '/livez', '/readyz'].includes(path)) {
    return closing(unauthorized());
  }
  const body = await readBody(request);
  if (body === 'too large') return closing(tooLarge(MAX_BODY_BYTES));
  return handle({
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(question === -1 ? '' : target.slice(question + 1)),
    headers: request.headers as Record<string, string | undefined>,
    body,
    user: user ?? { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  });
}

/** The body may be unread: the connection cannot be used again. */
function closing(error: ApiError): ApiResponse {
  const response = refusal(error);
  response.headers['connection'] = 'close';
  return response;
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | 'too large' | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) return 'too large';
    chunks.push(chunk);
  }
  return size === 0 ? undefined : Buffer.concat(chunks);
}

function send(
  result: ApiResponse,
  request: IncomingMessage,
  response: ServerResponse,
  streams: Set<() => void>,
): void {
  const { body } = result;
  if (typeof body === 'string') {
    response.writeHead(result.status, { ...result.headers, 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  response.writeHead(result.status, result.headers);
  if (isStreaming(body)) {
    // A watch may have nothing to say for long: the client must see the head at once.
    response.flushHeaders();
    let cut: NodeJS.Timeout | undefined;
    const end = (): void => {
      response.end();
      cut ??= setTimeout(() => response.destroy(), UNREAD_MS).unref();
    };
    const stream = body.start({ write: (chunk) => response.write(chunk), end });
    response.on('drain', stream.ready);
    streams.add(stream.stop);
    response.on('close', () => {
      streams.delete(stream.stop);
      stream.stop();
      clearTimeout(cut);
    });
    return;
  }
  sendPieces(body[Symbol.iterator](), response);
}

function sendPieces(pieces: Iterator<string>, response: ServerResponse): void {
  const more = (): void => {
    try {
      for (;;) {
        const next = pieces.next();
        if (next.done === true) {
          response.end();
          return;
        }
        if (!response.write(next.value)) return;
      }
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined); // A cut answer must not look complete.
    }
  };
  response.on('drain', more);
  response.on('close', () => void pieces.return?.());
  more();
}
