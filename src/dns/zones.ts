/** Finds the zone that holds a name, and the servers of a zone (acme.md §10.4). */

export interface ZoneOptions {
  /** Servers that look further themselves, as in `QueryOptions`. */
  servers: readonly string[];
  signal?: AbortSignal;
}

/** What it learned is kept for the TTL of the records, apart for each list of servers: split DNS has two truths. */
export interface Zones {
  /** The zone that holds the name, with the final dot. Rejects with ZoneNotFoundError, RcodeError or NoAnswerError. */
  findZone(fqdn: string, options: ZoneOptions): Promise<string>;
  /** Names of the servers of a zone, sorted. Rejects with NoNameserversError. */
  nameservers(zone: string, options: ZoneOptions): Promise<readonly string[]>;
}
