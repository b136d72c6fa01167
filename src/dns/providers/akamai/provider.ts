/** Akamai Edge DNS over its API v2: one TXT record set per name, read, changed and read again. */

import { randomUUID } from 'node:crypto';

import type { DnsProvider, ProviderEnvironment, TxtRecord } from '../../provider.ts';
import { credential, type SecretReference } from '../credential.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { asObject, asText, asTexts, parsed } from '../json-value.ts';
import { withoutDot } from '../name.ts';
import { ProviderApi, succeeded, type ApiAnswer } from '../provider-api.ts';
import { withoutValue, withValue } from '../txt-value.ts';
import { edgeGrid, edgeGridTime, type EdgeGridCredentials } from './edge-grid.ts';

export interface AkamaiConfig {
  serviceConsumerDomain: string;
  clientTokenSecretRef: SecretReference;
  clientSecretSecretRef: SecretReference;
  accessTokenSecretRef: SecretReference;
}

const TTL = 300;
/** The API has no way to say "if it is still as I read it": we look again, and change again where somebody overwrote us. */
const TRIES = 5;

export const akamai: DescribedProviderType<AkamaiConfig> = {
  key: 'akamai',
  title: 'Akamai Edge DNS',
  documentation: 'https://techdocs.akamai.com/edge-dns/reference/edge-dns-api',
  inCluster: true,
  description: {
    fields: [
      { path: 'serviceConsumerDomain', required: true },
      { path: 'clientTokenSecretRef', required: true },
      { path: 'clientSecretSecretRef', required: true },
      { path: 'accessTokenSecretRef', required: true },
    ],
    credentials: ['API client with client token, client secret and access token in Secrets'],
    permissions: ['DNS—Zone Record Management: READ-WRITE'],
    testedAgainst: "a server that checks the published requests and signatures; Akamai's signature vectors",
  },
  secretReferences: (config) => [
    config.clientTokenSecretRef,
    config.clientSecretSecretRef,
    config.accessTokenSecretRef,
  ],
  create: async (config, environment) => {
    const credentials = {
      clientToken: await credential(environment, config.clientTokenSecretRef, 'Akamai client token'),
      clientSecret: await credential(environment, config.clientSecretSecretRef, 'Akamai client secret'),
      accessToken: await credential(environment, config.accessTokenSecretRef, 'Akamai access token'),
    };
    return new Akamai(environment, hostOf(config.serviceConsumerDomain), credentials);
  },
};

/** A host alone, whatever was written around it: signing covers host and path, and credentials go there. */
function hostOf(domain: string): string {
  const url = URL.parse(domain.includes('://') ? domain : `https://${domain}`);
  if (
    url === null ||
    url.protocol !== 'https:' ||
    url.username !== '' ||
    url.pathname !== '/' ||
    url.search !== ''
  )
    throw new DnsProviderError(
      'dns-provider/configuration',
      'akamai.serviceConsumerDomain must be a host, for example akab-xxxx.luna.akamaiapis.net',
    );
  return url.host;
}

interface RecordSet {
  readonly values: readonly string[];
  /** Whether there is a set at all. */
  readonly exists: boolean;
}

class Akamai implements DnsProvider {
  readonly #api: ProviderApi;
  readonly #environment: ProviderEnvironment;
  readonly #host: string;
  readonly #credentials: EdgeGridCredentials;

  constructor(environment: ProviderEnvironment, host: string, credentials: EdgeGridCredentials) {
    this.#environment = environment;
    this.#host = host;
    this.#credentials = credentials;
    this.#api = new ProviderApi(environment, 'Akamai', Object.values(credentials));
  }

  present(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#change(record, signal, withValue);
  }

  cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#change(record, signal, withoutValue);
  }

  async #change(
    record: TxtRecord,
    signal: AbortSignal | undefined,
    change: (values: readonly string[], value: string) => string[] | undefined,
  ): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = await this.#read(record, signal);
      const after = change(before.values, record.value);
      if (after === undefined) return;
      const lost = await this.#write(record, before, after, signal);
      // Spread, so that two of us do not meet in lock-step.
      if (lost) await this.#environment.wait(500 + Math.trunc(Math.random() * 1000), signal);
    }
    throw new DnsProviderError(
      'dns-provider/conflict',
      `Akamai: somebody else keeps changing the TXT records of ${withoutDot(record.fqdn)}`,
    );
  }

  async #read(record: TxtRecord, signal: AbortSignal | undefined): Promise<RecordSet> {
    const doing = `the TXT records of ${withoutDot(record.fqdn)}`;
    const answer = await this.#send('GET', record, undefined, signal);
    if (answer.status === 404) return { values: [], exists: false };
    if (!succeeded(answer)) throw this.#failure(doing, answer);
    const { rdata } = this.#api.read(answer, doing);
    if (!Array.isArray(rdata)) throw this.#api.unexpected(doing, 'there is no list rdata');
    return { values: asTexts(rdata), exists: true };
  }

  /** @returns whether somebody was quicker, so that we must look again */
  async #write(
    record: TxtRecord,
    { exists }: RecordSet,
    values: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const method = values.length === 0 ? 'DELETE' : exists ? 'PUT' : 'POST';
    const body = { name: withoutDot(record.fqdn), type: 'TXT', ttl: TTL, rdata: values };
    const answer = await this.#send(method, record, method === 'DELETE' ? undefined : body, signal);
    if (succeeded(answer)) return false;
    // There already, or gone already: the next look tells. A missing zone stays missing, and ends with the tries.
    if (answer.status === 409 || (answer.status === 404 && method !== 'POST')) return true;
    throw this.#failure(`the change of the TXT records of ${withoutDot(record.fqdn)}`, answer);
  }

  #send(
    method: string,
    record: TxtRecord,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<ApiAnswer> {
    const [zone, name] = [record.zone, record.fqdn].map((one) => encodeURIComponent(withoutDot(one)));
    const request = {
      method,
      url: `https://${this.#host}/config-dns/v2/zones/${zone}/names/${name}/types/TXT`,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const time = edgeGridTime(this.#environment.now());
    return this.#api.send({
      ...request,
      headers: {
        authorization: edgeGrid(this.#credentials, request, time, randomUUID()),
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      signal,
    });
  }

  #failure(doing: string, answer: ApiAnswer): Error {
    const { title, detail } = asObject(parsed(answer.body));
    return this.#api.failure(doing, answer, asText(detail) ?? '', asText(title) ?? '');
  }
}
