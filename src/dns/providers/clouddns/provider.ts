/** Google Cloud DNS over its REST API v1: one TXT record set per name, exchanged as a whole in one atomic change. */

import type { DnsProvider, ProviderEnvironment, TxtRecord } from '../../provider.ts';
import { sound, type SecretReference } from '../credential.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { asNumber, asObject, asObjects, asText, asTexts, parsed, type JsonObject } from '../json-value.ts';
import { absolute } from '../name.ts';
import { ProviderApi, succeeded, type ApiAnswer } from '../provider-api.ts';
import { withoutValue, withValue } from '../txt-value.ts';
import { ambientCredentials } from '../vendor/load.ts';
import { accessToken, readServiceAccountKey } from './service-account.ts';

export interface CloudDnsConfig {
  project: string;
  serviceAccountSecretRef?: SecretReference;
  hostedZoneName?: string;
}

const API = 'https://dns.googleapis.com/dns/v1';
const SCOPE = 'https://www.googleapis.com/auth/ndev.clouddns.readwrite';
const TTL = 60;
const POLL_MS = 1000;
const POLL_LIMIT_MS = 120_000;
/** Tries, where somebody else changes the set between our reading and our writing. */
const TRIES = 5;

export const cloudDNS: DescribedProviderType<CloudDnsConfig> = {
  key: 'cloudDNS',
  title: 'Google Cloud DNS',
  documentation: 'https://cloud.google.com/dns/docs/reference/rest/v1',
  inCluster: true,
  description: {
    fields: [
      { path: 'project', required: true },
      { path: 'serviceAccountSecretRef', required: false },
      { path: 'hostedZoneName', required: false },
    ],
    credentials: [
      'key of a service account in a Secret',
      'ambient: Application Default Credentials (workload identity, metadata server, file)',
    ],
    permissions: [
      'dns.resourceRecordSets.create, .delete, .list, .update',
      'dns.changes.create, .get',
      'dns.managedZones.list (not with `hostedZoneName`)',
    ],
    testedAgainst: 'a server that checks the published requests and the signed assertion',
  },
  secretReferences: ({ serviceAccountSecretRef }) =>
    serviceAccountSecretRef === undefined ? [] : [serviceAccountSecretRef],
  create: async (config, environment) => {
    if (!/^[a-z0-9.:-]{1,100}$/u.test(config.project))
      throw new DnsProviderError('dns-provider/configuration', 'cloudDNS.project is no ID of a project');
    return new CloudDns(environment, config, await tokenOf(config, environment));
  },
};

async function tokenOf(
  { serviceAccountSecretRef }: CloudDnsConfig,
  environment: ProviderEnvironment,
): Promise<string> {
  if (serviceAccountSecretRef !== undefined) {
    const { name, key = '(none named)' } = serviceAccountSecretRef;
    const json = await environment.secret(serviceAccountSecretRef);
    const account = readServiceAccountKey(json, `Secret ${name}, entry ${key},`);
    return sound(await accessToken(environment, account, SCOPE), 'Google access token');
  }
  if (!environment.ambient)
    throw new DnsProviderError(
      'dns-provider/configuration',
      'unable to construct clouddns provider: empty credentials; perhaps you meant to enable ambient credentials?',
    );
  return await ambientCredentials('google', (google) => google.googleToken(environment, SCOPE));
}

interface Set {
  readonly name: string;
  readonly type: 'TXT';
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

class CloudDns implements DnsProvider {
  readonly #api: ProviderApi;
  readonly #environment: ProviderEnvironment;
  readonly #project: string;
  readonly #zoneName: string;
  readonly #token: string;

  constructor(environment: ProviderEnvironment, config: CloudDnsConfig, token: string) {
    this.#environment = environment;
    this.#api = new ProviderApi(environment, 'Cloud DNS', [token]);
    this.#project = `${API}/projects/${encodeURIComponent(config.project)}/managedZones`;
    this.#zoneName = config.hostedZoneName ?? '';
    this.#token = token;
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
    const zone = `${this.#project}/${encodeURIComponent(await this.#zone(record.zone, signal))}`;
    for (let tries = 1; ; tries += 1) {
      const before = await this.#read(zone, record.fqdn, signal);
      const values = change(
        before.flatMap(({ rrdatas }) => rrdatas),
        record.value,
      );
      if (values === undefined) return;
      const after: Set[] =
        values.length === 0
          ? []
          : [{ name: record.fqdn, type: 'TXT', ttl: before[0]?.ttl ?? TTL, rrdatas: values }];
      const doing = `the change of ${record.fqdn}`;
      const answer = await this.#send('POST', `${zone}/changes`, signal, {
        additions: after,
        deletions: before,
      });
      if (succeeded(answer)) return await this.#settled(zone, this.#api.read(answer, doing), signal);
      // What we wanted to delete is not there any more, or what we wanted to add is there: somebody was quicker.
      const failure = this.#failure(doing, answer);
      const moved = [404, 409, 412].includes(answer.status);
      if (!moved || tries === TRIES) throw failure;
      await this.#environment.wait(200 * tries, signal);
    }
  }

  async #read(zone: string, fqdn: string, signal: AbortSignal | undefined): Promise<Set[]> {
    const doing = `the TXT records of ${fqdn}`;
    const query = new URLSearchParams({ name: fqdn, type: 'TXT' }).toString();
    const { rrsets } = await this.#object(`${zone}/rrsets?${query}`, doing, signal);
    // Absent where there is none; an answer that has it as something else is not one to build a change on.
    if (rrsets !== undefined && !Array.isArray(rrsets))
      throw this.#api.unexpected(doing, 'rrsets is no list');
    return asObjects(rrsets)
      .filter((set) => set['type'] === 'TXT' && absolute(asText(set['name']) ?? '') === fqdn)
      .map((set) => ({
        name: asText(set['name']) ?? fqdn,
        type: 'TXT' as const,
        ttl: asNumber(set['ttl']) ?? TTL,
        rrdatas: asTexts(set['rrdatas']),
      }));
  }

  async #settled(zone: string, change: JsonObject, signal: AbortSignal | undefined): Promise<void> {
    const doing = 'the state of the change';
    const id = asText(change['id']);
    let { status } = change;
    const deadline = this.#environment.now() + POLL_LIMIT_MS;
    while (status === 'pending') {
      if (id === undefined) throw this.#api.unexpected('the change', 'it has no id');
      if (this.#environment.now() >= deadline)
        throw new DnsProviderError(
          'dns-provider/timeout',
          `Cloud DNS took the change and did not bring it to its servers within ${POLL_LIMIT_MS / 1000} s`,
        );
      await this.#environment.wait(POLL_MS, signal);
      ({ status } = await this.#object(`${zone}/changes/${encodeURIComponent(id)}`, doing, signal));
    }
    if (status !== 'done') throw this.#api.unexpected(doing, `its state is ${asText(status) ?? 'no word'}`);
  }

  /** The name of the managed zone: as configured, else the public one of the DNS name, else any of it. */
  async #zone(dnsName: string, signal: AbortSignal | undefined): Promise<string> {
    if (this.#zoneName !== '') return this.#zoneName;
    const query = new URLSearchParams({ dnsName }).toString();
    const { managedZones } = await this.#object(
      `${this.#project}?${query}`,
      `the zones of ${dnsName}`,
      signal,
    );
    const zones = asObjects(managedZones);
    const zone = zones.find(({ visibility }) => visibility === 'public') ?? zones[0];
    const name = asText(zone?.['name']);
    if (name === undefined)
      throw new DnsProviderError(
        'dns-provider/zone-not-found',
        `the project has no managed zone for ${dnsName} in Cloud DNS; check project, or set hostedZoneName`,
      );
    return name;
  }

  async #object(url: string, doing: string, signal: AbortSignal | undefined): Promise<JsonObject> {
    const answer = await this.#send('GET', url, signal);
    if (!succeeded(answer)) throw this.#failure(doing, answer);
    return this.#api.read(answer, doing);
  }

  #send(method: string, url: string, signal: AbortSignal | undefined, body?: unknown): Promise<ApiAnswer> {
    return this.#api.send({
      method,
      url,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
  }

  #failure(doing: string, answer: ApiAnswer): DnsProviderError {
    const error = asObject(asObject(parsed(answer.body))['error']);
    const reason = asText(asObjects(error['errors'])[0]?.['reason']) ?? asText(error['status']) ?? '';
    const failure = this.#api.failure(doing, answer, asText(error['message']) ?? '', reason);
    // Google says 403 to quotas, too.
    return ['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded'].includes(reason)
      ? new DnsProviderError('dns-provider/throttled', failure.message, failure)
      : failure;
  }
}
