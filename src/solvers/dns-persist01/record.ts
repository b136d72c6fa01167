/** The TXT record of dns-persist-01 as text (draft-ietf-acme-dns-persist-02 §3.1, issue-value of RFC 8659 §4.2). */
import { absoluteName } from '../../dns/names.ts';

export interface PersistRecord {
  /** A name of the CA, in A-labels and lower case, without a final dot. */
  issuerDomainName: string;
  /** URL of the ACME account. */
  accountUri: string;
  /** It also stands for `*.name` and names below. */
  wildcard: boolean;
  /** Seconds since 1970; absent: it has no end. */
  persistUntil?: number;
}

/** Names that a CA may offer at most; more is a malformed challenge (§2.1). */
export const mostIssuerDomainNames = 10;

/** `_validation-persist.example.com.`; the name that is proven is given without `*.`. */
export function persistRecordName(dnsName: string): string {
  return absoluteName(`_validation-persist.${dnsName}`);
}

/** The value of the record, without quotes. */
export function formatPersistRecord(record: PersistRecord): string {
  const { issuerDomainName, accountUri, wildcard, persistUntil } = record;
  const parts = [issuerDomainName, `accounturi=${accountUri}`];
  if (wildcard) parts.push('policy=wildcard');
  if (persistUntil !== undefined) parts.push(`persistUntil=${persistUntil}`);
  return parts.join('; ');
}

/** A line for a zone file. Strings in it hold 255 bytes at most (RFC 1035 §3.3.14). */
export function persistRecordLine(dnsName: string, record: PersistRecord): string {
  const strings = formatPersistRecord(record).match(/.{1,240}/gsu) ?? [];
  const quoted = strings.map((text) => `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`);
  return `${persistRecordName(dnsName)} IN TXT ${quoted.join(' ')}`;
}

/** RFC 8659 §4.2: printable ASCII without `;` and without space. */
const valuePattern = /^[\u0021-\u003a\u003c-\u007e]*$/u;

/** Parts of a record, or why it is none. Unknown parameters are ignored, as CAs have to (§3.1 item 1). */
export function parsePersistRecord(text: string): PersistRecord | { malformed: string } {
  const [issuer = '', ...parameters] = text.split(';').map((part) => part.trim());
  if (issuer === '') return { malformed: 'it names no CA' };
  const values = new Map<string, string>();
  for (const [index, parameter] of parameters.entries()) {
    // A semicolon at the end is what people write.
    if (parameter === '' && index === parameters.length - 1) continue;
    const [, tag, value] = /^([A-Za-z0-9]+)\s*=\s*(.*)$/su.exec(parameter) ?? [];
    if (tag === undefined || value === undefined || !valuePattern.test(value))
      return { malformed: `${JSON.stringify(parameter.slice(0, 60))} is no parameter` };
    const key = tag.toLowerCase();
    if (values.has(key)) return { malformed: `it has ${tag} twice` };
    values.set(key, value);
  }
  const accountUri = values.get('accounturi') ?? '';
  if (accountUri === '') return { malformed: 'it has no accounturi' };
  const until = values.get('persistuntil');
  if (until !== undefined && !/^[0-9]{1,15}$/u.test(until))
    return { malformed: `its persistUntil is no number of seconds since 1970` };
  return {
    issuerDomainName: issuer.toLowerCase(),
    accountUri,
    wildcard: values.get('policy')?.toLowerCase() === 'wildcard',
    ...(until === undefined ? {} : { persistUntil: Number(until) }),
  };
}

export interface PersistDemand {
  /** Any of them will do (§3.2). */
  issuerDomainNames: readonly string[];
  accountUri: string;
  /** A wildcard certificate is asked for. */
  wildcard: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** `ours`: it is for this CA, so what is wrong with it is worth saying. */
export type PersistJudgement =
  | { fits: true; record: PersistRecord }
  | { fits: false; ours: boolean; why: string };

/** Whether a TXT record lets the account have certificates (§3.2). */
export function judgePersistRecord(text: string, demand: PersistDemand): PersistJudgement {
  const record = parsePersistRecord(text);
  const issuer = (text.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (!demand.issuerDomainNames.includes(issuer))
    return { fits: false, ours: false, why: 'it is for another CA' };
  const refused = (why: string): PersistJudgement => ({ fits: false, ours: true, why });
  if ('malformed' in record) return refused(record.malformed);
  // Character by character, without any normalisation (RFC 3986 §6.2.1).
  if (record.accountUri !== demand.accountUri) return refused('it names another ACME account');
  if (demand.wildcard && !record.wildcard)
    return refused('it has no policy=wildcard, which a wildcard certificate needs');
  if (record.persistUntil !== undefined && demand.now > record.persistUntil * 1000)
    return refused(`it ended at ${instant(record.persistUntil)} (persistUntil)`);
  return { fits: true, record };
}

/** How long before the end people are told. */
const noticeMs = 30 * 24 * 3_600_000;

/** What to say about a record that will not count any more one day; undefined: nothing yet. `now`: milliseconds. */
export function persistNotice(dnsName: string, record: PersistRecord, now: number): string | undefined {
  if (record.persistUntil === undefined) return undefined;
  const leftMs = record.persistUntil * 1000 - now;
  if (leftMs > noticeMs) return undefined;
  const name = persistRecordName(dnsName);
  const when = instant(record.persistUntil);
  return leftMs < 0
    ? `the record ${name} ended at ${when} (persistUntil): renewals fail until it is replaced`
    : `the record ${name} ends at ${when} (persistUntil): renewals after that fail unless it is replaced`;
}

/** To the minute. Far dates have no such text; then the number itself has to do. */
function instant(seconds: number): string {
  const ms = seconds * 1000;
  return ms <= 8.64e15
    ? new Date(ms).toISOString().replace(/^(.{10})T(.{5}).*$/u, '$1 $2 UTC')
    : `second ${seconds}`;
}
