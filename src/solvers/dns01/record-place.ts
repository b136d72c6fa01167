/** Where the record of a Challenge belongs, and whom to ask about it (acme.md §10.1, §10.2). */
import type { Challenge } from '../../api/challenge.ts';
import type { Dns01Solver } from '../../api/solver-dns01.ts';
import { absoluteName } from '../../dns/names.ts';
import { SolverConfigurationError } from '../errors.ts';
import type { DnsLookups } from './deps.ts';
import type { DnsSettings } from '../settings.ts';

/** Whom a solver asks. */
export interface Recursives {
  servers: readonly string[];
  /** Authoritative servers are not asked. */
  only: boolean;
}

/** A solver that names its own servers sees the world through them alone: that is what they are for. */
export function recursivesOf(
  own: readonly string[] | undefined,
  settings: DnsSettings,
  lookups: Pick<DnsLookups, 'systemNameservers'>,
): Recursives {
  if (own !== undefined && own.length > 0) return { servers: own, only: true };
  const { recursiveNameservers: configured, recursiveNameserversOnly: only } = settings;
  return { servers: configured.length > 0 ? configured : lookups.systemNameservers, only };
}

export function dns01SectionOf({ spec }: Challenge): Dns01Solver {
  const { dns01 } = spec.solver;
  if (dns01 === undefined)
    throw new SolverConfigurationError('the solver of the Challenge has no section dns01');
  return dns01;
}

/** `_acme-challenge.example.com.` (RFC 8555 §8.4). */
export function challengeNameOf({ spec }: Challenge): string {
  return absoluteName(`_acme-challenge.${spec.dnsName}`);
}
