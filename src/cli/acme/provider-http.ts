/** HTTP for DNS providers and resolvers: the proxies of the environment, bounded bodies, one time limit, no redirects. */
import { openConnections, type Connections } from '../../acme/connections.ts';
import type { ProxySettings } from '../../acme/create-client.ts';
import type { ProviderHttp } from '../../dns/provider.ts';

const longestBodyBytes = 1 << 20;
/** Azure and Route53 answer in a second; a listing of a large zone may take ten. */
const longestMs = 30_000;

export interface ProviderConnections {
  http: ProviderHttp;
  /** Who carries a request to this URL. */
  dispatcherFor: Connections['dispatcherFor'];
  close(): Promise<void>;
}

/** Whoever makes it closes it. @throws AcmeConfigurationError for a proxy that is none */
export function openProviderConnections(proxy: ProxySettings): ProviderConnections {
  const connections = openConnections({ proxy });
  return {
    http: { request: (request) => send(connections, request) },
    dispatcherFor: (url) => connections.dispatcherFor(url),
    close: () => connections.close(),
  };
}

async function send(
  connections: Connections,
  { method, url, headers, body, signal }: Parameters<ProviderHttp['request']>[0],
): ReturnType<ProviderHttp['request']> {
  const target = new URL(url);
  if (target.protocol !== 'https:' && target.protocol !== 'http:')
    throw new TypeError(`${target.protocol} is no scheme of HTTP`);
  const late = AbortSignal.timeout(longestMs);
  const answer = await connections.dispatcherFor(target).request({
    origin: target.origin,
    path: `${target.pathname}${target.search}`,
    method: method as 'GET',
    headers: { ...headers },
    body: body ?? null,
    signal: signal === undefined ? late : AbortSignal.any([signal, late]),
  });
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBodyBytes) {
      answer.body.destroy();
      throw new RangeError(`the answer of ${target.host} is longer than ${longestBodyBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const flat: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(answer.headers))
    flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return { status: answer.statusCode, headers: flat, body: Buffer.concat(chunks).toString('utf8') };
}
