/** Calls to the API of one provider: failures typed, words of the answer made fit for a status. */

import { MalformedMessageError } from '../errors.ts';
import type { ProviderEnvironment } from '../provider.ts';
import { DnsProviderError, type DnsProviderErrorCode } from './errors.ts';
import { asObject, parsed, type JsonObject } from './json-value.ts';
import { stableText } from './stable-text.ts';

export interface ApiRequest {
  method: string;
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export class ProviderApi {
  readonly #environment: ProviderEnvironment;
  readonly #title: string;
  readonly #secrets: readonly string[];

  /** @param secrets what must never appear in an error */
  constructor(environment: ProviderEnvironment, title: string, secrets: readonly string[]) {
    this.#environment = environment;
    this.#title = title;
    this.#secrets = secrets;
  }

  /** The answer, whatever its status. @throws DnsProviderError `unavailable` where none came */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    const { signal, ...rest } = request;
    try {
      return await this.#environment.http.request({ ...rest, ...(signal && { signal }) });
    } catch (error) {
      if (error instanceof DnsProviderError) throw error;
      signal?.throwIfAborted();
      if (error instanceof MalformedMessageError)
        throw this.unexpected(`${rest.method} at ${hostOf(request.url)}`, error.message);
      throw new DnsProviderError(
        'dns-provider/unavailable',
        `${this.#title} gave no answer at ${hostOf(request.url)}: ${this.#reason(error)}`,
      );
    }
  }

  /** An object in JSON. @throws DnsProviderError when the status is not 2xx, or the body is something else */
  async object(request: ApiRequest, doing: string): Promise<JsonObject> {
    const answer = await this.send(request);
    if (!succeeded(answer)) throw this.failure(doing, answer);
    return this.read(answer, doing);
  }

  /** The body as an object in JSON. @throws DnsProviderError when it is something else */
  read(answer: ApiAnswer, doing: string): JsonObject {
    const value = parsed(answer.body);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.unexpected(doing, 'the body is no JSON object');
    return asObject(value);
  }

  /** The error for an answer that says no. `detail`: the provider's words, `reason`: its code. */
  failure(doing: string, answer: ApiAnswer, detail = '', reason = ''): DnsProviderError {
    const words = [reason, detail].filter((word) => word !== '').join(': ');
    return new DnsProviderError(
      codeOf(answer.status),
      `${this.#title} answered ${answer.status} to ${doing}${words === '' ? '' : `: ${this.clean(words)}`}`,
      {
        status: answer.status,
        ...retryAfter(answer, this.#environment.now()),
        ...(reason !== '' && { reason: this.clean(reason) }),
      },
    );
  }

  unexpected(doing: string, what: string): DnsProviderError {
    return new DnsProviderError(
      'dns-provider/unexpected-answer',
      `${this.#title} gave an answer to ${doing} that its documentation does not know: ${this.clean(what)}`,
    );
  }

  clean(words: string): string {
    return stableText(words, this.#secrets);
  }

  /** The code of a network error says what happened and stays the same; its message may name sockets. */
  #reason(error: unknown): string {
    const code = asObject(error)['code'] ?? asObject(asObject(error)['cause'])['code'];
    // Ours (`dns/…`) have messages that are fit to be read.
    if (typeof code === 'string' && !code.includes('/')) return this.clean(code);
    return error instanceof Error ? this.clean(error.message) : 'unknown reason';
  }
}

export function succeeded(answer: ApiAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

function codeOf(status: number): DnsProviderErrorCode {
  if (status === 401 || status === 403) return 'dns-provider/denied';
  if (status === 409 || status === 412) return 'dns-provider/conflict';
  if (status === 429) return 'dns-provider/throttled';
  if (status === 408 || status >= 500) return 'dns-provider/unavailable';
  // Redirects are not followed: they would carry credentials to wherever the answer says.
  if (status < 400) return 'dns-provider/unexpected-answer';
  return 'dns-provider/refused';
}

/** Seconds or a date (RFC 9110 §10.2.3), at most a day. */
function retryAfter(answer: ApiAnswer, now: number): { retryAfterMs?: number } {
  const value = answer.headers['retry-after']?.trim() ?? '';
  // Date.parse makes a date of nearly anything, `-1` too: only what begins with a day of the week is one here.
  const date = /^[A-Z][a-z]{2,8},? /u.test(value) ? Date.parse(value) - now : Number.NaN;
  const ms = /^\d{1,9}$/u.test(value) ? Number(value) * 1000 : date;
  return Number.isFinite(ms) && ms > 0 ? { retryAfterMs: Math.min(ms, 86_400_000) } : {};
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'an address that is no URL';
}
