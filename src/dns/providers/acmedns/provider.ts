/** acme-dns (https://github.com/joohoi/acme-dns): a server that holds nothing but challenge records, reached by CNAME. */

import type { DnsProvider, TxtRecord } from '../../provider.ts';
import { sound, type SecretReference } from '../credential.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { asObject, asText, parsed, type JsonObject } from '../json-value.ts';
import { ProviderApi, succeeded } from '../provider-api.ts';
import { httpUrl } from '../server-url.ts';

export interface AcmeDnsConfig {
  host: string;
  accountSecretRef: SecretReference;
}

interface Account {
  readonly username: string;
  readonly password: string;
  readonly subdomain: string;
}

export const acmeDNS: DescribedProviderType<AcmeDnsConfig> = {
  key: 'acmeDNS',
  title: 'acme-dns',
  documentation: 'https://github.com/joohoi/acme-dns#update-endpoint',
  inCluster: true,
  description: {
    fields: [
      { path: 'host', required: true },
      { path: 'accountSecretRef', required: true },
    ],
    credentials: ['JSON in a Secret: name to account, as the `/register` of acme-dns returned it'],
    permissions: ['none: an account can write its own record and nothing else'],
    testedAgainst: 'a server that checks the published requests',
  },
  secretReferences: ({ accountSecretRef }) => [accountSecretRef],
  create: async ({ host, accountSecretRef }, environment) => {
    const url = httpUrl(host, 'acmeDNS.host');
    const accounts = parsed(await environment.secret(accountSecretRef));
    const where = `Secret ${accountSecretRef.name}, entry ${accountSecretRef.key ?? '(none named)'}`;
    if (typeof accounts !== 'object' || accounts === null || Array.isArray(accounts))
      throw new DnsProviderError(
        'dns-provider/credentials',
        `${where}, is no JSON object of acme-dns accounts by name`,
      );
    const known = asObject(accounts);
    const secrets = Object.values(known).flatMap((one) => asText(asObject(one)['password']) ?? []);
    return new AcmeDns(new ProviderApi(environment, 'acme-dns', secrets), url, known, where);
  },
};

class AcmeDns implements DnsProvider {
  readonly #api: ProviderApi;
  readonly #url: string;
  readonly #accounts: JsonObject;
  /** Secret and entry of the accounts, for messages. */
  readonly #where: string;

  constructor(api: ProviderApi, url: string, accounts: JsonObject, where: string) {
    this.#api = api;
    this.#url = url;
    this.#accounts = accounts;
    this.#where = where;
  }

  async present({ domain, value }: TxtRecord, signal?: AbortSignal): Promise<void> {
    const { username, password, subdomain } = this.#account(domain);
    const answer = await this.#api.send({
      method: 'POST',
      url: `${this.#url}/update`,
      headers: { 'content-type': 'application/json', 'x-api-user': username, 'x-api-key': password },
      body: JSON.stringify({ subdomain, txt: value }),
      signal,
    });
    if (!succeeded(answer))
      throw this.#api.failure(
        `the update for ${domain}`,
        answer,
        '',
        asText(asObject(parsed(answer.body))['error']) ?? '',
      );
  }

  /** Nothing to do: the server keeps the latest two values and has no way to take one away. */
  cleanUp(_record: TxtRecord, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    return Promise.resolve();
  }

  /** By the exact name that is proven, without `*.`: no account stands for the names below it. */
  #account(domain: string): Account {
    const account = asObject(Object.hasOwn(this.#accounts, domain) ? this.#accounts[domain] : undefined);
    const [username, password, subdomain] = ['username', 'password', 'subdomain'].map((name) =>
      asText(account[name]),
    );
    if (username === undefined || password === undefined || subdomain === undefined)
      throw new DnsProviderError(
        'dns-provider/credentials',
        `account credentials not found for domain ${domain}: ${this.#where}, has no account with username, password and subdomain under exactly that name; register one and add it`,
      );
    return {
      username: sound(username, 'acme-dns username'),
      password: sound(password, 'acme-dns password'),
      subdomain,
    };
  }
}
