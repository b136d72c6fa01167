/** The httpreq protocol of lego (https://go-acme.github.io/lego/dns/httpreq/): a server of the user's own writes the record. */

import type { DnsProvider, TxtRecord } from '../../provider.ts';
import { credential, type SecretReference } from '../credential.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { ProviderApi, succeeded } from '../provider-api.ts';
import { httpUrl } from '../server-url.ts';

export interface HttpReqConfig {
  endpoint: string;
  mode?: string;
  username?: string;
  passwordSecretRef?: SecretReference;
}

export const httpreq: DescribedProviderType<HttpReqConfig> = {
  key: 'httpreq',
  title: 'httpreq',
  documentation: 'https://go-acme.github.io/lego/dns/httpreq/',
  inCluster: false,
  description: {
    fields: [
      { path: 'endpoint', required: true },
      { path: 'mode', required: false },
      { path: 'username', required: false },
      { path: 'passwordSecretRef', required: false },
    ],
    credentials: ['none, or `username` and a password in a Secret (HTTP Basic)'],
    permissions: ['whatever the server asks for'],
    testedAgainst: 'a server that checks the published requests',
  },
  secretReferences: ({ passwordSecretRef }) => (passwordSecretRef === undefined ? [] : [passwordSecretRef]),
  create: async (config, environment) => {
    // The key authorization follows from the account key, which no provider gets to see: lego sends it, we cannot.
    if (config.mode === 'RAW')
      throw new DnsProviderError(
        'dns-provider/configuration',
        'httpreq.mode RAW is not supported: its requests carry the key authorization, which stays with the ACME account; use the mode Default, in which the record is sent',
      );
    const endpoint = httpUrl(config.endpoint, 'httpreq.endpoint');
    const { username = '', passwordSecretRef } = config;
    if ((username === '') !== (passwordSecretRef === undefined))
      throw new DnsProviderError(
        'dns-provider/configuration',
        'httpreq needs username and passwordSecretRef together, or neither of them',
      );
    if (passwordSecretRef === undefined)
      return new HttpReq(new ProviderApi(environment, 'httpreq', []), endpoint);
    if (username.includes(':'))
      throw new DnsProviderError(
        'dns-provider/configuration',
        'httpreq.username must not contain a colon: HTTP Basic ends the name there (RFC 7617 §2)',
      );
    const password = await credential(environment, passwordSecretRef, 'httpreq password');
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    return new HttpReq(
      new ProviderApi(environment, 'httpreq', [password, basic]),
      endpoint,
      `Basic ${basic}`,
    );
  },
};

class HttpReq implements DnsProvider {
  readonly #api: ProviderApi;
  readonly #endpoint: string;
  readonly #authorization: string | undefined;

  constructor(api: ProviderApi, endpoint: string, authorization?: string) {
    this.#api = api;
    this.#endpoint = endpoint;
    this.#authorization = authorization;
  }

  present(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#post('present', record, signal);
  }

  cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#post('cleanup', record, signal);
  }

  async #post(path: string, { fqdn, value }: TxtRecord, signal: AbortSignal | undefined): Promise<void> {
    const answer = await this.#api.send({
      method: 'POST',
      url: `${this.#endpoint}/${path}`,
      headers: {
        'content-type': 'application/json',
        ...(this.#authorization !== undefined && { authorization: this.#authorization }),
      },
      body: JSON.stringify({ fqdn, value }),
      signal,
    });
    // The body is the server's own and could be anything: it is not repeated.
    if (!succeeded(answer)) throw this.#api.failure(`/${path} of ${fqdn}`, answer);
  }
}
