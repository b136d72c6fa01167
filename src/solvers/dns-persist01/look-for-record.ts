/** One look whether the record that renewals need is still there, without a Challenge: as a CA does it, through recursive servers. */
import type { DnsPersist01Solver } from '../../api/solver-dns-persist01.ts';
import { DnsError } from '../../dns/errors.ts';
import type { DnsLookups } from '../dns01/deps.ts';
import { recursivesOf } from '../dns01/record-place.ts';
import type { DnsSettings } from '../settings.ts';
import { judgePersistRecord, persistNotice, persistRecordName, type PersistRecord } from './record.ts';

export interface RecordQuestion {
  /** Without `*.`. */
  dnsName: string;
  wildcard: boolean;
  section: DnsPersist01Solver;
  /** URL of the ACME account. */
  accountUri: string;
  /** Milliseconds since the epoch. */
  now: number;
}

export type RecordSight =
  /** `notice`: what will be wrong with it one day. */
  | { kind: 'there'; notice?: string }
  /** The DNS says that there is none that does. */
  | { kind: 'missing'; problem: string }
  /** The DNS could not be asked. */
  | { kind: 'unknown'; problem: string };

/** Never rejects but with the reason of the signal. */
export type LookForRecord = (question: RecordQuestion, signal?: AbortSignal) => Promise<RecordSight>;

export function createLookForRecord(
  lookups: Pick<DnsLookups, 'resolver' | 'systemNameservers'>,
  settings: DnsSettings,
): LookForRecord {
  return async (question, signal) => {
    const name = persistRecordName(question.dnsName);
    const { servers } = recursivesOf(question.section.nameservers, settings, lookups);
    try {
      const answer = await lookups.resolver.query(name, 'TXT', {
        servers,
        ...(signal === undefined ? {} : { signal }),
      });
      if (answer.rcode !== 'NOERROR' && answer.rcode !== 'NXDOMAIN')
        return { kind: 'unknown', problem: `${answer.server} returned ${answer.rcode} for ${name}` };
      const texts = answer.answers.flatMap((record) => (record.type === 'TXT' ? [record.text] : []));
      return judge(name, texts, question);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DnsError)) throw error;
      return { kind: 'unknown', problem: error.message };
    }
  };
}

/**
 * Which names the CA goes by is in its challenges alone, and there is none now: the account, which no other CA has, tells
 * whose record it is.
 */
function judge(name: string, texts: readonly string[], question: RecordQuestion): RecordSight {
  const { accountUri, wildcard, now, dnsName } = question;
  const fitting: PersistRecord[] = [];
  const reasons = new Set<string>();
  for (const text of texts) {
    const issuer = (text.split(';', 1)[0] ?? '').trim().toLowerCase();
    const judgement = judgePersistRecord(text, { issuerDomainNames: [issuer], accountUri, wildcard, now });
    if (judgement.fits) fitting.push(judgement.record);
    else if (text.includes(accountUri)) reasons.add(judgement.why);
  }
  if (fitting.length === 0) {
    const why =
      reasons.size === 0 ? '' : `: one is there that does not do: ${[...reasons].slice(0, 3).join('; ')}`;
    return { kind: 'missing', problem: `${name} has no TXT record for ACME account ${accountUri}${why}` };
  }
  // The one that lasts longest is the one that counts.
  const last = fitting.reduce((a, b) =>
    (b.persistUntil ?? Infinity) > (a.persistUntil ?? Infinity) ? b : a,
  );
  const notice = persistNotice(dnsName, last, now);
  return { kind: 'there', ...(notice === undefined ? {} : { notice }) };
}
