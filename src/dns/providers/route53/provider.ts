/** Amazon Route 53 over its REST API: one record set per value, with the value as its identifier, so that none overwrites another. */

import type { DnsProvider, ProviderEnvironment, TxtRecord } from '../../provider.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError } from '../errors.ts';
import { absolute, inZone, withoutDot } from '../name.ts';
import { quoted, withoutValue, withValue } from '../txt-value.ts';
import { allAt, textAt, type XmlElement } from '../xml.ts';
import { AwsApi } from './aws-api.ts';
import { changeRequest, simpleSet, type RecordSet } from './change.ts';
import { endpointOf, regionOf, route53Credentials, type Route53Config } from './credentials.ts';
import { route53At } from './partition.ts';

const API = '/2013-04-01';
/** Seconds. */
const TTL = 10;
const POLL_MS = 4000;
const POLL_LIMIT_MS = 120_000;
const MOST_PAGES = 10;

export const route53: DescribedProviderType<Route53Config> = {
  key: 'route53',
  title: 'Amazon Route 53',
  documentation: 'https://docs.aws.amazon.com/Route53/latest/APIReference/Welcome.html',
  inCluster: true,
  description: {
    fields: [
      'region',
      'role',
      'hostedZoneID',
      'auth.kubernetes.serviceAccountRef.name',
      'auth.kubernetes.serviceAccountRef.audiences',
      'accessKeyID',
      'accessKeyIDSecretRef',
      'secretAccessKeySecretRef',
    ].map((path) => ({ path, required: false })),
    credentials: [
      'token of a ServiceAccount (`auth.kubernetes.serviceAccountRef`), with `role`',
      'access key: `accessKeyID` or `accessKeyIDSecretRef`, and `secretAccessKeySecretRef`',
      'ambient: environment, IRSA, pod identity, instance metadata, shared files',
      '`role` is assumed on top of keys and ambient credentials',
    ],
    permissions: [
      'route53:ChangeResourceRecordSets',
      'route53:GetChange',
      'route53:ListHostedZonesByName (not with `hostedZoneID`)',
      'route53:ListResourceRecordSets (only where the name has a simple TXT record set)',
    ],
    testedAgainst: 'moto, with STS; a server that checks the published requests and signatures',
  },
  secretReferences: ({ accessKeyIDSecretRef, secretAccessKeySecretRef }) =>
    [accessKeyIDSecretRef, secretAccessKeySecretRef].filter((one) => one !== undefined),
  create: async (config, environment) => {
    const credentials = await route53Credentials(config, environment);
    const endpoint = endpointOf('ROUTE_53', route53At(regionOf(config, environment)), environment);
    const api = new AwsApi(environment, 'Route 53', 'route53', endpoint, credentials);
    return new Route53(environment, api, config.hostedZoneID ?? '');
  },
};

class Route53 implements DnsProvider {
  readonly #environment: ProviderEnvironment;
  readonly #api: AwsApi;
  readonly #hostedZone: string;

  constructor(environment: ProviderEnvironment, api: AwsApi, hostedZone: string) {
    this.#environment = environment;
    this.#api = api;
    this.#hostedZone = hostedZone;
  }

  async present(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    const zone = await this.#zone(record, signal);
    try {
      await this.#change(zone, [{ action: 'UPSERT', set: ownSet(record) }], record, signal);
    } catch (error) {
      if (!isInvalidBatch(error)) throw error;
      // A set of several values without identifier stands at the name: Route 53 refuses ours beside it, so ours goes in.
      const simple = await this.#simple(zone, record, signal);
      if (simple === undefined) throw error;
      await this.#replace(zone, simple, withValue(simple.values, record.value), record, signal);
    }
  }

  async cleanUp(record: TxtRecord, signal?: AbortSignal): Promise<void> {
    const zone = await this.#zone(record, signal);
    try {
      await this.#change(zone, [{ action: 'DELETE', set: ownSet(record) }], record, signal);
    } catch (error) {
      // It is not there as we write it.
      if (!isInvalidBatch(error)) throw error;
      const simple = await this.#simple(zone, record, signal).catch((cause: unknown) => {
        // Who may not list could not have put it into a simple set either.
        if (cause instanceof DnsProviderError && cause.code === 'dns-provider/denied') return undefined;
        throw cause;
      });
      if (simple !== undefined)
        await this.#replace(zone, simple, withoutValue(simple.values, record.value), record, signal);
    }
  }

  /** Old out and new in, as one change: it fails as a whole where somebody changed the set meanwhile. */
  async #replace(
    zone: string,
    simple: RecordSet,
    values: readonly string[] | undefined,
    record: TxtRecord,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (values === undefined) return;
    const added = values.length === 0 ? [] : [{ action: 'CREATE' as const, set: { ...simple, values } }];
    try {
      await this.#change(zone, [{ action: 'DELETE', set: simple }, ...added], record, signal);
    } catch (error) {
      if (!isInvalidBatch(error)) throw error;
      throw new DnsProviderError('dns-provider/conflict', error.message, error);
    }
  }

  async #change(
    zone: string,
    changes: Parameters<typeof changeRequest>[0],
    record: TxtRecord,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const answer = await this.#wrapped('failed to change Route 53 record set', () =>
      this.#api.call(
        {
          method: 'POST',
          path: `${API}/hostedzone/${encodeURIComponent(zone)}/rrset/`,
          contentType: 'application/xml',
          body: changeRequest(changes),
        },
        `the change of ${withoutDot(record.fqdn)}`,
        signal,
      ),
    );
    await this.#settled(answer, signal);
  }

  async #settled(answer: XmlElement, signal: AbortSignal | undefined): Promise<void> {
    const doing = 'the state of the change';
    const id = lastPart(textAt(answer, 'ChangeInfo', 'Id'));
    if (id === undefined) throw this.#api.unexpected('the change', 'it has no ChangeInfo with an Id');
    let status = textAt(answer, 'ChangeInfo', 'Status');
    const deadline = this.#environment.now() + POLL_LIMIT_MS;
    while (status !== 'INSYNC') {
      if (this.#environment.now() >= deadline)
        throw new DnsProviderError(
          'dns-provider/timeout',
          `Route 53 took the change and did not bring it to all of its servers within ${POLL_LIMIT_MS / 1000} s; its state is ${(status ?? 'unknown').slice(0, 40)}`,
        );
      await this.#environment.wait(POLL_MS, signal);
      const path = `${API}/change/${encodeURIComponent(id)}`;
      status = textAt(await this.#api.call({ method: 'GET', path }, doing, signal), 'ChangeInfo', 'Status');
    }
  }

  async #zone({ fqdn, zone }: TxtRecord, signal: AbortSignal | undefined): Promise<string> {
    if (this.#hostedZone !== '') return lastPart(this.#hostedZone) ?? this.#hostedZone;
    const doing = `the hosted zones called ${withoutDot(zone)}`;
    return await this.#wrapped('failed to determine Route 53 hosted zone ID', async () => {
      let query = new URLSearchParams({ dnsname: withoutDot(zone) });
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const path = `${API}/hostedzonesbyname?${query.toString()}`;
        const answer = await this.#api.call({ method: 'GET', path }, doing, signal);
        const best = allAt(answer, 'HostedZones', 'HostedZone')
          .filter((one) => textAt(one, 'Config', 'PrivateZone')?.toLowerCase() !== 'true')
          .map((one) => ({ id: lastPart(textAt(one, 'Id')), name: absolute(textAt(one, 'Name') ?? '') }))
          .filter(({ id, name }) => id !== undefined && inZone(fqdn, name))
          .toSorted((a, b) => b.name.length - a.name.length)[0];
        if (best?.id !== undefined) return best.id;
        const next = textAt(answer, 'NextDNSName');
        // Names are sorted, so what comes after another name cannot be ours.
        if (textAt(answer, 'IsTruncated') !== 'true' || next === undefined || absolute(next) !== zone) break;
        query = new URLSearchParams({
          dnsname: next,
          hostedzoneid: textAt(answer, 'NextHostedZoneId') ?? '',
        });
      }
      throw new DnsProviderError(
        'dns-provider/zone-not-found',
        `Zone ${zone} not found in Route 53 for domain ${fqdn}; the credentials belong to an account that has no such public zone, or set hostedZoneID`,
      );
    });
  }

  async #simple(
    zone: string,
    record: TxtRecord,
    signal: AbortSignal | undefined,
  ): Promise<RecordSet | undefined> {
    const query = new URLSearchParams({ name: record.fqdn, type: 'TXT', maxitems: '100' });
    const path = `${API}/hostedzone/${encodeURIComponent(zone)}/rrset?${query.toString()}`;
    const doing = `the TXT record sets of ${withoutDot(record.fqdn)}`;
    return simpleSet(await this.#api.call({ method: 'GET', path }, doing, signal), record.fqdn);
  }

  /** The words of the peer before what went wrong. */
  async #wrapped<T>(words: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof DnsProviderError)) throw error;
      throw new DnsProviderError(error.code, `${words}: ${error.message}`, error);
    }
  }
}

function ownSet({ fqdn, value }: TxtRecord): RecordSet {
  return { name: fqdn, ttl: String(TTL), values: [quoted(value)], setIdentifier: quoted(value) };
}

function isInvalidBatch(error: unknown): error is DnsProviderError {
  return error instanceof DnsProviderError && error.reason === 'InvalidChangeBatch';
}

/** `/hostedzone/Z123` and `/change/C123` to the id. */
function lastPart(path: string | undefined): string | undefined {
  return path?.slice(path.lastIndexOf('/') + 1);
}
