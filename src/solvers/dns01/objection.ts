/** Why this process will not use a DNS provider, whatever its settings say: told when the issuer is checked, and again at a challenge. */
import { dnsProviderType } from '../../dns/providers/registry.ts';
import { stableText } from '../../dns/providers/stable-text.ts';
import type { Solver } from '../../api/solver.ts';
import type { AcmeSettings } from '../settings.ts';
import { providerKeys, type ProviderKey } from './provider-section.ts';

type Place = Pick<AcmeSettings, 'inCluster'> & { dns: Pick<AcmeSettings['dns'], 'programs'> };

/** Undefined: nothing is in the way. */
export function providerObjection(key: ProviderKey, { inCluster }: Place): string | undefined {
  if (key === 'webhook')
    return inCluster
      ? undefined
      : 'the DNS provider webhook is reached through the aggregation layer of a Kubernetes API server, and there is none here: use httpreq or exec';
  if (!inCluster || (dnsProviderType(key)?.inCluster ?? true)) return undefined;
  return `the DNS provider ${key} works without a cluster only, because whoever writes an issuer would choose what the controller runs or calls`;
}

/** For the check of an issuer: what can be known of a solver before it is needed. */
export function solverObjection({ dns01, tlsALPN01 }: Solver, place: Place): string | undefined {
  if (tlsALPN01?.gatewayTLSRoute !== undefined && !place.inCluster)
    return 'tlsALPN01.gatewayTLSRoute needs a cluster with the Gateway API: use tlsALPN01.listener here';
  // The first one counts, as it does at a challenge.
  const key = providerKeys.find((candidate) => dns01?.[candidate] !== undefined);
  if (dns01 === undefined || key === undefined) return undefined;
  const name = dns01.exec?.name;
  const objection = providerObjection(key, place);
  if (objection !== undefined || key !== 'exec' || name === undefined) return objection;
  if (Object.hasOwn(place.dns.programs, name)) return undefined;
  return `the configuration file names no program "${stableText(name)}" for the exec solver: add it under programs and start again with --config`;
}
