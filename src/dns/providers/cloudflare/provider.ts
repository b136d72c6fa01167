/** Cloudflare DNS over its API v4: one TXT record per value, found and removed by content. */

import type { DnsProvider, ProviderEnvironment, TxtRecord } from '../../provider.ts';
import { sound, type SecretReference } from '../credential.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { asNumber, asObject, asObjects, asText, parsed, type JsonObject } from '../json-value.ts';
import { withoutDot } from '../name.ts';
import { ProviderApi, succeeded, type ApiAnswer } from '../provider-api.ts';
import { unquoted } from '../txt-value.ts';

export interface CloudflareConfig {
  email?: string;
  apiKeySecretRef?: SecretReference;
  apiTokenSecretRef?: SecretReference;
}

const API = 'https://api.cloudflare.com/client/v4';
const TTL = 60;
const PER_PAGE = 100;
/** A name with more TXT records than this is not one that we can clean up after. */
const MOST_PAGES = 20;

export const cloudflare: DescribedProviderType<CloudflareConfig> = {
  key: 'cloudflare',
  title: 'Cloudflare',
  documentation: 'https://developers.cloudflare.com/api/resources/dns/',
  inCluster: true,
  description: {
    fields: [
      { path: 'apiTokenSecretRef', required: false },
      { path: 'apiKeySecretRef', required: false },
      { path: 'email', required: false },
    ],
    credentials: ['API token in a Secret', 'global API key in a Secret, with `email`'],
    permissions: ['Zone / DNS / Edit', 'Zone / Zone / Read'],
    testedAgainst: 'a server that checks the published requests',
  },
  secretReferences: ({ apiKeySecretRef, apiTokenSecretRef }) =>
    [apiKeySecretRef, apiTokenSecretRef].filter((one) => one !== undefined),
  create: async (config, environment) => {
    const { headers, secret } = await login(config, environment);
    return new Cloudflare(new ProviderApi(environment, 'Cloudflare', [secret]), headers);
  },
};

async function login(
  { email, apiKeySecretRef, apiTokenSecretRef }: CloudflareConfig,
  environment: ProviderEnvironment,
): Promise<{ headers: Record<string, string>; secret: string }> {
  if ((apiKeySecretRef === undefined) === (apiTokenSecretRef === undefined))
    throw new DnsProviderError(
      'dns-provider/configuration',
      'cloudflare needs exactly one of apiKeySecretRef and apiTokenSecretRef',
    );
  const mail = email === undefined || email === '' ? undefined : sound(email, 'Cloudflare account email');
  if (apiTokenSecretRef !== undefined) {
    const secret = sound(await environment.secret(apiTokenSecretRef), 'Cloudflare API token');
    return { secret, headers: { authorization: `Bearer ${secret}`, ...(mail && { 'x-auth-email': mail }) } };
  }
  if (apiKeySecretRef === undefined || mail === undefined)
    throw new DnsProviderError(
      'dns-provider/configuration',
      'cloudflare needs email, the account of the key, beside apiKeySecretRef; or use apiTokenSecretRef',
    );
  const secret = sound(await environment.secret(apiKeySecretRef), 'Cloudflare API key');
  return { secret, headers: { 'x-auth-key': secret, 'x-auth-email': mail } };
}

class Cloudflare implements DnsProvider {
  readonly #api: ProviderApi;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(api: ProviderApi, headers: Readonly<Record<string, string>>) {
    this.#api = api;
    this.#headers = headers;
  }

  async present(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    const zone = await this.#zone(record.fqdn, signal);
    if ((await this.#find(zone, record, signal)).length > 0) return;
    const body = { type: 'TXT', name: withoutDot(record.fqdn), content: record.value, ttl: TTL };
    const path = `/zones/${encodeURIComponent(zone)}/dns_records`;
    const answer = await this.#send('POST', path, signal, body);
    // "An identical record already exists": somebody was quicker, with the same value.
    if (!succeeded(answer) && errorsOf(answer).some(({ code }) => code === '81057' || code === '81058'))
      return;
    this.#result('POST', path, answer);
  }

  async cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    const zone = await this.#zone(record.fqdn, signal);
    for (const id of await this.#find(zone, record, signal)) {
      const path = `/zones/${encodeURIComponent(zone)}/dns_records/${encodeURIComponent(id)}`;
      const answer = await this.#send('DELETE', path, signal);
      if (answer.status !== 404) this.#result('DELETE', path, answer);
    }
  }

  /** Cloudflare is asked, not the DNS: the zone of the account counts, also where the world sees another server. */
  async #zone(fqdn: string, signal: AbortSignal | undefined): Promise<string> {
    const labels = withoutDot(fqdn).split('.');
    for (let at = 0; at + 2 <= labels.length; at += 1) {
      if (labels[at] === '*') continue;
      const path = `/zones?name=${encodeURIComponent(labels.slice(at).join('.'))}`;
      const { result } = this.#result('GET', path, await this.#send('GET', path, signal));
      const id = asText(asObjects(result)[0]?.['id']);
      if (id !== undefined) return id;
    }
    throw new DnsProviderError(
      'dns-provider/zone-not-found',
      `Found no Zones for domain ${fqdn} (neither in the sub-domain nor in the SLD) please make sure your domain-entries in the config are correct and the API key is correctly setup with Zone.read rights.`,
    );
  }

  /** Ids of the records that have just this value. */
  async #find(zone: string, { fqdn, value }: TxtRecord, signal: AbortSignal | undefined): Promise<string[]> {
    const name = withoutDot(fqdn);
    const ids: string[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const query = `per_page=${PER_PAGE}&type=TXT&name=${encodeURIComponent(name)}${page > 1 ? `&page=${page}` : ''}`;
      const path = `/zones/${encodeURIComponent(zone)}/dns_records?${query}`;
      const { result, result_info } = this.#result('GET', path, await this.#send('GET', path, signal));
      for (const one of asObjects(result)) {
        const id = asText(one['id']);
        // Since 2024 contents come back in quotes where they were stored in quotes.
        const same =
          unquoted(asText(one['content']) ?? '') === value && asText(one['name'])?.toLowerCase() === name;
        if (same && id !== undefined) ids.push(id);
      }
      if (page >= (asNumber(asObject(result_info)['total_pages']) ?? 1)) return ids;
    }
    throw this.#api.unexpected(`the list of TXT records of ${name}`, `more than ${MOST_PAGES} pages`);
  }

  #send(method: string, path: string, signal: AbortSignal | undefined, body?: unknown): Promise<ApiAnswer> {
    return this.#api.send({
      method,
      url: `${API}${path}`,
      headers: { ...this.#headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
  }

  /** @throws DnsProviderError unless the answer says success, with Cloudflare's own chain of causes in it */
  #result(method: string, path: string, answer: ApiAnswer): JsonObject {
    // The ids of zone and record are no secret, but say nothing to people.
    const doing = `${method} "${path.replaceAll(/\b[0-9a-f]{32}\b/gu, '…')}"`;
    const value = asObject(parsed(answer.body));
    const wrong = errorsOf(answer);
    if (!succeeded(answer) || value['success'] === false) {
      const words = wrong.map(({ words: one }) => one).join('');
      const failure = this.#api.failure(doing, answer, '', wrong[0]?.code ?? '');
      if (words === '') throw failure;
      throw new DnsProviderError(
        // 200 with success=false is a refusal all the same.
        succeeded(answer) ? 'dns-provider/refused' : failure.code,
        `while querying the Cloudflare API for ${doing} \n${this.#api.clean(words).replaceAll('Error:', '\t Error:')}`,
        failure,
      );
    }
    if (value['result'] === undefined) throw this.#api.unexpected(doing, 'there is no result');
    return value;
  }
}

/** Errors with their chain, in the words of the peer: `Error: 1003: invalid<- 9103: unknown key`. */
function errorsOf(answer: ApiAnswer): { code: string; words: string }[] {
  return asObjects(asObject(parsed(answer.body))['errors'])
    .slice(0, 5)
    .map((error) => ({
      code: asText(error['code']) ?? '',
      words: ` Error: ${said(error)}${asObjects(error['error_chain'])
        .slice(0, 5)
        .map((one) => `<- ${said(one)}`)
        .join('')}`,
    }));
}

function said(error: JsonObject): string {
  return `${asText(error['code']) ?? 'no code'}: ${asText(error['message']) ?? 'no message'}`;
}
