/** Calls to AWS: signed with Signature Version 4, errors read from XML, throttling waited for. */

import { AwsV4Signer } from 'aws4fetch';

import type { ProviderEnvironment } from '../../provider.ts';
import { DnsProviderError } from '../errors.ts';
import { ProviderApi, succeeded, type ApiAnswer } from '../provider-api.ts';
import { allAt, parseXml, textAt, type XmlElement } from '../xml.ts';
import type { AwsEndpoint } from './partition.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsRequest {
  readonly method: 'GET' | 'POST';
  /** With the query, absolute. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
}

/** Tries in all, where AWS says that we are too fast. */
const TRIES = 4;
/** Codes of AWS that mean "later"; the status with them is 400 as often as 429. */
const THROTTLED: ReadonlySet<string> = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'PriorRequestNotComplete',
]);
const DENIED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidIdentityToken',
  'MissingAuthenticationToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

export class AwsApi {
  readonly #environment: ProviderEnvironment;
  readonly #endpoint: AwsEndpoint;
  readonly #service: string;
  readonly #credentials: AwsCredentials | undefined;
  readonly #api: ProviderApi;

  /** @param credentials absent for the one call that needs none, AssumeRoleWithWebIdentity */
  constructor(
    environment: ProviderEnvironment,
    title: string,
    service: 'route53' | 'sts',
    endpoint: AwsEndpoint,
    credentials: AwsCredentials | undefined,
    secrets: readonly string[] = [],
  ) {
    this.#environment = environment;
    this.#endpoint = endpoint;
    this.#service = service;
    this.#credentials = credentials;
    const { secretAccessKey = '', sessionToken = '', accessKeyId = '' } = credentials ?? {};
    this.#api = new ProviderApi(environment, title, [...secrets, secretAccessKey, sessionToken, accessKeyId]);
  }

  /** @throws DnsProviderError; `reason` is the code of AWS */
  async call(request: AwsRequest, doing: string, signal: AbortSignal | undefined): Promise<XmlElement> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#send(request, signal);
      const root = parseXml(answer.body);
      if (succeeded(answer)) {
        if (root === undefined) throw this.#api.unexpected(doing, 'the body is no XML');
        return root;
      }
      const failure = this.#failure(doing, answer, root);
      if (failure.code !== 'dns-provider/throttled' || tries === TRIES) throw failure;
      await this.#environment.wait(Math.min(failure.retryAfterMs ?? 0, 30_000) || 500 * 2 ** tries, signal);
    }
  }

  unexpected(doing: string, what: string): DnsProviderError {
    return this.#api.unexpected(doing, what);
  }

  async #send({ method, path, body, contentType }: AwsRequest, signal?: AbortSignal): Promise<ApiAnswer> {
    const url = this.#endpoint.url + path;
    const headers = { ...(contentType !== undefined && { 'content-type': contentType }) };
    if (this.#credentials === undefined)
      return await this.#api.send({ method, url, headers, ...(body !== undefined && { body }), signal });
    const signer = new AwsV4Signer({
      ...this.#credentials,
      method,
      url,
      headers,
      ...(body !== undefined && { body }),
      service: this.#service,
      region: this.#endpoint.region,
      datetime: new Date(this.#environment.now()).toISOString().replace(/[:-]|\.\d{3}/gu, ''),
    });
    const signed = await signer.sign();
    return await this.#api.send({
      method,
      url: signed.url.toString(),
      headers: Object.fromEntries(signed.headers),
      ...(body !== undefined && { body }),
      signal,
    });
  }

  #failure(doing: string, answer: ApiAnswer, root: XmlElement | undefined): DnsProviderError {
    // <ErrorResponse><Error><Code/><Message/></Error></ErrorResponse>, or <InvalidChangeBatch><Messages><Message/>…;
    // other services of AWS, and moto, have <Errors> around <Error>.
    const error = allAt(root, 'Error')[0] ?? allAt(root, 'Errors', 'Error')[0];
    const messages = allAt(root, 'Messages', 'Message').map(({ text }) => text.trim());
    const code = textAt(error, 'Code') ?? (messages.length > 0 ? (root?.name ?? '') : '');
    const words = textAt(error, 'Message') ?? messages.slice(0, 3).join('; ');
    const failure = this.#api.failure(doing, answer, words, code);
    const better = THROTTLED.has(code)
      ? 'dns-provider/throttled'
      : DENIED.has(code)
        ? 'dns-provider/denied'
        : undefined;
    return better === undefined || better === failure.code
      ? failure
      : new DnsProviderError(better, failure.message, failure);
  }
}
