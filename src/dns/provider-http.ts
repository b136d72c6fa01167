/** HTTP for DNS providers: one request, one bounded answer, no redirects. */
import { request, type Dispatcher } from 'undici';
import type { DnsClock } from './clock.ts';
import { withDeadline } from './deadline.ts';
import { MalformedMessageError } from './errors.ts';
import type { ProviderHttp } from './provider.ts';

/** No provider's page of records is near that. */
const mostBytes = 1024 * 1024;
const defaultTimeoutMs = 30_000;

export interface ProviderHttpDeps {
  clock: DnsClock;
  /** Who carries a request to this URL: proxies and trust. undici's own when absent. */
  dispatcherFor?: (url: URL) => Dispatcher;
  /** For the whole exchange; 30 s when absent, as the peer's clients have it. */
  timeoutMs?: number;
}

/** Rejects with undici's error, DeadlineError, MalformedMessageError for a body that is too long, or the signal's reason. */
export function createProviderHttp(deps: ProviderHttpDeps): ProviderHttp {
  return {
    request: ({ method, url, headers, body, signal }) =>
      withDeadline(deps.clock, deps.timeoutMs ?? defaultTimeoutMs, signal, async (ending) => {
        const target = new URL(url);
        const dispatcher = deps.dispatcherFor?.(target);
        const answer = await request(target, {
          method,
          headers: { ...headers },
          signal: ending,
          ...(body === undefined ? {} : { body }),
          ...(dispatcher === undefined ? {} : { dispatcher }),
        });
        const chunks: Buffer[] = [];
        let received = 0;
        for await (const chunk of answer.body as AsyncIterable<Buffer>) {
          received += chunk.length;
          // Leaving the loop destroys the body, and with it the connection.
          if (received > mostBytes)
            throw new MalformedMessageError(`an answer of more than ${mostBytes} bytes`);
          chunks.push(chunk);
        }
        return {
          status: answer.statusCode,
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(', ') : value,
            ]),
          ),
          body: Buffer.concat(chunks).toString('utf8'),
        };
      }),
  };
}
