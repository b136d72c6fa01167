/** Follows CNAMEs from a name to where its records are (acme.md §10.2). */
import { CnameLoopError } from './errors.ts';
import { absoluteName } from './names.ts';
import type { DnsAnswer, DnsResolver } from './resolver.ts';

/** BIND and Unbound give up at about as many. */
const longestChain = 16;

export interface Followed {
  /** The last name of the chain; the name itself where there is no CNAME. */
  fqdn: string;
  /** Seconds for which the server will go on saying that the last name does not exist; 0 where it did not say so. */
  negativeTtl: number;
}

/** Rejects with CnameLoopError, NoAnswerError, or DomainNameError for a target that cannot be a name. */
export async function followCnames(
  resolver: DnsResolver,
  name: string,
  options: { servers: readonly string[]; signal?: AbortSignal },
): Promise<Followed> {
  let fqdn = absoluteName(name);
  const seen = new Set([fqdn]);
  for (;;) {
    const answer = await resolver.query(fqdn, 'CNAME', options);
    const target = answer.rcode === 'NOERROR' ? targetOf(answer, fqdn) : undefined;
    if (target === undefined) return { fqdn, negativeTtl: negativeTtlOf(answer) };
    const next = absoluteName(target);
    if (seen.has(next) || seen.size >= longestChain)
      throw new CnameLoopError(`Found recursive CNAME record to "${next}" when looking up "${fqdn}"`);
    seen.add(next);
    fqdn = next;
  }
}

function targetOf({ answers }: DnsAnswer, owner: string): string | undefined {
  for (const record of answers) if (record.type === 'CNAME' && record.name === owner) return record.target;
  return undefined;
}

/** RFC 2308 §5: the lesser of the SOA's TTL, which counts down in a cache, and its minimum. */
function negativeTtlOf({ rcode, authorities }: DnsAnswer): number {
  if (rcode !== 'NXDOMAIN') return 0;
  for (const record of authorities) if (record.type === 'SOA') return Math.min(record.ttl, record.minimum);
  return 0;
}
