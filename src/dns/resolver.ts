/** The contract of a resolver: one question to a list of servers, with an answer whose records are typed. */

export type RecordType = 'A' | 'AAAA' | 'CAA' | 'CNAME' | 'NS' | 'SOA' | 'TXT';

/** Names are absolute and lower-case, with the final dot. `ttl` is in seconds. */
export type DnsRecord =
  | { type: 'A' | 'AAAA'; name: string; ttl: number; address: string }
  | { type: 'CNAME' | 'NS'; name: string; ttl: number; target: string }
  /** `text`: the strings of the record joined without anything between them (RFC 7208 §3.3 and RFC 8555 §8.4 read it so). */
  | { type: 'TXT'; name: string; ttl: number; text: string }
  | { type: 'CAA'; name: string; ttl: number; critical: boolean; tag: string; value: string }
  /** `minimum` bounds how long a negative answer may be kept, in seconds (RFC 2308 §4). */
  | { type: 'SOA'; name: string; ttl: number; primary: string; serial: number; minimum: number }
  /** Any type that nobody here reads. */
  | { type: 'OTHER'; name: string; ttl: number; code: string };

export interface DnsAnswer {
  /** The server that answered, as it was given. */
  server: string;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL` and so on (RFC 1035 §4.1.1, RFC 2136 §2.2); `RCODE_16` and up come from EDNS. */
  rcode: string;
  /** The server answers for the zone itself. */
  authoritative: boolean;
  answers: readonly DnsRecord[];
  authorities: readonly DnsRecord[];
}

export interface QueryOptions {
  /** `ip:port`, `[ip]:port`, or `https://` of an RFC 8484 server. Asked in order until one answers. */
  servers: readonly string[];
  /** Whether the server shall look further itself; true when absent. */
  recursionDesired?: boolean;
  signal?: AbortSignal;
}

/**
 * Servers are hostile: answers are bounded, and only those to the question that was asked are taken. SERVFAIL, REFUSED,
 * FORMERR and NOTIMP of one server lead to the next; when all answer so, the first such answer is what comes back.
 * Rejects with NoAnswerError when no server answered.
 */
export interface DnsResolver {
  query(name: string, type: RecordType, options: QueryOptions): Promise<DnsAnswer>;
}
