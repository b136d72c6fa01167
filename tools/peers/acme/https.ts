/** Plain requests to a test server's own interfaces, with the CA that it was given. */

import { request as http } from 'node:http';
import { request as https } from 'node:https';

export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

export function ask(
  url: string,
  options: { ca?: string; method?: string; body?: string } = {},
): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? https : http;
    const outgoing = send(
      url,
      {
        method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
        // Pebble refuses requests without.
        headers: { 'user-agent': 'certwright-tests' },
        ca: options.ca,
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error(`${url} does not answer`)));
    outgoing.end(options.body);
  });
}
