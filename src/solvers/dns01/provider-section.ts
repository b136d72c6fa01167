/** Which provider a solver's configuration names (acme.md §10.1). */
import type { Dns01Solver } from '../../api/solver-dns01.ts';
import { SolverConfigurationError } from '../errors.ts';

/** In the order of the peer: stored issuers may carry two, and the first one has been working. */
export const providerKeys = [
  'webhook',
  'rfc2136',
  'akamai',
  'cloudDNS',
  'cloudflare',
  'digitalocean',
  'route53',
  'azureDNS',
  'acmeDNS',
  'httpreq',
  'exec',
] as const satisfies readonly (keyof Dns01Solver)[];

export type ProviderKey = (typeof providerKeys)[number];

/** Providers that find zones by themselves, or know none: they work where nobody answers questions for SOA records. */
const zoneless: ReadonlySet<ProviderKey> = new Set(['cloudflare', 'acmeDNS', 'httpreq', 'exec']);

export function needsZone(key: ProviderKey): boolean {
  return !zoneless.has(key);
}

export function providerKeyOf(solver: Dns01Solver): ProviderKey {
  const key = providerKeys.find((candidate) => solver[candidate] !== undefined);
  if (key === undefined)
    throw new SolverConfigurationError(
      `the solver's section dns01 has no provider: set one of ${providerKeys.join(', ')}`,
    );
  return key;
}
