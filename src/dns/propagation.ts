/** Whether a TXT record can be seen by everybody who will be asked for it (acme.md §10.5). */
import { followCnames } from './cname.ts';
import { DnsError, NoAnswerError, RcodeError } from './errors.ts';
import type { DnsAnswer, DnsResolver } from './resolver.ts';
import { formatServerAddress } from './server-address.ts';
import type { Zones } from './zones.ts';

/** What one server said about the record. */
export interface PropagationView {
  /** The name server, such as `ns1.example.com:53`, or a recursive server as it was configured. */
  view: string;
  passed: boolean;
  /** False: it said nothing that counts, and nothing waits for it. */
  trusted: boolean;
  answer: string;
}

export interface Propagation {
  passed: boolean;
  /** Where the record was looked for in the end, after CNAMEs. */
  fqdn: string;
  views: readonly PropagationView[];
  /** Why it has not passed, in one line. Empty when it has. */
  problem: string;
  /** How long a recursive server may still hold the answer that there is no such name. Milliseconds. */
  settleMs: number;
}

export interface PropagationDeps {
  resolver: DnsResolver;
  zones: Zones;
  /** Of authoritative servers; 53 when absent. */
  authoritativePort?: number;
}

export interface PropagationQuestion {
  /** Where the CA starts to look, for example `_acme-challenge.example.com.`. */
  fqdn: string;
  /** Whether a TXT record with this text is the one that is waited for. */
  matches: (text: string) => boolean;
  /** Why none of the texts at a name (one at least) is that one; how many there are, when absent. */
  explain?: (texts: readonly string[]) => string;
  /** Recursive servers. */
  servers: readonly string[];
  /** Every recursive server has to have it, and the authoritative ones are not asked. */
  recursiveOnly: boolean;
  signal?: AbortSignal;
}

/** As long as the peer sleeps in every case (acme.md §10.5). */
const longestSettleMs = 60_000;
const mostAddresses = 4;

/**
 * CNAMEs are followed whatever the solver writes to, because the CA follows them. Rejects with a DnsError when the
 * question itself cannot be put: no zone, no name servers, a loop, or no recursive server that answers.
 */
export async function checkPropagation(
  deps: PropagationDeps,
  question: PropagationQuestion,
): Promise<Propagation> {
  const { servers, signal, recursiveOnly } = question;
  const lookUp = { servers, ...(signal === undefined ? {} : { signal }) };
  const { fqdn, negativeTtl } = await followCnames(deps.resolver, question.fqdn, lookUp);
  const target = { ...question, fqdn };
  const views = recursiveOnly
    ? await Promise.all(servers.map((server) => viewOf(deps, target, server, [server], true)))
    : await authoritativeViews(deps, target);
  const trusted = views.filter((view) => view.trusted);
  const waiting = trusted.filter((view) => !view.passed);
  const passed = trusted.length > 0 && waiting.length === 0;
  return {
    passed,
    fqdn,
    views,
    problem: passed ? '' : problemOf(fqdn, views, waiting),
    // A recursive server that has said NXDOMAIN says so to the CA as well, if the CA asks it, until that has run out. Where
    // recursive servers are what is checked, they have proven to know better.
    settleMs: passed && !recursiveOnly ? Math.min(negativeTtl * 1000, longestSettleMs) : 0,
  };
}

async function authoritativeViews(
  deps: PropagationDeps,
  question: PropagationQuestion,
): Promise<PropagationView[]> {
  const { servers, signal, fqdn } = question;
  const lookUp = { servers, ...(signal === undefined ? {} : { signal }) };
  const zone = await deps.zones.findZone(fqdn, lookUp);
  const hosts = await deps.zones.nameservers(zone, lookUp);
  const port = deps.authoritativePort ?? 53;
  return await Promise.all(
    hosts.map(async (host) => {
      const view = `${host.slice(0, -1)}:${port}`;
      let addresses: string[];
      try {
        addresses = await addressesOf(deps.resolver, host, lookUp);
      } catch (error) {
        return failed(view, true, error, signal);
      }
      if (addresses.length === 0)
        return {
          view,
          passed: false,
          trusted: false,
          answer: 'the name server has no address, so nobody can ask it',
        };
      const asked = addresses.slice(0, mostAddresses).map((address) => formatServerAddress(address, port));
      return await viewOf(deps, question, view, asked, false);
    }),
  );
}

/** IPv4 first: a machine without IPv6 then learns what it wants before it learns that. */
async function addressesOf(
  resolver: DnsResolver,
  host: string,
  lookUp: { servers: readonly string[]; signal?: AbortSignal },
): Promise<string[]> {
  const answers = await Promise.all(
    (['A', 'AAAA'] as const).map((type) => resolver.query(host, type, lookUp)),
  );
  const addresses = answers.flatMap(({ answers: records }) =>
    records.flatMap((record) => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : [])),
  );
  const unsure = answers.find(({ rcode }) => rcode !== 'NOERROR' && rcode !== 'NXDOMAIN');
  // Only a clear no means that nobody can ask the name server.
  if (addresses.length === 0 && unsure !== undefined)
    throw new RcodeError(
      `${unsure.server} returned ${unsure.rcode} for the address of ${host}`,
      unsure.rcode,
      unsure.server,
    );
  return [...new Set(addresses)];
}

async function viewOf(
  deps: PropagationDeps,
  { fqdn, matches, explain = countOf, signal }: PropagationQuestion,
  view: string,
  servers: readonly string[],
  recursionDesired: boolean,
): Promise<PropagationView> {
  try {
    const answer = await deps.resolver.query(fqdn, 'TXT', {
      servers,
      recursionDesired,
      ...(signal === undefined ? {} : { signal }),
    });
    const texts = textsAt(answer, fqdn);
    if (texts.some((text) => matches(text)))
      return { view, passed: true, trusted: true, answer: 'the record is there' };
    return { view, passed: false, trusted: true, answer: missing(view, fqdn, answer.rcode, texts, explain) };
  } catch (error) {
    return failed(view, false, error, signal);
  }
}

/** The texts at a name, or at where the CNAMEs of the same answer lead. */
function textsAt({ answers }: DnsAnswer, fqdn: string): string[] {
  const names = new Set([fqdn]);
  for (const record of answers)
    if (record.type === 'CNAME' && names.has(record.name)) names.add(record.target);
  return answers.flatMap((record) => (record.type === 'TXT' && names.has(record.name) ? [record.text] : []));
}

function missing(
  view: string,
  fqdn: string,
  rcode: string,
  texts: readonly string[],
  explain: (texts: readonly string[]) => string,
): string {
  if (rcode === 'NXDOMAIN') return `there is no ${fqdn}`;
  if (rcode !== 'NOERROR') return `NS ${view} returned ${rcode} for ${fqdn}`;
  return texts.length === 0 ? `${fqdn} has no TXT record` : `${fqdn} has ${explain(texts)}`;
}

/** What others have written there is theirs, and is not repeated. */
function countOf(texts: readonly string[]): string {
  return texts.length === 1
    ? 'a TXT record with another value'
    : `${texts.length} TXT records with other values`;
}

/**
 * A server that this machine has no route to (a host with nothing but IPv6 addresses, seen from a network without) says
 * nothing, and the others decide. One that is silent is waited for: the CA may well ask it and get the same silence.
 */
function failed(
  view: string,
  ofHost: boolean,
  error: unknown,
  signal: AbortSignal | undefined,
): PropagationView {
  signal?.throwIfAborted();
  if (!(error instanceof DnsError)) throw error;
  const attempts = error instanceof NoAnswerError ? error.attempts : [];
  const unreachable = !ofHost && attempts.length > 0 && attempts.every((attempt) => attempt.unreachable);
  const why = attempts.map((attempt) => `${attempt.server}: ${attempt.why}`).join('; ');
  return { view, passed: false, trusted: !unreachable, answer: why === '' ? error.message : why };
}

function problemOf(
  fqdn: string,
  views: readonly PropagationView[],
  waiting: readonly PropagationView[],
): string {
  const [first] = waiting;
  if (first === undefined)
    return `none of the ${views.length} name servers of ${fqdn} can be asked from here (${views.map(({ view, answer }) => `${view}: ${answer}`).join('; ')}); have recursive servers asked instead, with dns01.nameservers of the solver or --dns01-recursive-nameservers-only`;
  const rest = waiting.length > 1 ? `, and ${waiting.length - 1} more of ${views.length} wait as well` : '';
  return `${first.view}: ${first.answer}${rest}`;
}
