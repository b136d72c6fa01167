/** What of the peer's scrape is compared with ours, and what not, with the reason. */
import { boundedReason } from '../../src/metrics/acme-series.ts';
import type { Family } from '../../src/metrics/testing/read-exposition.ts';

/** Families of the peer that nothing here stands for. */
export const withoutMeaning: readonly { name: RegExp; why: string }[] = [
  {
    name: /^go_/,
    why: "the peer's runtime; ours tells certwright_event_loop_* and certwright_heap_used_bytes",
  },
  {
    name: /^certmanager_venafi_/,
    why: 'there is no Venafi issuer here: a name without data would promise one',
  },
  { name: /^certmanager_http_venafi_/, why: 'there is no such issuer here' },
];

/** Values that are those of another process at another time. */
export const ofTheProcess =
  /^(certmanager_controller_sync_|certmanager_clock_|certmanager_http_acme_|process_)/;

/** Names of labels that any series of a family has. */
export function labelNames(family: Family): string[] {
  return [...new Set(family.samples.flatMap((sample) => Object.keys(sample.labels)))].toSorted();
}

/** Each series by name and labels, with its value or without. */
export function series({ name, samples }: Family, withValues: boolean): string[] {
  return samples
    .map(({ labels, value }) => {
      const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return `${name} ${JSON.stringify(sorted)}${withValues ? ` ${value}` : ''}`;
    })
    .toSorted();
}

/** The peer writes reasons whole, with every name and address in them; ours are what they begin with. */
export function withBoundedReasons(family: Family): Family {
  if (family.name !== 'certmanager_certificate_challenge_status') return family;
  const samples = family.samples.map((sample) => ({
    ...sample,
    labels: { ...sample.labels, reason: boundedReason(sample.labels.reason) },
  }));
  return { ...family, samples };
}
