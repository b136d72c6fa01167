/** Every DNS provider that is built in, one line each. `webhook` is not here: it needs the Kubernetes API (src/solvers/dns01). */

import { acmeDNS } from './acmedns/provider.ts';
import { akamai } from './akamai/provider.ts';
import { azureDNS } from './azuredns/provider.ts';
import { cloudDNS } from './clouddns/provider.ts';
import { cloudflare } from './cloudflare/provider.ts';
import type { DescribedProviderType } from './description.ts';
import { digitalocean } from './digitalocean/provider.ts';
import { exec } from './exec/provider.ts';
import { httpreq } from './httpreq/provider.ts';
import { rfc2136 } from './rfc2136/provider.ts';
import { route53 } from './route53/provider.ts';

/** The configuration is what the API holds under `type.key`; its shape was checked when it was admitted. */
export const dnsProviderTypes: readonly DescribedProviderType<unknown>[] = [
  akamai,
  cloudDNS,
  cloudflare,
  route53,
  azureDNS,
  digitalocean,
  acmeDNS,
  rfc2136,
  httpreq,
  exec,
];

const byKey = new Map(dnsProviderTypes.map((type) => [type.key, type]));

/** @param key the key under `solver.dns01`, such as `route53` */
export function dnsProviderType(key: string): DescribedProviderType<unknown> | undefined {
  return byKey.get(key);
}
