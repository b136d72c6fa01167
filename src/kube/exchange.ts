/**
 * One HTTP request and its answer on an undici dispatcher, as a handler of our own: no stream objects per request,
 * bounded bodies, flow control for endless ones.
 */
import { performance } from 'node:perf_hooks';
import type { Dispatcher } from 'undici';

export interface ExchangeRequest {
  origin: string;
  path: string;
  method: Dispatcher.HttpMethod;
  headers: Record<string, string>;
  body?: string;
  headersTimeoutMs: number;
  /** Longest silence inside the body; 0: none is too long. */
  bodyTimeoutMs: number;
  /** Longest time for the whole body. A peer that drips one byte at a time never trips the silence limit. */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** Asked when it is the request's turn on a connection, just before it is written; what it throws ends it unsent. */
  permit?: () => void;
}

export interface Exchange {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The whole body. Rejects when it is longer than `maxBytes`. */
  collect(maxBytes: number): Promise<Buffer>;
  /** The body as it comes; leaving the loop closes the connection. */
  chunks(): AsyncIterable<Buffer>;
}

/** Chunks waiting for a reader before the socket is paused. */
const highWaterBytes = 256 * 1024;

class ExchangeError extends Error {
  readonly code: 'CERTWRIGHT_DEADLINE' | 'CERTWRIGHT_BODY_TOO_LONG';
  constructor(code: ExchangeError['code'], message: string) {
    super(message);
    this.name = 'ExchangeError';
    this.code = code;
  }
}

/** Resolves with the first line and headers of the answer; rejects with undici's or the signal's error. */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const body = new Body(request.deadlineMs);
    const onAbort = (): void => {
      const reason = signal?.reason as Error;
      body.fail(reason);
      body.controller?.abort(reason);
      reject(reason);
    };
    const settle = (): void => signal?.removeEventListener('abort', onAbort);
    signal?.addEventListener('abort', onAbort, { once: true });

    dispatcher.dispatch(
      {
        origin: request.origin,
        path: request.path,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: request.headersTimeoutMs,
        bodyTimeout: request.bodyTimeoutMs,
        // Undici gives up the connection after a DELETE with a body, for servers that do not read it: API servers do.
        ...(request.method === 'DELETE' ? { reset: false } : {}),
      },
      {
        onRequestStart(controller) {
          body.controller = controller;
          if (signal?.aborted === true) controller.abort(signal.reason as Error);
          // Thrown, not aborted: the connection did nothing wrong and serves the next request.
          else request.permit?.();
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200) return;
          resolve({
            status,
            headers,
            collect: (maxBytes) => body.collect(maxBytes),
            chunks: () => body,
          });
        },
        onResponseData: (_controller, chunk) => body.push(chunk),
        onResponseEnd() {
          settle();
          body.end();
        },
        onResponseError(_controller, error) {
          settle();
          body.fail(error);
          reject(error);
        },
      },
    );
  });
}

class Body implements AsyncIterable<Buffer> {
  controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #limit = Infinity;
  #collecting = false;
  #paused = false;
  #deadline: number;

  constructor(deadlineMs: number | undefined) {
    this.#deadline = deadlineMs === undefined ? Infinity : performance.now() + deadlineMs;
  }

  push(chunk: Buffer): void {
    if (this.#ended || this.#error !== undefined) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit)
      this.#refuse('CERTWRIGHT_BODY_TOO_LONG', `body longer than ${this.#limit} bytes`);
    else if (performance.now() > this.#deadline) this.#refuse('CERTWRIGHT_DEADLINE', 'body took too long');
    else if (!this.#collecting && this.#bytes > highWaterBytes) {
      this.#paused = true;
      this.controller?.pause();
    }
    if (!this.#collecting) this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#notify();
  }

  async collect(maxBytes: number): Promise<Buffer> {
    this.#collecting = true;
    this.#limit = maxBytes;
    if (this.#bytes > maxBytes)
      this.#refuse('CERTWRIGHT_BODY_TOO_LONG', `body longer than ${maxBytes} bytes`);
    this.#resume();
    while (!this.#ended && this.#error === undefined) await this.#news();
    if (this.#error !== undefined) throw this.#error;
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const waiting = this.#chunks;
        if (waiting.length > 0) {
          this.#chunks = [];
          this.#bytes = 0;
          yield* waiting;
        } else if (this.#error !== undefined) {
          throw this.#error;
        } else if (this.#ended) {
          return;
        } else if (this.#paused) {
          // And look again: a producer in this process answers before anybody could wait for the news.
          this.#resume();
        } else {
          await this.#news();
        }
      }
    } finally {
      if (!this.#ended && this.#error === undefined) {
        const left = new Error('the reader left');
        this.fail(left);
        this.controller?.abort(left);
      }
    }
  }

  #refuse(code: ExchangeError['code'], message: string): void {
    const error = new ExchangeError(code, message);
    this.fail(error);
    this.controller?.abort(error);
  }
  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.controller?.resume();
  }
  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
