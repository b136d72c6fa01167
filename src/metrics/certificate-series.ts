/** The series of Certificates and issuers, straight from the caches: nothing is kept in step, and they end with their object. */
import type { Certificate } from '../api/certificate.ts';
import type { Condition } from '../api/meta.ts';
import { objectMetrics, type MetricDescription } from './catalogue.ts';
import { header, quoted } from './exposition.ts';

const statuses = ['False', 'True', 'Unknown'] as const;

/** Certificates between two looks at the event loop: some 0.2 ms of work and 40 kB of text. */
const chunkSize = 256;

type Line = (certificate: Certificate) => string;

function issuerLabels({ metadata, spec }: Certificate): string {
  const { group = '', kind = '', name } = spec.issuerRef;
  return `issuer_group=${quoted(group)},issuer_kind=${quoted(kind)},issuer_name=${quoted(name)},${nameLabels(metadata)}`;
}

function nameLabels(metadata: { name?: string; namespace?: string } | undefined): string {
  return `name=${quoted(metadata?.name ?? '')},namespace=${quoted(metadata?.namespace ?? '')}`;
}

/** Seconds; 0 when the field is unset or no time (spec/operations.md §10). */
function seconds(time: string | undefined): number {
  if (time === undefined) return 0;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

function readyOf(conditions: readonly Condition[] | undefined): string {
  const status = conditions?.find(({ type }) => type === 'Ready')?.status;
  // No condition is the peer's Unknown.
  return status === 'True' || status === 'False' ? status : 'Unknown';
}

function timeLine({ name }: MetricDescription, of: (certificate: Certificate) => string | undefined): Line {
  return (certificate) => `${name}{${issuerLabels(certificate)}} ${seconds(of(certificate))}\n`;
}

/** Of Certificates whose CA suggests a window. */
function windowLine(
  { name }: MetricDescription,
  of: (window: { start: string; end: string }) => string,
): Line {
  return ({ metadata, status }) => {
    const window = status?.acme?.ari?.suggestedWindow;
    return window === undefined ? '' : `${name}{${nameLabels(metadata)}} ${seconds(of(window))}\n`;
  };
}

const expires: Line = timeLine(objectMetrics.expiration, ({ status }) => status?.notAfter);
const families: readonly (readonly [MetricDescription, Line])[] = [
  [objectMetrics.expiration, expires],
  [objectMetrics.notAfter, timeLine(objectMetrics.notAfter, ({ status }) => status?.notAfter)],
  [objectMetrics.notBefore, timeLine(objectMetrics.notBefore, ({ status }) => status?.notBefore)],
  [
    objectMetrics.ready,
    (certificate) => {
      const labels = issuerLabels(certificate);
      const ready = readyOf(certificate.status?.conditions);
      let text = '';
      for (const status of statuses)
        text += `${objectMetrics.ready.name}{condition="${status}",${labels}} ${ready === status ? 1 : 0}\n`;
      return text;
    },
  ],
  [objectMetrics.renewal, timeLine(objectMetrics.renewal, ({ status }) => status?.renewalTime)],
  [
    objectMetrics.issuingSince,
    ({ metadata, status }) => {
      const issuing = status?.conditions?.find(({ type }) => type === 'Issuing');
      if (issuing?.status !== 'True') return '';
      return `${objectMetrics.issuingSince.name}{${nameLabels(metadata)}} ${seconds(issuing.lastTransitionTime)}\n`;
    },
  ],
  [
    objectMetrics.failedAttempts,
    ({ metadata, status }) => {
      const attempts = status?.failedIssuanceAttempts ?? 0;
      return attempts > 0
        ? `${objectMetrics.failedAttempts.name}{${nameLabels(metadata)}} ${attempts}\n`
        : '';
    },
  ],
  [objectMetrics.renewalWindowStart, windowLine(objectMetrics.renewalWindowStart, (window) => window.start)],
  [objectMetrics.renewalWindowEnd, windowLine(objectMetrics.renewalWindowEnd, (window) => window.end)],
  [
    objectMetrics.renewalInfoFailed,
    ({ metadata, status }) =>
      status?.acme?.ari?.lastError === undefined
        ? ''
        : `${objectMetrics.renewalInfoFailed.name}{${nameLabels(metadata)}} 1\n`,
  ],
];

/**
 * Chunks of text; the event loop is let go between them (`breathe`). The Certificates are those of the beginning: a cache
 * that changes meanwhile must not give one of them two series of a name, or none.
 */
export async function* certificateSeries(
  certificates: Iterable<Certificate>,
  breathe: () => Promise<void>,
): AsyncGenerator<string> {
  const all = [...certificates];
  for (const [description, line] of families) {
    // The header goes with the first sample: a name without data says nothing.
    let text = '';
    let begun = false;
    for (let i = 0; i < all.length; i++) {
      text += line(all[i]!);
      if ((i + 1) % chunkSize !== 0 && i + 1 < all.length) continue;
      if (text !== '') {
        yield begun ? text : header(description) + text;
        begun = true;
        text = '';
      }
      await breathe();
    }
  }
}

interface IssuerLike {
  metadata?: { name?: string; namespace?: string };
  status?: { conditions?: readonly Condition[] };
}

/** Three series per issuer. Installations have few of them: one piece of text. */
export function issuerSeries(issuers: Iterable<IssuerLike>, isClusterWide: boolean): string {
  const description = isClusterWide ? objectMetrics.clusterIssuerReady : objectMetrics.issuerReady;
  let text = '';
  for (const { metadata, status } of issuers) {
    const ready = readyOf(status?.conditions);
    const labels = isClusterWide ? `name=${quoted(metadata?.name ?? '')}` : nameLabels(metadata);
    for (const condition of statuses)
      text += `${description.name}{condition="${condition}",${labels}} ${ready === condition ? 1 : 0}\n`;
  }
  return text === '' ? '' : header(description) + text;
}
