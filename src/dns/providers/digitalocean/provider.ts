/** DigitalOcean DNS over its API v2: one TXT record per value, removed by value. */

import type { DnsProvider, TxtRecord } from '../../provider.ts';
import { credential, type SecretReference } from '../credential.ts';
import type { DescribedProviderType } from '../description.ts';
import { asObject, asObjects, asText, parsed } from '../json-value.ts';
import { absolute, withoutDot } from '../name.ts';
import { ProviderApi, succeeded, type ApiAnswer } from '../provider-api.ts';
import { unquoted } from '../txt-value.ts';

export interface DigitalOceanConfig {
  tokenSecretRef: SecretReference;
}

const API = 'https://api.digitalocean.com/v2';
const TTL = 60;
const PER_PAGE = 200;
const MOST_PAGES = 20;

export const digitalocean: DescribedProviderType<DigitalOceanConfig> = {
  key: 'digitalocean',
  title: 'DigitalOcean',
  documentation: 'https://docs.digitalocean.com/reference/api/digitalocean/#tag/Domain-Records',
  inCluster: true,
  description: {
    fields: [{ path: 'tokenSecretRef', required: true }],
    credentials: ['API token in a Secret'],
    permissions: ['domain:read', 'domain:create', 'domain:update', 'domain:delete'],
    testedAgainst: 'a server that checks the published requests',
  },
  secretReferences: ({ tokenSecretRef }) => [tokenSecretRef],
  create: async ({ tokenSecretRef }, environment) => {
    const token = await credential(environment, tokenSecretRef, 'DigitalOcean API token');
    return new DigitalOcean(new ProviderApi(environment, 'DigitalOcean', [token]), token);
  },
};

class DigitalOcean implements DnsProvider {
  readonly #api: ProviderApi;
  readonly #token: string;

  constructor(api: ProviderApi, token: string) {
    this.#api = api;
    this.#token = token;
  }

  async present(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    if ((await this.#find(record, signal)).length > 0) return;
    const answer = await this.#send('POST', records(record.zone), signal, {
      type: 'TXT',
      name: record.fqdn,
      data: record.value,
      ttl: TTL,
    });
    if (!succeeded(answer)) throw this.#failure('the new TXT record', record.zone, answer);
  }

  async cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    for (const id of await this.#find(record, signal)) {
      const answer = await this.#send('DELETE', `${records(record.zone)}/${encodeURIComponent(id)}`, signal);
      if (!succeeded(answer) && answer.status !== 404)
        throw this.#failure('the removal of the TXT record', record.zone, answer);
    }
  }

  async #find({ fqdn, zone, value }: TxtRecord, signal: AbortSignal | undefined): Promise<string[]> {
    const name = withoutDot(fqdn);
    const ids: string[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const query = `type=TXT&name=${encodeURIComponent(name)}&per_page=${PER_PAGE}&page=${page}`;
      const answer = await this.#send('GET', `${records(zone)}?${query}`, signal);
      if (!succeeded(answer)) throw this.#failure('the list of TXT records', zone, answer);
      const { domain_records, links } = this.#api.read(answer, 'the list of TXT records');
      if (!Array.isArray(domain_records))
        throw this.#api.unexpected('the list of TXT records', 'there is no list domain_records');
      for (const one of asObjects(domain_records)) {
        const id = asText(one['id']);
        if (
          unquoted(asText(one['data']) ?? '') === value &&
          id !== undefined &&
          sameName(one['name'], fqdn, zone)
        )
          ids.push(id);
      }
      if (asText(asObject(asObject(links)['pages'])['next']) === undefined) return ids;
    }
    throw this.#api.unexpected('the list of TXT records', `more than ${MOST_PAGES} pages for one name`);
  }

  #send(method: string, path: string, signal: AbortSignal | undefined, body?: unknown): Promise<ApiAnswer> {
    return this.#api.send({
      method,
      url: `${API}${path}`,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
  }

  #failure(doing: string, zone: string, answer: ApiAnswer): Error {
    const { id, message } = asObject(parsed(answer.body));
    return this.#api.failure(
      `${doing} of ${withoutDot(zone)}`,
      answer,
      asText(message) ?? '',
      asText(id) ?? '',
    );
  }
}

function records(zone: string): string {
  return `/domains/${encodeURIComponent(withoutDot(zone))}/records`;
}

/** Answers have the name relative to the zone; we are asked for the whole name, and take both. */
function sameName(name: unknown, fqdn: string, zone: string): boolean {
  const text = asText(name);
  return text === undefined || text === '@'
    ? fqdn === zone
    : [absolute(text), `${text}.${zone}`].includes(fqdn);
}
