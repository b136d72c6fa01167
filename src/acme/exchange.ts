/** One request on undici's dispatcher and its whole answer: a handler of our own, as streams cost more than such small bodies. */
import type { Dispatcher } from 'undici';
import type { Headers } from './answer-headers.ts';

export interface WholeAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export interface Bounds {
  signal: AbortSignal;
  /** A body of more bytes is not read to its end, and its connection is closed. */
  maxBytes: number;
  /** Why, for the caller. */
  tooLong: (status: number) => Error;
}

/** Rejects with undici's error, with the signal's reason, or with `tooLong`. */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { signal, maxBytes, tooLong }: Bounds,
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Headers = {};
    let bytes = 0;
    const chunks: Buffer[] = [];
    const give = (error: Error): void => {
      signal.removeEventListener('abort', leave);
      reject(error);
      controller?.abort(error);
    };
    const leave = (): void => give(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    dispatcher.dispatch(options, {
      onRequestStart(started) {
        controller = started;
        // Its caller left while it waited for a connection.
        if (signal.aborted) started.abort(signal.reason as Error);
      },
      onResponseStart(_controller, code, fields) {
        status = code;
        headers = fields;
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (bytes > maxBytes) give(tooLong(status));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        signal.removeEventListener('abort', leave);
        resolve({ status, headers, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) });
      },
      onResponseError(_controller, error) {
        signal.removeEventListener('abort', leave);
        reject(error);
      },
    });
  });
}
