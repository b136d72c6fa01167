/** One exchange with a DNS server over HTTPS (RFC 8484). */
import { request, type Dispatcher } from 'undici';
import { MalformedMessageError } from './errors.ts';

const mediaType = 'application/dns-message';
/** acme.md §10.3. */
const mostBytes = 128 * 1024;

/**
 * POSTs the message. Redirects are not followed: who configured the server did not configure where it points. Rejects
 * with undici's error, MalformedMessageError, or the signal's reason.
 */
export async function exchangeHttps(
  url: string,
  message: Buffer,
  dispatcher: Dispatcher | undefined,
  signal: AbortSignal,
): Promise<Buffer> {
  const response = await request(url, {
    ...(dispatcher === undefined ? {} : { dispatcher }),
    method: 'POST',
    headers: { 'content-type': mediaType, accept: mediaType },
    body: message,
    signal,
  });
  const type = String(response.headers['content-type'] ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase();
  const refusal =
    response.statusCode !== 200
      ? `HTTP ${response.statusCode}`
      : type === mediaType
        ? ''
        : `content type ${JSON.stringify((type ?? '').slice(0, 60))} instead of ${mediaType}`;
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    if (refusal !== '') throw new MalformedMessageError(refusal);
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received > mostBytes) throw new MalformedMessageError(`an answer of more than ${mostBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    // Its own error then is that we ended it, which nobody needs to hear.
    response.body.on('error', () => undefined).destroy();
    throw error;
  }
  return Buffer.concat(chunks);
}
