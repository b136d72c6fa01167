/** The credentials of this machine for AWS, by Amazon's own chain: environment, IRSA, pod identity, instance metadata, files. */

import { Readable } from 'node:stream';

import { fromNodeProviderChain } from '@aws-sdk/credential-providers';

import type { ProviderEnvironment, ProviderHttp } from '../../provider.ts';
import type { AwsCredentials } from '../route53/aws-api.ts';

/** Made anew for each use: the chain keeps what it found for as long as it lives. */
export async function awsCredentials({ http }: ProviderEnvironment): Promise<AwsCredentials> {
  const chain = fromNodeProviderChain({ maxRetries: 1, clientConfig: { requestHandler: new Through(http) } });
  const { accessKeyId, secretAccessKey, sessionToken } = await chain();
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

interface VendorRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  method: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** Sends the requests of the SDK's clients (STS) through the HTTP of the process, with its proxies, trust and bounds. */
class Through {
  readonly #http: ProviderHttp;

  constructor(http: ProviderHttp) {
    this.#http = http;
  }

  async handle(request: VendorRequest): Promise<{
    response: { statusCode: number; headers: Record<string, string>; body: Readable };
  }> {
    const url = new URL(
      `${request.protocol}//${request.hostname}${request.port === undefined ? '' : `:${request.port}`}${request.path}`,
    );
    for (const [name, value] of Object.entries(request.query ?? {}))
      for (const one of [value ?? ''].flat()) url.searchParams.append(name, one);
    const { status, headers, body } = await this.#http.request({
      method: request.method,
      url: url.href,
      // The HTTP of the process writes these itself.
      headers: without(request.headers, ['host', 'content-length']),
      ...(typeof request.body === 'string' && { body: request.body }),
    });
    const defined = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    );
    return {
      response: {
        statusCode: status,
        headers: Object.fromEntries(defined) as Record<string, string>,
        body: Readable.from([Buffer.from(body)]),
      },
    };
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  updateHttpClientConfig(): void {
    // There is nothing to set: bounds and time limits are those of the process.
  }
}

function without(
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())));
}
