/** Where a name leads: by the system, or by servers that were named. Bounded: a CA tries few addresses, too. */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { DnsRecord, DnsResolver } from '../../../dns/resolver.ts';
import type { Outcome } from './outcome.ts';

export const mostAddresses = 4;

const knowsNone = 'knows no address of';

/** Whether what a self-check has seen (`status.checks[].answer`) is that there is no such name, or no address at it. */
export function saysNoAddress(answer: string): boolean {
  return answer.includes(knowsNone);
}

export type Resolution =
  | { addresses: readonly string[] }
  /** Why there are none, and whether the name is known not to exist (a server that is down is not that). */
  | { addresses: readonly []; problem: Extract<Outcome, { kind: 'unresolved' }> };

export type Resolve = (host: string, signal?: AbortSignal) => Promise<Resolution>;

/** As everything on this machine does it: hosts file, search path, the cluster's DNS. */
export function bySystem(
  lookup: (host: string) => Promise<readonly string[]> = async (host) =>
    (await systemLookup(host, { all: true, order: 'ipv6first' })).map(({ address }) => address),
): Resolve {
  return async (host) => {
    if (isIP(host) !== 0) return { addresses: [host] };
    try {
      return some(await lookup(host), host, "this machine's resolver");
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      return code === 'ENOTFOUND' || code === 'ENODATA'
        ? none(`this machine's resolver ${knowsNone} ${host}`)
        : unknown(`this machine's resolver gave no answer for ${host}${code === '' ? '' : ` (${code})`}`);
    }
  };
}

/**
 * `host:port` or `https://`; by AAAA and A, aliases included as recursive servers add them. `system` finds servers that are
 * given by name, such as the Service of a DNS server.
 */
export function byServers(
  resolver: DnsResolver,
  named: readonly string[],
  system: Resolve = bySystem(),
): Resolve {
  return async (host, signal) => {
    if (isIP(host) !== 0) return { addresses: [host] };
    const who = named.join(', ');
    const servers = (await Promise.all(named.map((server) => addressesOf(server, system, signal)))).flat();
    if (servers.length === 0)
      return unknown(`the name servers ${who} have no address themselves, so ${host} was not looked up`);
    const name = `${domainToASCII(host.replace(/\.$/, ''))}.`;
    const looks = await Promise.allSettled(
      (['AAAA', 'A'] as const).map((type) =>
        resolver.query(name, type, { servers, ...(signal === undefined ? {} : { signal }) }),
      ),
    );
    const answers = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []));
    if (answers.length === 0) return unknown(`${who} gave no answer for ${host}`);
    const addresses = answers.flatMap((answer) => answer.answers.flatMap(addressIn));
    if (addresses.length > 0) return some(addresses, host, who);
    const refused = answers.find(({ rcode }) => rcode !== 'NOERROR' && rcode !== 'NXDOMAIN');
    return refused === undefined
      ? none(`${who} ${knowsNone} ${host}`)
      : unknown(`${who} answered ${refused.rcode} for ${host}`);
  };
}

async function addressesOf(server: string, system: Resolve, signal?: AbortSignal): Promise<string[]> {
  const [, host = '', port = ''] = /^([^[\]:/]+):(\d+)$/.exec(server) ?? [];
  if (host === '' || isIP(host) !== 0) return [server];
  const { addresses } = await system(host, signal);
  return addresses.map((address) => `${isIP(address) === 6 ? `[${address}]` : address}:${port}`);
}

function addressIn(record: DnsRecord): string[] {
  return record.type === 'A' || record.type === 'AAAA' ? [record.address] : [];
}

/** Both families are among those that are kept. */
function some(addresses: readonly string[], host: string, who: string): Resolution {
  const unique = [...new Set(addresses)];
  const [six, four] = [6, 4].map((family) => unique.filter((address) => isIP(address) === family));
  const kept = [...(six ?? []).slice(0, mostAddresses / 2), ...(four ?? []).slice(0, mostAddresses / 2)];
  return kept.length === 0 ? none(`${who} ${knowsNone} ${host}`) : { addresses: kept };
}

function none(detail: string): Resolution {
  return { addresses: [], problem: { kind: 'unresolved', detail } };
}

/** Nobody said that there is no such name: a record would not help. */
function unknown(detail: string): Resolution {
  return { addresses: [], problem: { kind: 'unresolved', detail, unknown: true } };
}
