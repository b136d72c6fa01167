/** What DNS solvers ask and call with, made once for a process: a resolver, zones, the servers of the machine, HTTP. */
import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { openConnections } from '../../acme/connections.ts';
import { createNetworkResolver } from '../../dns/network-resolver.ts';
import { createProviderHttp } from '../../dns/provider-http.ts';
import type { ProviderHttp } from '../../dns/provider.ts';
import { fallbackNameservers, nameserversOf } from '../../dns/server-address.ts';
import { createZones } from '../../dns/zones.ts';
import type { Clock } from '../../kube/clock.ts';
import type { DnsLookups } from '../../solvers/dns01/deps.ts';
import { proxyOf } from './proxy.ts';

export interface DnsParts extends DnsLookups {
  http: ProviderHttp;
  close(): Promise<void>;
}

/** `environment`: HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read from it. */
export function createDnsParts(options: {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  /** `/etc/resolv.conf` when absent. */
  resolvConf?: string;
}): DnsParts {
  const { clock, environment } = options;
  const connections = openConnections({ proxy: proxyOf(environment) });
  const dispatcherFor = connections.dispatcherFor.bind(connections);
  const resolver = createNetworkResolver({
    clock,
    randomId: () => randomInt(65_536),
    dispatcherFor,
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  });
  return {
    resolver,
    zones: createZones({ resolver, now: () => clock.now() }),
    systemNameservers: systemNameservers(options.resolvConf ?? '/etc/resolv.conf'),
    http: createProviderHttp({ clock, dispatcherFor }),
    close: () => connections.close(),
  };
}

function systemNameservers(file: string): readonly string[] {
  try {
    return nameserversOf(readFileSync(file, 'utf8'));
  } catch (error) {
    // A machine without the file has no servers of its own; everything else is worth an error.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return fallbackNameservers;
    throw error;
  }
}
