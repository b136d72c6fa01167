/** What the headers of an answer say, within bounds: when to ask again, where things are (RFC 9110 §10.2, RFC 8288). */
import { isSaneUrl } from './read-fields.ts';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A week: the longest window of any published limit. A CA that says more is asked again after this. */
export const longestRetryMs = 7 * 24 * 3_600_000;
const maxHeaderLength = 16_384;
const maxLinks = 32;

/** The first value; undefined when absent or absurdly long. */
export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first.length > maxHeaderLength ? undefined : first;
}

/**
 * Milliseconds to wait: 0 to a week; undefined without a usable `Retry-After`. A date is read against the server's own
 * `Date`, so that neither clock needs to be right.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = header(headers, 'retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,20}$/u.test(value)) return Math.min(Number(value) * 1000, longestRetryMs);
  const at = httpDate(value);
  if (at === undefined) return undefined;
  const theirs = httpDate(header(headers, 'date') ?? '') ?? now;
  return Math.min(Math.max(0, at - theirs), longestRetryMs);
}

/** RFC 9110 §5.6.7: IMF-fixdate, and the two obsolete forms. */
function httpDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? [\w :-]{8,40}$/u.test(text)) return undefined;
  // asctime has no zone and means GMT.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isFinite(at) ? at : undefined;
}

/** Targets of a relation, absolute, in order, each once (RFC 8288 §3). What is no sane URL is left out. */
export function links(headers: Headers, relation: string, base: string): string[] {
  const value = headers['link'];
  const text = (Array.isArray(value) ? value.join(', ') : (value ?? '')).slice(0, maxHeaderLength);
  const found = new Set<string>();
  // <target> then parameters; no quoted parameter of ours holds an angle bracket.
  for (const [, target = '', parameters = ''] of text.matchAll(/<([^<>]{0,2048})>([^<>]{0,1024})/gu)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]{0,256})"|([^\s;,"]{1,256}))/iu.exec(parameters);
    const names = (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/u);
    if (!names.includes(relation)) continue;
    const url = absolute(target, base);
    if (url !== undefined) found.add(url);
    if (found.size >= maxLinks) break;
  }
  return [...found];
}

/** `Location`, absolute; undefined when absent or no sane URL. */
export function location(headers: Headers, base: string): string | undefined {
  const value = header(headers, 'location');
  return value === undefined ? undefined : absolute(value, base);
}

function absolute(target: string, base: string): string | undefined {
  if (!URL.canParse(target, base)) return undefined;
  const url = new URL(target, base).href;
  return isSaneUrl(url, base) ? url : undefined;
}
