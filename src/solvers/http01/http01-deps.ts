/** What the HTTP-01 solver is handed beside what every solver is. */
import type { DnsResolver } from '../../dns/resolver.ts';
import type { SolverDeps } from '../deps.ts';
import type { Responder } from '../responder/responder.ts';
import type { SolverCaches } from './solver-caches.ts';

export interface Http01Deps extends SolverDeps {
  /**
   * Answers out of this process: for `http01.listener`, for the resident solver, and for everything where there is no
   * cluster. Absent: only solver Pods can be used.
   */
  responder?: Http01Responder;
  /** What solvers made, as caches show it. Absent: the API server is asked each time. */
  caches?: SolverCaches;
  /** Asks the servers of `settings.http01.nameservers` and `publicResolver`. */
  resolver: DnsResolver;
  /** Of the self-check's requests, as `src/kube/user-agent.ts` makes it for `cert-manager-challenges`. */
  userAgent: string;
  /** The system's resolver, as in `node:dns/promises`. Default: that. Rejects with an error that has a `code`. */
  lookup?: (host: string) => Promise<readonly string[]>;
  /** Where a connection really goes, for tests and for CAs that look at other ports. Default: where it was meant to. */
  dial?: (at: Destination) => Destination;
}

export type Http01Responder = Pick<Responder, 'answers' | 'http01Outlet' | 'http01Address'>;

/** `address`: IP address without brackets. */
export interface Destination {
  address: string;
  port: number;
}
