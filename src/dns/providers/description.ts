/** What a DNS provider says about itself: the source of docs/dns-providers.md and of the CLI's explanations. */

import type { DnsProviderType } from '../provider.ts';

/** A field below `solver.dns01.<key>`, as `role` or `auth.kubernetes.serviceAccountRef`. */
export interface DescribedField {
  readonly path: string;
  readonly required: boolean;
}

export interface DnsProviderDescription {
  readonly fields: readonly DescribedField[];
  /** Where credentials may come from, in the order in which they are looked for. */
  readonly credentials: readonly string[];
  /** What the credentials must be allowed to do, in the provider's own words. */
  readonly permissions: readonly string[];
  /** What the tests hold it against: the real program, or a server of ours that checks the published format. */
  readonly testedAgainst: string;
}

/** One folder under `providers/` exports one of these. */
export interface DescribedProviderType<Config> extends DnsProviderType<Config> {
  readonly description: DnsProviderDescription;
}
