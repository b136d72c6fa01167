/** Azure DNS over its management API: one TXT record set per name, exchanged under its etag so that nobody is overwritten. */

import type { DnsProvider, ProviderEnvironment, TxtRecord } from '../../provider.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { asNumber, asObject, asObjects, asText, asTexts, parsed, type JsonObject } from '../json-value.ts';
import { relativeTo, withoutDot } from '../name.ts';
import { ProviderApi, succeeded, type ApiAnswer } from '../provider-api.ts';
import { azureLogin, cloudOf, type AzureDnsConfig } from './login.ts';

const TTL = 60;
/** Tries, where somebody else changes the set between our reading and our writing. */
const TRIES = 5;

export const azureDNS: DescribedProviderType<AzureDnsConfig> = {
  key: 'azureDNS',
  title: 'Azure DNS',
  documentation: 'https://learn.microsoft.com/rest/api/dns/record-sets',
  inCluster: true,
  description: {
    fields: [
      { path: 'subscriptionID', required: true },
      { path: 'resourceGroupName', required: true },
      ...[
        'hostedZoneName',
        'zoneType',
        'environment',
        'clientID',
        'clientSecretSecretRef',
        'tenantID',
        'managedIdentity.clientID',
        'managedIdentity.resourceID',
        'managedIdentity.tenantID',
      ].map((path) => ({ path, required: false })),
    ],
    credentials: [
      'service principal: `clientID`, `tenantID` and a client secret in a Secret',
      'ambient: workload identity (AZURE_FEDERATED_TOKEN_FILE), else managed identity',
    ],
    permissions: [
      'role DNS Zone Contributor, or Microsoft.Network/dnsZones/read and Microsoft.Network/dnsZones/TXT/*',
      'for private zones Private DNS Zone Contributor, or the same below Microsoft.Network/privateDnsZones',
    ],
    testedAgainst: 'a server that checks the published requests and etags',
  },
  secretReferences: ({ clientSecretSecretRef }) =>
    clientSecretSecretRef === undefined ? [] : [clientSecretSecretRef],
  create: async (config, environment) => {
    for (const field of ['subscriptionID', 'resourceGroupName'] as const)
      if (/^(?:\.{0,2}|.*[\s/?#%\\].*)$/su.test(config[field]))
        throw new DnsProviderError(
          'dns-provider/configuration',
          `azureDNS.${field} must be one segment of a path`,
        );
    const { token, secrets } = await azureLogin(config, environment);
    return new AzureDns(
      environment,
      new ProviderApi(environment, 'Azure', [...secrets, token]),
      config,
      token,
    );
  },
};

/** A TXT record set, or where one could be. */
interface RecordSet {
  /** Undefined where there is none. */
  readonly etag: string | undefined;
  readonly properties: JsonObject;
  readonly values: readonly string[];
}

class AzureDns implements DnsProvider {
  readonly #environment: ProviderEnvironment;
  readonly #api: ProviderApi;
  readonly #config: AzureDnsConfig;
  readonly #token: string;
  /** Public and private zones are two services, which write their fields differently. */
  readonly #kind: {
    readonly zones: string;
    readonly version: string;
    readonly records: string;
    readonly ttl: string;
  };

  constructor(environment: ProviderEnvironment, api: ProviderApi, config: AzureDnsConfig, token: string) {
    this.#environment = environment;
    this.#api = api;
    this.#config = config;
    this.#token = token;
    this.#kind =
      config.zoneType === 'AzurePrivateZone'
        ? { zones: 'privateDnsZones', version: '2020-06-01', records: 'txtRecords', ttl: 'ttl' }
        : { zones: 'dnsZones', version: '2018-05-01', records: 'TXTRecords', ttl: 'TTL' };
  }

  present(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#change(record, signal, (values, value) =>
      values.includes(value) ? undefined : [...values, value],
    );
  }

  cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    return this.#change(record, signal, (values, value) =>
      values.includes(value) ? values.filter((one) => one !== value) : undefined,
    );
  }

  async #change(
    record: TxtRecord,
    signal: AbortSignal | undefined,
    change: (values: readonly string[], value: string) => string[] | undefined,
  ): Promise<void> {
    const zone = await this.#zone(record, signal);
    const name = relativeTo(record.fqdn, `${zone}.`);
    const path = `/${encodeURIComponent(zone)}/TXT/${name === '@' ? name : encodeURIComponent(name)}`;
    for (let tries = 1; ; tries += 1) {
      const before = await this.#read(path, record, signal);
      const values = change(before.values, record.value);
      if (values === undefined) return;
      const answer = await this.#write(path, before, values, signal);
      if (succeeded(answer)) return;
      const failure = this.#failure(`the change of ${withoutDot(record.fqdn)}`, answer);
      if (failure.code !== 'dns-provider/conflict' || tries === TRIES) throw failure;
      await this.#environment.wait(200 * tries, signal);
    }
  }

  async #read(path: string, record: TxtRecord, signal: AbortSignal | undefined): Promise<RecordSet> {
    const doing = `the TXT records of ${withoutDot(record.fqdn)}`;
    const answer = await this.#send('GET', path, signal);
    if (answer.status === 404) return { etag: undefined, properties: {}, values: [] };
    if (!succeeded(answer)) throw this.#failure(doing, answer);
    const body = this.#api.read(answer, doing);
    const etag = asText(body['etag']);
    if (etag === undefined) throw this.#api.unexpected(doing, 'the record set has no etag');
    const properties = asObject(body['properties']);
    const records = asObjects(field(properties, 'txtrecords'));
    // A record of several strings is one value (RFC 7208 §3.3 reads it so, too).
    return { etag, properties, values: records.map((one) => asTexts(one['value']).join('')) };
  }

  #write(
    path: string,
    before: RecordSet,
    values: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ApiAnswer> {
    const guard: Record<string, string> =
      before.etag === undefined ? { 'if-none-match': '*' } : { 'if-match': before.etag };
    if (values.length === 0) return this.#send('DELETE', path, signal, guard);
    const metadata = field(before.properties, 'metadata');
    const stored = asObjects(field(before.properties, 'txtrecords'));
    const records = values.map(
      (value) =>
        // As it was stored, with its own division into strings.
        stored.find((one) => asTexts(one['value']).join('') === value) ?? { value: [value] },
    );
    return this.#send('PUT', path, signal, guard, {
      properties: {
        ...(metadata !== undefined && { metadata }),
        [this.#kind.ttl]: asNumber(field(before.properties, 'ttl')) ?? TTL,
        [this.#kind.records]: records,
      },
    });
  }

  /** The name of the zone without the final dot. */
  async #zone({ fqdn, zone }: TxtRecord, signal: AbortSignal | undefined): Promise<string> {
    const configured = withoutDot((this.#config.hostedZoneName ?? '').toLowerCase());
    if (configured !== '') {
      if (!`.${fqdn}`.endsWith(`.${configured}.`))
        throw new DnsProviderError(
          'dns-provider/configuration',
          `azureDNS.hostedZoneName is ${configured}, which cannot hold ${fqdn}`,
        );
      return configured;
    }
    const name = withoutDot(zone);
    const answer = await this.#send('GET', `/${encodeURIComponent(name)}`, signal);
    if (succeeded(answer)) return name;
    const failure = this.#failure(`the zone ${name}`, answer);
    if (answer.status !== 404) throw failure;
    throw new DnsProviderError(
      'dns-provider/zone-not-found',
      `Zone ${zone} not found in AzureDNS for domain ${fqdn}. Err: ${failure.message}`,
      failure,
    );
  }

  #send(
    method: string,
    path: string,
    signal: AbortSignal | undefined,
    headers: Readonly<Record<string, string>> = {},
    body?: unknown,
  ): Promise<ApiAnswer> {
    const { subscriptionID, resourceGroupName } = this.#config;
    const group = `/subscriptions/${subscriptionID}/resourceGroups/${resourceGroupName}`;
    const { zones, version } = this.#kind;
    return this.#api.send({
      method,
      url: `${cloudOf(this.#config).management}${group}/providers/Microsoft.Network/${zones}${path}?api-version=${version}`,
      headers: {
        ...headers,
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
  }

  #failure(doing: string, answer: ApiAnswer): DnsProviderError {
    const body = asObject(parsed(answer.body));
    const error = asObject(body['error']);
    return this.#api.failure(
      doing,
      answer,
      asText(error['message']) ?? asText(body['message']) ?? '',
      asText(error['code']) ?? asText(body['code']) ?? '',
    );
  }
}

/** A field whatever its case: the two services write TTL and ttl, TXTRecords and txtRecords, and have changed before. */
function field(object: JsonObject, lowerCase: string): unknown {
  return Object.entries(object).find(([name]) => name.toLowerCase() === lowerCase)?.[1];
}
