/** What the DNS solvers need besides that which every solver is handed. */
import type { ProviderHttp } from '../../dns/provider.ts';
import type { DnsResolver } from '../../dns/resolver.ts';
import type { Zones } from '../../dns/zones.ts';
import type { Transport } from '../../kube/transport.ts';
import type { SolverDeps } from '../deps.ts';

export interface DnsLookups {
  resolver: DnsResolver;
  zones: Zones;
  /** `nameserversOf(/etc/resolv.conf)`: used where neither the solver nor the settings name any. */
  systemNameservers: readonly string[];
  /** Port of authoritative servers; 53 when absent, tests differ. */
  authoritativePort?: number;
}

export interface Dns01Deps extends SolverDeps, DnsLookups {
  http: ProviderHttp;
  /** To the API server of `client`: webhook solvers (acme.md §12) and tokens of ServiceAccounts. */
  transport: Transport;
}

export interface DnsPersist01Deps extends SolverDeps, DnsLookups {}
