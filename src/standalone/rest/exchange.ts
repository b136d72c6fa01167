/** One request and its answer, independent of how they travel: by dispatcher or over TLS. */
import type { UserInfo } from '../../api/admission.ts';

export interface ApiRequest {
  method: string;
  /** Path without the query, still percent-encoded. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  /** Whole body, already bounded; text when it never was anything else. */
  body: Uint8Array | string | undefined;
  user: UserInfo;
}

/** Where a streamed answer goes. */
export interface Sink {
  /** False when the receiver is behind: wait for `onReady` before writing more. */
  write(chunk: string): boolean;
  end(): void;
}

/** An answer that lasts: the watch. */
export interface Streaming {
  /** Starts writing; gives the way to stop it from outside. */
  start(sink: Sink): { ready: () => void; stop: () => void };
}

export interface ApiResponse {
  status: number;
  headers: Record<string, string | string[]>;
  /** Text, pieces of text, or a stream. */
  body: string | Iterable<string> | Streaming;
}

export function isStreaming(body: ApiResponse['body']): body is Streaming {
  return typeof body === 'object' && 'start' in body;
}

/** Largest request body, as kube-apiserver's (3 MiB). */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
