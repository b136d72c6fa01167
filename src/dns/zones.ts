/** Finds the zone that holds a name, and the servers of a zone (acme.md §10.4). */
import { NoNameserversError, RcodeError, ZoneNotFoundError } from './errors.ts';
import { absoluteName, parentName } from './names.ts';
import type { DnsAnswer, DnsResolver } from './resolver.ts';

export interface ZoneOptions {
  /** Servers that look further themselves, as in `QueryOptions`. */
  servers: readonly string[];
  signal?: AbortSignal;
}

/** What it learned is kept for the TTL of the records, apart for each list of servers: split DNS has two truths. */
export interface Zones {
  /** The zone that holds the name, with the final dot. Rejects with ZoneNotFoundError, RcodeError or NoAnswerError. */
  findZone(fqdn: string, options: ZoneOptions): Promise<string>;
  /** Names of the servers of a zone, sorted. Rejects with NoNameserversError, RcodeError or NoAnswerError. */
  nameservers(zone: string, options: ZoneOptions): Promise<readonly string[]>;
}

export interface ZonesDeps {
  resolver: DnsResolver;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** A zone that moves is found again within the hour, whatever its records say. */
const longestTtlSeconds = 3600;
/** Oldest entries go first: users choose names, so names must not fill the memory. */
const mostEntries = 2000;
/** The root zone has 13; a zone that names more is asked at the first of them. */
export const mostNameservers = 16;

export function createZones({ resolver, now }: ZonesDeps): Zones {
  const zones = createExpiring<string>(now);
  const servers = createExpiring<readonly string[]>(now);

  const lookUpZone = async (fqdn: string, options: ZoneOptions): Promise<{ zone: string; ttl: number }> => {
    for (let name: string | undefined = fqdn; name !== undefined; name = parentName(name)) {
      const answer = await resolver.query(name, 'SOA', options);
      if (answer.rcode === 'NXDOMAIN') continue;
      if (answer.rcode !== 'NOERROR') throw unexpected(answer, 'SOA', name, options.servers);
      if (answer.answers.some(({ type }) => type === 'CNAME')) continue;
      for (const record of answer.answers)
        if (record.type === 'SOA' && record.name === name) return { zone: name, ttl: record.ttl };
    }
    throw new ZoneNotFoundError(
      `Could not find the SOA record in the DNS tree for the domain '${fqdn}' using nameservers [${options.servers.join(', ')}]; does each of them answer questions for SOA records?`,
    );
  };

  return {
    async findZone(name, options) {
      const fqdn = absoluteName(name);
      const key = keyOf(fqdn, options.servers);
      const known = zones.get(key);
      if (known !== undefined) return known;
      const { zone, ttl } = await lookUpZone(fqdn, options);
      zones.set(key, zone, ttl);
      return zone;
    },

    async nameservers(name, options) {
      const zone = absoluteName(name);
      const key = keyOf(zone, options.servers);
      const known = servers.get(key);
      if (known !== undefined) return known;
      const answer = await resolver.query(zone, 'NS', options);
      if (answer.rcode !== 'NOERROR' && answer.rcode !== 'NXDOMAIN')
        throw unexpected(answer, 'NS', zone, options.servers);
      const hosts = new Set<string>();
      let ttl = longestTtlSeconds;
      for (const record of answer.answers) {
        if (record.type !== 'NS' || record.name !== zone) continue;
        hosts.add(absoluteName(record.target));
        ttl = Math.min(ttl, record.ttl);
      }
      if (hosts.size === 0)
        throw new NoNameserversError(
          `Could not determine authoritative nameservers for "${zone}" using nameservers [${options.servers.join(', ')}]`,
        );
      const sorted = [...hosts].toSorted().slice(0, mostNameservers);
      servers.set(key, sorted, ttl);
      return sorted;
    },
  };
}

function keyOf(name: string, servers: readonly string[]): string {
  return `${name} ${servers.join(' ')}`;
}

function unexpected(answer: DnsAnswer, type: string, name: string, servers: readonly string[]): RcodeError {
  return new RcodeError(
    `When querying the ${type} record for the domain '${name}' using nameservers [${servers.join(', ')}], rcode was expected to be 'NOERROR' or 'NXDOMAIN', but got '${answer.rcode}' from ${answer.server}`,
    answer.rcode,
    answer.server,
  );
}

interface Expiring<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, ttlSeconds: number): void;
}

function createExpiring<V>(now: () => number): Expiring<V> {
  const entries = new Map<string, { value: V; until: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.until > now()) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, ttlSeconds) {
      entries.delete(key);
      entries.set(key, { value, until: now() + Math.min(ttlSeconds, longestTtlSeconds) * 1000 });
      for (const oldest of entries.keys()) {
        if (entries.size <= mostEntries) break;
        entries.delete(oldest);
      }
    },
  };
}
