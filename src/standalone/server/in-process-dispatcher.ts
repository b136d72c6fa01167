/** An undici Dispatcher that hands requests to the API handler without a socket. */
import { Dispatcher, errors } from 'undici';
import type { UserInfo } from '../../api/admission.ts';
import { ClosedError } from '../errors.ts';
import { isStreaming, MAX_BODY_BYTES, type ApiRequest, type ApiResponse } from '../rest/exchange.ts';
import { ApiError, tooLarge } from '../rest/api-error.ts';

export type Handle = (request: ApiRequest) => Promise<ApiResponse>;

type Handler = Dispatcher.DispatchHandler;
type Options = Dispatcher.DispatchOptions;

export class InProcessDispatcher extends Dispatcher {
  readonly #handle: Handle;
  readonly #user: UserInfo;
  readonly #exchanges = new Set<Exchange>();
  #closed = false;

  constructor(handle: Handle, user: UserInfo) {
    super();
    this.#handle = handle;
    this.#user = user;
  }

  override dispatch(options: Options, handler: Handler): boolean {
    const exchange = new Exchange(handler, () => this.#exchanges.delete(exchange));
    this.#exchanges.add(exchange);
    if (this.#closed) exchange.fail(new ClosedError());
    else void exchange.run(options, this.#handle, this.#user);
    return true;
  }

  override close(callback: () => void): void;
  override close(): Promise<void>;
  override close(callback?: () => void): Promise<void> | void {
    this.#closed = true;
    const done = this.#drain(callback);
    if (callback === undefined) return done;
  }

  async #drain(callback: (() => void) | undefined): Promise<void> {
    await Promise.all([...this.#exchanges].map((exchange) => exchange.finished));
    callback?.();
  }

  override destroy(error: Error | null, callback: () => void): void;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null): Promise<void>;
  override destroy(): Promise<void>;
  override destroy(error?: Error | null | (() => void), callback?: () => void): Promise<void> | void {
    this.#closed = true;
    const reason = typeof error === 'function' ? undefined : error;
    for (const exchange of this.#exchanges) exchange.fail(reason ?? new errors.ClientDestroyedError());
    const then = typeof error === 'function' ? error : callback;
    if (then === undefined) return Promise.resolve();
    queueMicrotask(then);
  }
}

/** One request under way. Implements undici's controller: pause, resume and abort reach the producer. */
class Exchange implements Dispatcher.DispatchController {
  readonly finished: Promise<void>;
  readonly #handler: Handler;
  readonly #resolve: () => void;
  #state: 'open' | 'done' = 'open';
  #paused = false;
  #reason: Error | null = null;
  #rest: Iterator<string> | undefined;
  #stream: { ready: () => void; stop: () => void } | undefined;

  constructor(handler: Handler, onEnd: () => void) {
    this.#handler = handler;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#resolve = () => {
      onEnd();
      resolve();
    };
  }

  get aborted(): boolean {
    return this.#reason !== null;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get reason(): Error | null {
    return this.#reason;
  }

  abort(reason: Error): void {
    this.fail(reason);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#rest !== undefined) this.#sendRest();
    else this.#stream?.ready();
  }

  async run(options: Options, handle: Handle, user: UserInfo): Promise<void> {
    try {
      this.#handler.onRequestStart?.(this, undefined);
      if (this.#state === 'done') return;
      const response = await answer(options, handle, user);
      // Streams and generators have not begun: dropping them costs nothing.
      if (!this.aborted) this.#respond(response);
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  fail(error: Error): void {
    if (this.#state === 'done') return;
    this.#reason = error;
    this.#finish();
    this.#handler.onResponseError?.(this, error);
  }

  #respond(response: ApiResponse): void {
    const { body } = response;
    this.#handler.onResponseStart?.(this, response.status, plainHeaders(response.headers), '');
    if (typeof body === 'string') {
      this.#send(body);
      this.#complete();
    } else if (isStreaming(body)) {
      const stream = body.start({ write: (chunk) => this.#send(chunk), end: () => this.#complete() });
      this.#stream = stream;
      if (this.#state !== 'open') stream.stop();
    } else {
      this.#rest = body[Symbol.iterator]();
      this.#sendRest();
    }
  }

  #sendRest(): void {
    try {
      while (!this.#paused && this.#state === 'open') {
        const next = this.#rest!.next();
        if (next.done === true) {
          this.#complete();
          return;
        }
        this.#send(next.value);
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #send(chunk: string): boolean {
    if (this.#state === 'done') return false;
    this.#handler.onResponseData?.(this, Buffer.from(chunk));
    return !this.#paused;
  }

  #complete(): void {
    if (this.#state === 'done') return;
    this.#finish();
    this.#handler.onResponseEnd?.(this, {});
  }

  #finish(): void {
    this.#state = 'done';
    this.#rest?.return?.();
    this.#stream?.stop();
    this.#resolve();
  }
}

/** A header that occurs once arrives as text, as it does from a socket. */
function plainHeaders(headers: ApiResponse['headers']): Record<string, string | string[]> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) && value.length === 1 ? value[0]! : value,
  ]);
  return Object.fromEntries(entries) as Record<string, string | string[]>;
}

async function answer(options: Options, handle: Handle, user: UserInfo): Promise<ApiResponse> {
  try {
    return await handle(await readRequest(options, user));
  } catch (error) {
    if (error instanceof ApiError) return refusal(error);
    throw error;
  }
}

async function readRequest(options: Options, user: UserInfo): Promise<ApiRequest> {
  const target = options.path;
  const question = target.indexOf('?');
  const query = new URLSearchParams(question === -1 ? '' : target.slice(question + 1));
  for (const [key, value] of Object.entries(options.query ?? {})) query.append(key, String(value));
  return {
    method: options.method,
    path: question === -1 ? target : target.slice(0, question),
    query,
    headers: readHeaders(options.headers),
    body: await readBody(options.body),
    user,
  };
}

function readHeaders(headers: Options['headers']): Record<string, string> {
  const result: Record<string, string> = {};
  if (headers === undefined || headers === null) return result;
  if (Array.isArray(headers)) {
    for (let i = 0; i + 1 < headers.length; i += 2) result[headers[i]!.toLowerCase()] = headers[i + 1]!;
    return result;
  }
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [key, value] of pairs as Iterable<[string, string | string[] | undefined]>) {
    if (value !== undefined) result[key.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return result;
}

async function readBody(body: Options['body']): Promise<Uint8Array | string | undefined> {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') {
    if (Buffer.byteLength(body) > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
    return body;
  }
  if (body instanceof Uint8Array) return checked(body);
  if (!(Symbol.asyncIterator in body))
    throw new errors.InvalidArgumentError('body must be a string, bytes or a stream');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<string | Uint8Array>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.byteLength;
    if (size > MAX_BODY_BYTES) break;
    chunks.push(bytes);
  }
  if (size > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
  return Buffer.concat(chunks);
}

/** @throws ApiError 413 */
function checked(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
  return bytes;
}

/** The answer to a request that was refused before it reached the handler. */
export function refusal(error: ApiError): ApiResponse {
  return {
    status: error.httpCode,
    headers: { 'content-type': 'application/json' },
    body: `${JSON.stringify(error.status)}\n`,
  };
}
