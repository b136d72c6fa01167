/** Signatures of Akamai's EdgeGrid scheme, `EG1-HMAC-SHA256`. https://techdocs.akamai.com/developer/docs/edgegrid */

import { createHash, createHmac } from 'node:crypto';

export interface EdgeGridCredentials {
  readonly clientToken: string;
  readonly clientSecret: string;
  readonly accessToken: string;
}

/** More than this of a body is not part of the signature. Bytes. */
export const MOST_SIGNED = 131_072;

/**
 * The value of `Authorization`.
 * @param timestamp as `edgeGridTime` writes it
 * @param nonce never used twice within the minutes in which the timestamp holds
 */
export function edgeGrid(
  credentials: EdgeGridCredentials,
  request: { method: string; url: string; body?: string },
  timestamp: string,
  nonce: string,
): string {
  const { clientToken, clientSecret, accessToken } = credentials;
  const url = new URL(request.url);
  const unsigned = `EG1-HMAC-SHA256 client_token=${clientToken};access_token=${accessToken};timestamp=${timestamp};nonce=${nonce};`;
  const body = Buffer.from(request.body ?? '').subarray(0, MOST_SIGNED);
  // Of all methods, only the body of a POST is signed.
  const content =
    request.method === 'POST' && body.length > 0 ? createHash('sha256').update(body).digest('base64') : '';
  const data = [
    request.method,
    url.protocol.slice(0, -1),
    url.host,
    url.pathname + url.search,
    '', // headers to sign: the DNS API asks for none
    content,
    unsigned,
  ].join('\t');
  return `${unsigned}signature=${hmac(hmac(clientSecret, timestamp), data)}`;
}

/** `20140321T19:34:21+0000`. */
export function edgeGridTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll('-', '')}+0000`;
}

function hmac(key: string, data: string): string {
  return createHmac('sha256', key).update(data).digest('base64');
}
